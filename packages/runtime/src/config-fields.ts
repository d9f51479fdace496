import { Type } from 'typebox';

/** The SDK's own variable, used by it alone; it stands here so that a wrong one is named at the start. */
function endpointField(of: string) {
  return Type.Optional(
    Type.String({
      pattern: '^https?://[^/?#]',
      description: `Where ${of} is, when that is not the region's own endpoint.`,
      expected: 'http:// or https://, a host and perhaps a port, for example "http://127.0.0.1:9000"',
    }),
  );
}

/** Where AWS is, and who asks. Each variable has the SDK's own name where it has one. */
export const awsFields = {
  AWS_REGION: Type.String({
    pattern: '^[a-z]{2}(-[a-z]+)+-[0-9]+$',
    description: 'The AWS region of bucket, queues and tables.',
    expected: 'the name of an AWS region, for example "eu-central-1"',
  }),
  AWS_ACCESS_KEY_ID: Type.Optional(
    Type.String({
      description:
        'Credentials, together with AWS_SECRET_ACCESS_KEY. On AWS it is not set: the SDK asks for those of the task role.',
      expected: 'an access key, where neither a profile nor a role gives credentials',
    }),
  ),
  AWS_ENDPOINT_URL: endpointField('AWS'),
  AWS_ENDPOINT_URL_S3: endpointField('S3'),
  AWS_ENDPOINT_URL_SQS: endpointField('SQS'),
  AWS_ENDPOINT_URL_DYNAMODB: endpointField('DynamoDB'),
  S3_FORCE_PATH_STYLE: Type.Boolean({
    default: false,
    description: 'Whether the bucket is named in the path rather than in the host, as S3 stand-ins need it.',
    expected: '"true" or "false"',
  }),
};

export const logFields = {
  LOG_LEVEL: Type.Union(
    [
      Type.Literal('trace'),
      Type.Literal('debug'),
      Type.Literal('info'),
      Type.Literal('warn'),
      Type.Literal('error'),
    ],
    {
      default: 'info',
      description: 'The least important log lines that are written.',
      expected: 'one of "trace", "debug", "info", "warn", "error"',
    },
  ),
  ENVIRONMENT: Type.String({
    default: 'default',
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
    description: 'The name of this installation; the dimension Environment of every metric.',
    expected: '1 to 64 letters, digits, ".", "_" or "-", the first a letter or digit',
  }),
};

export const drainFields = {
  DRAIN_LIMIT_SECONDS: Type.Integer({
    default: 100,
    minimum: 1,
    maximum: 110,
    description:
      'How long work in flight may go on after SIGTERM. Below the 120 seconds that ECS allows at most (stopTimeout).',
    expected: 'a whole number of seconds from 1 to 110',
  }),
};

export const healthFields = {
  HOST: Type.String({
    default: '0.0.0.0',
    description: 'The address that is listened on.',
    expected: 'an IP address or a host name to listen on',
  }),
  PORT: Type.Integer({
    default: 8080,
    minimum: 0,
    maximum: 65_535,
    description: 'The port that is listened on; 0 takes a free one.',
    expected: 'a whole number from 0 to 65535',
  }),
};

/** What a service that lives on one queue needs to know of it. */
export const consumerFields = {
  QUEUE_URL: Type.String({
    pattern: '^https?://[^/?#]+/.',
    description: 'The queue whose messages are handled. It needs a redrive policy.',
    expected:
      'the URL of an SQS queue, for example "https://sqs.eu-central-1.amazonaws.com/123456789012/name"',
  }),
  SLOTS: Type.Integer({
    default: 16,
    minimum: 1,
    maximum: 256,
    description: 'How many messages are in hand at once.',
    expected: 'a whole number from 1 to 256',
  }),
  VISIBILITY_SECONDS: Type.Integer({
    default: 60,
    minimum: 2,
    maximum: 43_200,
    description:
      'Visibility timeout of a message, prolonged by heartbeats while it is worked on: how late it comes back when its worker dies.',
    expected: 'a whole number of seconds from 2 to 43200',
  }),
  POLL_WAIT_SECONDS: Type.Integer({
    default: 20,
    minimum: 1,
    maximum: 20,
    description:
      'How long a poll waits for a message: WaitTimeSeconds of SQS. A stop lets the last poll end, so that a service with nothing to do takes this long to stop. DRAIN_LIMIT_SECONDS, where that is shorter.',
    expected: 'a whole number of seconds from 1 to 20',
  }),
  PROTECT_AFTER_SECONDS: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 39_600,
      description:
        'On Amazon ECS: from when on work in hand protects its task against scale-in and deployments; until that work ends the task takes nothing new. Best DRAIN_LIMIT_SECONDS; without it, never.',
      expected: 'a whole number of seconds from 1 to 39600 (11 hours)',
    }),
  ),
  ECS_AGENT_URI: Type.Optional(
    Type.String({
      pattern: '^https?://[^/?#]',
      description: 'The ECS agent beside the task, which PROTECT_AFTER_SECONDS needs. ECS sets it itself.',
      expected: 'what Amazon ECS sets: http://, an address and a path',
    }),
  ),
};

/** What is kept of versions that are not accepted, and who is told of them. */
export const evidenceFields = {
  REPORT_QUEUE_URLS: Type.String({
    pattern: '^https?://[^/?#,\\s]+/[^?#,\\s]+(,https?://[^/?#,\\s]+/[^?#,\\s]+)*$',
    description:
      'The queues that every report of a duplicate, a refused version or a stray is sent to: one for each reader, separated by commas.',
    expected:
      'the URLs of one or more SQS queues, separated by commas, for example "https://sqs.eu-central-1.amazonaws.com/123456789012/name"',
  }),
  KEPT_DUPLICATES: Type.Integer({
    default: 10,
    minimum: 1,
    maximum: 1_000,
    description:
      'How many duplicates of an upload are kept, recorded and reported one by one; the same for refused versions and for strays of one key. Those beyond are counted, and removed from uploads/.',
    expected: 'a whole number from 1 to 1000',
  }),
};

/** What a table can be called (Amazon DynamoDB Developer Guide, "Naming rules and data types"). */
export const tableNameRule = {
  pattern: '^[A-Za-z0-9_.-]{3,255}$',
  expected: 'the name of a DynamoDB table: 3 to 255 letters, digits, "_", "." or "-"',
};

/** Where uploads are kept. */
export const storageFields = {
  BUCKET: Type.String({
    pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$',
    description: 'The bucket of uploads/ and accepted/. Versioned.',
    expected: 'the name of an S3 bucket: 3 to 63 lower-case letters, digits, "." or "-"',
  }),
  UPLOADS_TABLE: Type.String({ ...tableNameRule, description: 'The DynamoDB table of the uploads.' }),
  TOMBSTONE_DAYS: Type.Integer({
    default: 113,
    // A form of 7 days, then a message that waits 14 in a queue, and a day.
    minimum: 22,
    maximum: 3650,
    description:
      'How long an item outlives its form, and its last transition: twice the retentions of both queues and their dead-letter queues, plus a day. The default holds for every retention that SQS allows (14 days each).',
    expected: 'a whole number of days from 22 to 3650',
  }),
};
