/** The CloudWatch namespace of every metric. */
export const METRICS_NAMESPACE = 'UploadOnce';

interface MetricDefinition {
  readonly unit: 'Count' | 'Bytes' | 'Milliseconds';
  /** The metric's own dimensions; Environment and Service come with every one. */
  readonly dimensions: readonly string[];
  readonly description: string;
}

/** Every metric that a service writes. Alarms and dashboards are made on these names: a change here is a change there. */
export const METRICS = {
  UploadsIssued: {
    unit: 'Count',
    dimensions: [],
    description: 'Forms given away, their uploads recorded before.',
  },
  RequestsRefused: {
    unit: 'Count',
    dimensions: ['Reason'],
    description:
      'Requests with a 4xx response: no form was given; and connections closed for too many requests or too large headers at once, or beyond MAX_CONNECTIONS. The reason is the response’s code, or what only the log says.',
  },
  ServerErrors: { unit: 'Count', dimensions: [], description: 'Requests with a 5xx response.' },
  RequestTime: {
    unit: 'Milliseconds',
    dimensions: [],
    description: 'From the arrival of a request to the end of its response.',
  },
  RatesCountedAlone: {
    unit: 'Count',
    dimensions: [],
    description: 'Requests whose rate one task counted alone, because the store that all share was away.',
  },
  UploadsAccepted: {
    unit: 'Count',
    dimensions: [],
    description: 'Uploads whose claimed version was copied to accepted/ and recorded.',
  },
  BytesAccepted: { unit: 'Bytes', dimensions: [], description: 'The size of each accepted upload.' },
  AcceptTime: {
    unit: 'Milliseconds',
    dimensions: [],
    description: 'From the moment S3 stored the version to the moment it was recorded as accepted.',
  },
  DuplicateUploads: {
    unit: 'Count',
    dimensions: [],
    description: 'Versions other than the claimed one, kept or removed: a form was used more than once.',
  },
  OrphanObjects: {
    unit: 'Count',
    dimensions: [],
    description:
      'Objects under uploads/ for which no upload was ever issued, and those under accepted/ that no upload names as accepted.',
  },
  RevokedUploads: {
    unit: 'Count',
    dimensions: [],
    description: 'Versions that came for an upload after it had been revoked.',
  },
  StoredBeforeRevocation: {
    unit: 'Count',
    dimensions: [],
    description:
      'Versions that S3 had stored before their upload was revoked, and that were refused: their clients hold a success.',
  },
  UploadsProcessed: { unit: 'Count', dimensions: [], description: 'Uploads whose handler finished.' },
  ProcessingFailed: {
    unit: 'Count',
    dimensions: [],
    description: 'Uploads recorded as FAILED: their message is left to the dead-letter queue.',
  },
  LeadTime: {
    unit: 'Milliseconds',
    dimensions: [],
    description: 'From the moment S3 stored the version to the moment its processing finished.',
  },
  WaitingTime: {
    unit: 'Milliseconds',
    dimensions: [],
    description:
      'From the moment S3 stored the accepted object to now, each time an upload finds no place: its handler, or one beside it, may have ended a process, and another such upload runs.',
  },
  MessagesRetried: {
    unit: 'Count',
    dimensions: [],
    description: 'Messages that failed and come back after a wait.',
  },
  MessagesUndeleted: {
    unit: 'Count',
    dimensions: [],
    description: 'Messages that were handled, or sent again as a copy, and that SQS did not delete at once.',
  },
  WorkCutOff: {
    unit: 'Count',
    dimensions: [],
    description:
      'Messages given back by a stop whose work three stops in a row, or more, have cut off: it takes longer than DRAIN_LIMIT_SECONDS.',
  },
  MessagesDeadLettered: {
    unit: 'Count',
    dimensions: [],
    description: 'Messages that failed with the last receive that their queue allows.',
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

export interface Metrics {
  /**
   * Writes one value of one metric.
   *
   * @param value in the metric's unit; finite
   * @param dimensions exactly the metric's own dimensions, each value 1 to 1,024 characters
   * @throws RangeError for a value or a dimension that CloudWatch would drop in silence
   */
  add(name: MetricName, value: number, dimensions?: Readonly<Record<string, string>>): void;

  /** Writes one value each of several metrics without dimensions of their own, in one line. @throws RangeError as `add` does */
  addAll(values: MetricValues): void;
}

export type MetricValues = { readonly [Name in MetricName]?: number };

const DIMENSION_VALUE_MAX_CHARACTERS = 1024;

/**
 * Metrics as lines of the embedded metric format (Amazon CloudWatch User Guide, "Specification: Embedded metric
 * format"): whatever ships the log lines ships the metrics, no call to CloudWatch is made. One line for each call.
 *
 * @param options.service the dimension Service
 * @param options.environment the dimension Environment
 * @param options.write takes one line, with its line feed
 */
export function createMetrics(options: {
  service: string;
  environment: string;
  now: () => Date;
  write: (line: string) => void;
}): Metrics {
  function write(values: MetricValues, dimensions: Readonly<Record<string, string>> = {}): void {
    const named = Object.entries(values) as [MetricName, number][];
    for (const [name, value] of named) {
      if (!Number.isFinite(value)) throw new RangeError(`${name} takes a finite number, not ${value}`);
      assertDimensions(name, METRICS[name].dimensions, dimensions);
    }
    const all = { Environment: options.environment, Service: options.service, ...dimensions };
    const document = {
      _aws: {
        Timestamp: options.now().getTime(),
        CloudWatchMetrics: [
          {
            Namespace: METRICS_NAMESPACE,
            Dimensions: [Object.keys(all)],
            Metrics: named.map(([name]) => ({ Name: name, Unit: METRICS[name].unit })),
          },
        ],
      },
      ...all,
      ...values,
    };
    options.write(`${JSON.stringify(document)}\n`);
  }

  return {
    add: (name, value, dimensions) => write({ [name]: value }, dimensions),
    addAll: (values) => write(values),
  };
}

function assertDimensions(
  name: string,
  expected: readonly string[],
  given: Readonly<Record<string, string>>,
): void {
  const names = Object.keys(given);
  if (names.length !== expected.length || !expected.every((dimension) => names.includes(dimension))) {
    throw new RangeError(
      `${name} takes ${expected.length === 0 ? 'no dimension of its own' : `the dimensions ${expected.join(', ')}`}, ` +
        `not ${names.length === 0 ? 'none' : names.join(', ')}`,
    );
  }
  for (const [dimension, value] of Object.entries(given)) {
    if (value.trim() === '' || value.length > DIMENSION_VALUE_MAX_CHARACTERS) {
      throw new RangeError(
        `${name}: ${dimension} takes 1 to ${DIMENSION_VALUE_MAX_CHARACTERS} characters that are not all blank, not ${JSON.stringify(value.slice(0, 100))}`,
      );
    }
  }
}
