/** The CloudWatch namespace of every metric. */
export const METRICS_NAMESPACE = 'UploadOnce';

interface MetricDefinition {
  readonly unit: 'Count' | 'Bytes' | 'Milliseconds';
  /** The metric's own dimensions; Environment and Service come with every one. */
  readonly dimensions: readonly string[];
  /**
   * Whether its values wait, for a second at most, and share a line. A crash loses those that wait. So the values of a metric whose alarm
   * counts them, and those that count what P4 promises to count, are each written at once.
   */
  readonly isGathered: boolean;
  readonly description: string;
}

/** Every metric that a service writes. Alarms and dashboards are made on these names: a change here is a change there. */
export const METRICS = {
  UploadsIssued: {
    unit: 'Count',
    dimensions: [],
    isGathered: true,
    description: 'Forms given away, their uploads recorded before.',
  },
  RequestsRefused: {
    unit: 'Count',
    dimensions: ['Reason'],
    isGathered: true,
    description:
      'Requests with a 4xx response: no form was given; and connections closed for too many requests or too large headers at once, or beyond MAX_CONNECTIONS. The reason is the response’s code, or what only the log says.',
  },
  ServerErrors: {
    unit: 'Count',
    dimensions: [],
    isGathered: false,
    description: 'Requests with a 5xx response.',
  },
  RequestTime: {
    unit: 'Milliseconds',
    dimensions: [],
    isGathered: true,
    description: 'From the arrival of a request to the end of its response.',
  },
  RatesCountedAlone: {
    unit: 'Count',
    dimensions: [],
    isGathered: false,
    description: 'Requests whose rate one task counted alone, because the store that all share was away.',
  },
  UploadsAccepted: {
    unit: 'Count',
    dimensions: [],
    isGathered: true,
    description: 'Uploads whose claimed version was copied to accepted/ and recorded.',
  },
  BytesAccepted: {
    unit: 'Bytes',
    dimensions: [],
    isGathered: true,
    description: 'The size of each accepted upload.',
  },
  AcceptTime: {
    unit: 'Milliseconds',
    dimensions: [],
    isGathered: true,
    description: 'From the moment S3 stored the version to the moment it was recorded as accepted.',
  },
  DuplicateUploads: {
    unit: 'Count',
    dimensions: [],
    isGathered: false,
    description: 'Versions other than the claimed one, kept or removed: a form was used more than once.',
  },
  IdenticalDuplicates: {
    unit: 'Count',
    dimensions: [],
    isGathered: false,
    description:
      'Versions with the bytes of the claimed one that are kept: a client sent its request again. They are not among DuplicateUploads.',
  },
  OrphanObjects: {
    unit: 'Count',
    dimensions: [],
    isGathered: false,
    description:
      'Objects under uploads/ for which no upload was ever issued, and those under accepted/ that no upload names as accepted.',
  },
  RevokedUploads: {
    unit: 'Count',
    dimensions: [],
    isGathered: false,
    description: 'Versions that came for an upload after it had been revoked.',
  },
  StoredBeforeRevocation: {
    unit: 'Count',
    dimensions: [],
    isGathered: false,
    description:
      'Versions that S3 had stored before their upload was revoked, and that were refused: their clients hold a success.',
  },
  UploadsProcessed: {
    unit: 'Count',
    dimensions: [],
    isGathered: true,
    description: 'Uploads whose handler finished.',
  },
  ProcessingFailed: {
    unit: 'Count',
    dimensions: [],
    isGathered: false,
    description: 'Uploads recorded as FAILED: their message is left to the dead-letter queue.',
  },
  WebhookEventsLost: {
    unit: 'Count',
    dimensions: [],
    isGathered: false,
    description:
      'Events upload.failed that the queue of webhooks is not known to have: these failures may have no webhook.',
  },
  LeadTime: {
    unit: 'Milliseconds',
    dimensions: [],
    isGathered: true,
    description: 'From the moment S3 stored the version to the moment its processing finished.',
  },
  WaitingTime: {
    unit: 'Milliseconds',
    dimensions: [],
    isGathered: false,
    description:
      'From the moment S3 stored the accepted object to now, each time an upload finds no place: its handler, or one beside it, may have ended a process, and another such upload runs.',
  },
  MessagesRetried: {
    unit: 'Count',
    dimensions: [],
    isGathered: true,
    description: 'Messages that failed and come back after a wait.',
  },
  MessagesUndeleted: {
    unit: 'Count',
    dimensions: [],
    isGathered: false,
    description: 'Messages that were handled, or sent again as a copy, and that SQS did not delete at once.',
  },
  WorkCutOff: {
    unit: 'Count',
    dimensions: [],
    isGathered: false,
    description:
      'Messages given back by a stop whose work three stops in a row, or more, have cut off: it takes longer than DRAIN_LIMIT_SECONDS.',
  },
  MessagesDeadLettered: {
    unit: 'Count',
    dimensions: [],
    isGathered: false,
    description: 'Messages that failed with the last receive that their queue allows.',
  },
  WebhooksDelivered: {
    unit: 'Count',
    dimensions: [],
    isGathered: true,
    description: 'Events that their endpoint took: it responded with 2xx.',
  },
  WebhookAttemptsFailed: {
    unit: 'Count',
    dimensions: [],
    isGathered: false,
    description:
      'Attempts that failed to deliver an event: the endpoint could not be reached, or gave no 2xx in time.',
  },
  WebhooksUnsent: {
    unit: 'Count',
    dimensions: [],
    isGathered: true,
    description:
      'Events that were not sent: no endpoint is configured for them, or the upload failed and was processed since.',
  },
  WebhookEndpointsGone: {
    unit: 'Count',
    dimensions: [],
    isGathered: false,
    description:
      'Endpoints that responded with 410 Gone: a task sends them nothing more, and their events become dead letters.',
  },
  WebhookLeadTime: {
    unit: 'Milliseconds',
    dimensions: [],
    isGathered: true,
    description: 'From an event to its delivery.',
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

export interface Metrics {
  /**
   * Writes one value of one metric, or gathers it: see `isGathered`.
   *
   * @param value in the metric's unit; finite
   * @param dimensions exactly the metric's own dimensions, each value 1 to 1,024 characters
   * @throws RangeError for a value or a dimension that CloudWatch would drop in silence
   */
  add(name: MetricName, value: number, dimensions?: Readonly<Record<string, string>>): void;

  /** `add` for one value each of several metrics without dimensions of their own: all of them, or none. @throws RangeError as `add` does */
  addAll(values: MetricValues): void;
}

export type MetricValues = { readonly [Name in MetricName]?: number };
