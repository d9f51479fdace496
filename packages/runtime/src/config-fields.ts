import { flag, integer, oneOf, optional, text } from './fields.ts';

/** The SDK's own variable, used by it alone; it stands here so that a wrong one is named at the start. */
function endpointField(of: string) {
  return optional(
    text({
      pattern: '^https?://[^/?#]',
      description: `The endpoint of ${of}, if it is not the region's own.`,
      expected: 'an http or https URL, for example "http://127.0.0.1:9000"',
    }),
  );
}

/** Where AWS is, and who asks. Each variable has the SDK's own name where it has one. */
export const awsFields = {
  AWS_REGION: text({
    pattern: '^[a-z]{2}(-[a-z]+)+-[0-9]+$',
    description: 'The AWS region of bucket, queues and tables.',
    expected: 'the name of an AWS region, for example "eu-central-1"',
  }),
  AWS_ACCESS_KEY_ID: optional(
    text({
      description: 'Credentials, with AWS_SECRET_ACCESS_KEY. Not set on AWS, where the task role gives them.',
      expected: 'an access key, if neither a profile nor a role gives credentials',
    }),
  ),
  AWS_ENDPOINT_URL: endpointField('AWS'),
  AWS_ENDPOINT_URL_S3: endpointField('S3'),
  AWS_ENDPOINT_URL_SQS: endpointField('SQS'),
  AWS_ENDPOINT_URL_DYNAMODB: endpointField('DynamoDB'),
  S3_FORCE_PATH_STYLE: flag({
    default: false,
    description: 'Names the bucket in the path instead of the host. Local S3 servers need it.',
    expected: '"true" or "false"',
  }),
};

export const logFields = {
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error'], {
    default: 'info',
    description: 'The lowest level of log lines that are written: trace, debug, info, warn or error.',
    expected: 'one of "trace", "debug", "info", "warn", "error"',
  }),
  ENVIRONMENT: text({
    default: 'default',
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
    description: 'The name of this installation: the dimension Environment of every metric.',
    expected: '1 to 64 letters, digits, ".", "_" or "-", the first a letter or digit',
  }),
  METRICS_PORT: optional(
    integer({
      minimum: 1,
      maximum: 65_535,
      description:
        'The port, at HOST, of GET /metrics: the metrics as OpenMetrics, for example for Prometheus. The log then has no metrics. Never let clients reach this port. By default, metrics are log lines for CloudWatch.',
      expected: 'a whole number from 1 to 65535, and not PORT',
    }),
  ),
};

/**
 * Where spans go. The variables have the names of OpenTelemetry ("OTLP Exporter Configuration"), whose exporter reads the headers itself; they
 * stand here so that they are described.
 */
export const tracingFields = {
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    text({
      pattern: '^https?://[^/?#]',
      description:
        'Where the service sends spans, by OTLP over HTTP: docs/traces.md. By default it makes none, and loads no OpenTelemetry.',
      expected: 'an http or https URL without /v1/traces, "?" and "#", for example "http://127.0.0.1:4318"',
    }),
  ),
  OTEL_EXPORTER_OTLP_HEADERS: optional(
    text({ description: 'Headers of the requests that send spans: `name=value`, separated by commas.' }),
  ),
};

export const drainFields = {
  DRAIN_LIMIT_SECONDS: integer({
    default: 100,
    minimum: 1,
    maximum: 110,
    description:
      'How long work in flight can continue after SIGTERM. ECS allows at most 120 seconds (stopTimeout).',
    expected: 'a whole number of seconds from 1 to 110',
  }),
};

export const healthFields = {
  HOST: text({
    default: '0.0.0.0',
    description: 'The address that the service listens on.',
    expected: 'an IP address or a host name to listen on',
  }),
  PORT: integer({
    default: 8080,
    minimum: 0,
    maximum: 65_535,
    description: 'The port that the service listens on. 0 takes a free one.',
    expected: 'a whole number from 0 to 65535',
  }),
};

/** Where S3 is for those outside: signed forms and URLs lead there. */
export const clientS3Fields = {
  S3_PUBLIC_ENDPOINT: optional(
    text({
      pattern: '^https?://([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?/?$',
      description: 'The endpoint of S3 for clients, if it differs from the one for the services.',
      expected: 'an http or https URL without a path, for example "http://127.0.0.1:9000"',
    }),
  ),
};

/** What a table can be called (Amazon DynamoDB Developer Guide, "Naming rules and data types"). */
export const tableNameRule = {
  pattern: '^[A-Za-z0-9_.-]{3,255}$',
  expected: 'the name of a DynamoDB table: 3 to 255 letters, digits, "_", "." or "-"',
};

/** Where uploads are kept. */
export const storageFields = {
  BUCKET: text({
    pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$',
    description: 'The versioned bucket with uploads/ and accepted/.',
    expected: 'the name of an S3 bucket: 3 to 63 lower-case letters, digits, "." or "-"',
  }),
  UPLOADS_TABLE: text({ ...tableNameRule, description: 'The DynamoDB table of the uploads.' }),
  RECORD_RETENTION_DAYS: integer({
    default: 113,
    // A link of 30 days, then a message that waits 14 in a queue, and a day.
    minimum: 45,
    maximum: 3650,
    description:
      'How long the record of an upload is kept after the end of its form or its last transition, whichever is later. At least twice the retentions of both queues and both dead-letter queues, plus a day. The default suits the longest retentions that SQS allows.',
    expected: 'a whole number of days from 45 to 3650',
  }),
};
