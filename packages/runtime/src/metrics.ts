// Over 250 lines, and one table: every metric, for all that is made of it (EMF, OpenMetrics, alarms, dashboards, costs).

/** The CloudWatch namespace of every metric. */
export const METRICS_NAMESPACE = 'UploadOnce';

export type ServiceName = 'url-issuer' | 'acceptor' | 'processor' | 'webhook-sender';

/** Beside the services, the daily audit: `upload-once audit --metrics`. */
export type MetricWriter = ServiceName | 'audit';

const CONSUMERS = ['acceptor', 'processor', 'webhook-sender'] as const;

export interface MetricDefinition {
  /** A counter's values are added up. A histogram shows how they are spread. A gauge is read when others are written, or asked for. */
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly unit: 'Count' | 'Bytes' | 'Milliseconds';
  readonly writtenBy: readonly MetricWriter[];
  /** Whether an upload without a fault writes it: CloudWatch charges for these in every hour with an upload. Webhooks are counted apart. */
  readonly isOfEachUpload: boolean;
  /** The metric's own dimensions; Environment and Service come with every one. */
  readonly dimensions: readonly string[];
  /**
   * Whether its values wait, for a second at most, and share a line. A crash loses those that wait. So the values of a metric whose alarm
   * counts them, and those that count what P4 promises to count, are each written at once.
   */
  readonly isGathered: boolean;
  readonly description: string;
}

/** An upload without a fault writes none of these, and each is written at once. */
const RARE_COUNT = {
  kind: 'counter',
  unit: 'Count',
  isOfEachUpload: false,
  dimensions: [],
  isGathered: false,
} as const;

/** Of how long each upload takes in one step. */
const STEP_TIME = {
  kind: 'histogram',
  unit: 'Milliseconds',
  isOfEachUpload: true,
  dimensions: [],
  isGathered: true,
} as const;

/** Every metric that a service writes. `make docs` gives the names to Terraform and the dashboards. */
export const METRICS = {
  UploadsIssued: {
    kind: 'counter',
    unit: 'Count',
    writtenBy: ['url-issuer'],
    isOfEachUpload: true,
    dimensions: [],
    isGathered: true,
    description: 'Forms given away, their uploads recorded before.',
  },
  RequestsRefused: {
    kind: 'counter',
    unit: 'Count',
    writtenBy: ['url-issuer'],
    isOfEachUpload: false,
    dimensions: ['Reason'],
    isGathered: true,
    description:
      'Requests with a 4xx response: no form was given; and connections closed for too many requests or too large headers at once, or beyond MAX_CONNECTIONS. The reason is the response’s code, or what only the log says.',
  },
  ServerErrors: {
    ...RARE_COUNT,
    writtenBy: ['url-issuer'],
    description: 'Requests with a 5xx response.',
  },
  RequestTime: {
    ...STEP_TIME,
    writtenBy: ['url-issuer'],
    description: 'From the arrival of a request to the end of its response.',
  },
  RatesCountedLocally: {
    ...RARE_COUNT,
    writtenBy: ['url-issuer'],
    description:
      'Requests whose rate one task counted by its local fallback, because the store that all tasks share was away.',
  },
  UploadsAccepted: {
    kind: 'counter',
    unit: 'Count',
    writtenBy: ['acceptor'],
    isOfEachUpload: true,
    dimensions: [],
    isGathered: true,
    description: 'Uploads whose claimed version was copied to accepted/ and recorded.',
  },
  BytesAccepted: {
    kind: 'histogram',
    unit: 'Bytes',
    writtenBy: ['acceptor'],
    isOfEachUpload: true,
    dimensions: [],
    isGathered: true,
    description: 'The size of each accepted upload.',
  },
  AcceptTime: {
    ...STEP_TIME,
    writtenBy: ['acceptor'],
    description: 'From the moment S3 stored the version to the moment it was recorded as accepted.',
  },
  DuplicateUploads: {
    ...RARE_COUNT,
    writtenBy: ['acceptor'],
    description: 'Versions other than the claimed one, kept or removed: a form was used more than once.',
  },
  IdenticalDuplicates: {
    ...RARE_COUNT,
    writtenBy: ['acceptor'],
    description:
      'Versions with the bytes of the claimed one that are kept: a client sent its request again. They are not among DuplicateUploads.',
  },
  OrphanObjects: {
    ...RARE_COUNT,
    writtenBy: ['acceptor', 'processor'],
    description:
      'Objects under uploads/ for which no upload was ever issued, and those under accepted/ that no upload names as accepted.',
  },
  RevokedUploads: {
    ...RARE_COUNT,
    writtenBy: ['acceptor'],
    description: 'Versions that came for an upload after it had been revoked.',
  },
  StoredBeforeRevocation: {
    ...RARE_COUNT,
    writtenBy: ['acceptor'],
    description:
      'Versions that S3 had stored before their upload was revoked, and that were refused: their clients hold a success.',
  },
  UploadsProcessed: {
    kind: 'counter',
    unit: 'Count',
    writtenBy: ['processor'],
    isOfEachUpload: true,
    dimensions: [],
    isGathered: true,
    description: 'Uploads whose handler finished.',
  },
  ProcessingFailed: {
    ...RARE_COUNT,
    writtenBy: ['processor'],
    description: 'Uploads recorded as FAILED: their message is left to the dead-letter queue.',
  },
  WebhookEventsLost: {
    ...RARE_COUNT,
    writtenBy: ['processor'],
    description:
      'Events upload.failed that the queue of webhooks is not known to have: these failures may have no webhook.',
  },
  LeadTime: {
    ...STEP_TIME,
    writtenBy: ['processor'],
    description: 'From the moment S3 stored the version to the moment its processing finished.',
  },
  WaitingTime: {
    kind: 'histogram',
    unit: 'Milliseconds',
    writtenBy: ['processor'],
    isOfEachUpload: false,
    dimensions: [],
    isGathered: false,
    description:
      'From the moment S3 stored the accepted object to now, each time an upload finds no place: its handler, or one beside it, may have ended a process, and another such upload runs.',
  },
  MessagesRetried: {
    ...RARE_COUNT,
    writtenBy: CONSUMERS,
    isGathered: true,
    description: 'Messages that failed and come back after a wait.',
  },
  MessagesUndeleted: {
    ...RARE_COUNT,
    writtenBy: CONSUMERS,
    description: 'Messages that were handled, or sent again as a copy, and that SQS did not delete at once.',
  },
  WorkCutOff: {
    ...RARE_COUNT,
    writtenBy: CONSUMERS,
    description:
      'Messages given back by a stop whose work three stops in a row, or more, have cut off: it takes longer than DRAIN_LIMIT_SECONDS.',
  },
  MessagesDeadLettered: {
    ...RARE_COUNT,
    writtenBy: CONSUMERS,
    description: 'Messages that failed with the last receive that their queue allows.',
  },
  WebhooksDelivered: {
    ...RARE_COUNT,
    writtenBy: ['webhook-sender'],
    isGathered: true,
    description: 'Events that their endpoint took: it responded with 2xx.',
  },
  WebhookAttemptsFailed: {
    ...RARE_COUNT,
    writtenBy: ['webhook-sender'],
    description:
      'Attempts that failed to deliver an event: the endpoint could not be reached, or gave no 2xx in time.',
  },
  WebhooksUnsent: {
    ...RARE_COUNT,
    writtenBy: ['webhook-sender'],
    isGathered: true,
    description:
      'Events that were not sent: no endpoint is configured for them, or the upload failed and was processed since.',
  },
  WebhookEndpointsGone: {
    ...RARE_COUNT,
    writtenBy: ['webhook-sender'],
    description:
      'Endpoints that responded with 410 Gone: a task sends them nothing more, and their events become dead letters.',
  },
  WebhookLeadTime: {
    kind: 'histogram',
    unit: 'Milliseconds',
    writtenBy: ['webhook-sender'],
    isOfEachUpload: false,
    dimensions: [],
    isGathered: true,
    description: 'From an event to its delivery.',
  },
  UploadTime: {
    ...STEP_TIME,
    writtenBy: ['acceptor'],
    description:
      'From the issue of an upload to the moment S3 stored its claimed version: the client’s time. Not of uploads by links, which can be open for weeks.',
  },
  QueueTime: {
    ...STEP_TIME,
    writtenBy: ['acceptor', 'processor'],
    description:
      'From the moment S3 stored an object to the first receive of its event: under uploads/ by the acceptor, under accepted/ by the processor.',
  },
  HandlerTime: {
    ...STEP_TIME,
    writtenBy: ['processor'],
    description: 'From the lease of an upload to the record of PROCESSED, in the attempt that succeeded.',
  },
  MessagesTogether: {
    kind: 'histogram',
    unit: 'Count',
    writtenBy: CONSUMERS,
    isOfEachUpload: true,
    dimensions: [],
    isGathered: true,
    description: 'How many messages one call of SQS returned, of calls that returned any.',
  },
  UploadsTogether: {
    kind: 'histogram',
    unit: 'Count',
    writtenBy: ['url-issuer'],
    isOfEachUpload: true,
    dimensions: [],
    isGathered: true,
    description: 'How many new uploads one write of DynamoDB had.',
  },
  MessagesInFlight: {
    kind: 'gauge',
    unit: 'Count',
    writtenBy: CONSUMERS,
    isOfEachUpload: true,
    dimensions: [],
    isGathered: true,
    description: 'Messages that a task works on: of its CONCURRENCY.',
  },
  AuditRan: {
    ...RARE_COUNT,
    writtenBy: ['audit'],
    description: 'Audits that came to their end.',
  },
  AuditFindings: {
    ...RARE_COUNT,
    writtenBy: ['audit'],
    description: 'Uploads and versions that an audit named; 0 where it named none.',
  },
  EventLoopDelay: {
    kind: 'gauge',
    unit: 'Milliseconds',
    writtenBy: ['url-issuer', ...CONSUMERS],
    isOfEachUpload: true,
    dimensions: [],
    isGathered: true,
    description:
      'The longest time of the last minute by which the main thread was late. It answers probes and renews leases.',
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

export type GaugeName = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends 'gauge' ? Name : never;
}[MetricName];

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

  /**
   * Names a series that values can come for. Where metrics are asked for, it begins at 0: Prometheus sees its first value as an increase.
   * In the embedded metric format it writes nothing.
   *
   * @param dimensions as for `add`
   * @throws RangeError as `add` does
   */
  begin(name: MetricName, dimensions: Readonly<Record<string, string>>): void;

  /**
   * Reads a gauge from now on, whenever its value is written or asked for. In the embedded metric format that is with a line of gathered
   * values, once a minute, and in no line of its own.
   *
   * @param read the value at this moment, in the metric's unit; finite
   */
  gauge(name: GaugeName, read: () => number): void;
}

export type MetricValues = { readonly [Name in MetricName]?: number };
