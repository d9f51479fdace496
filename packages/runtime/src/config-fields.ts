import { Type } from 'typebox';

/**
 * Where AWS is. Endpoints (`AWS_ENDPOINT_URL_S3`, `_SQS`, `_DYNAMODB`) and credentials are the SDK's own variables and are
 * read by it alone.
 */
export const awsFields = {
  AWS_REGION: Type.String({
    pattern: '^[a-z]{2}(-[a-z]+)+-[0-9]+$',
    description: 'The AWS region of bucket, queues and tables.',
    expected: 'the name of an AWS region, for example "eu-central-1"',
  }),
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
