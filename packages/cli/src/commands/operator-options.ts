import type { CliIo } from '../cli-io.ts';
import type { OperationsSettings } from '../operations.ts';
import { UsageError } from '../usage-error.ts';

/** The options that redrive and audit share, for `parseArgs`. */
export const OPERATOR_OPTIONS = {
  table: { type: 'string' },
  'record-retention-days': { type: 'string' },
  'uploads-queue': { type: 'string' },
  'accepted-queue': { type: 'string' },
  'webhooks-queue': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const OPERATOR_HELP = `  --table TABLE          the table of the uploads (default: $UPLOADS_TABLE, or "uploads")
  --record-retention-days DAYS
                         the services' RECORD_RETENTION_DAYS (default: $RECORD_RETENTION_DAYS, or 113)
  --uploads-queue URL    the acceptor's queue (default: $UPLOAD_EVENTS_QUEUE_URL)
  --accepted-queue URL   the processor's queue (default: $ACCEPTED_EVENTS_QUEUE_URL)
  --webhooks-queue URL   the webhook-sender's queue, if there are webhooks (default: $WEBHOOK_QUEUE_URL)
  --json                 one JSON object a line on standard output
  --help                 this text

AWS region, endpoints and credentials come from the environment, as for any AWS tool: AWS_REGION,
AWS_PROFILE, …; S3_FORCE_PATH_STYLE=true for a local S3. docs/operations.md names the permissions.`;

const DEFAULT_TABLE = 'uploads';
const DEFAULT_RECORD_RETENTION_DAYS = '113';
const SECONDS_PER_DAY = 86_400;

/** What names a queue on the command line. */
export const OPTION_OF = {
  uploads: '--uploads-queue (or UPLOAD_EVENTS_QUEUE_URL)',
  accepted: '--accepted-queue (or ACCEPTED_EVENTS_QUEUE_URL)',
  webhooks: '--webhooks-queue (or WEBHOOK_QUEUE_URL)',
} as const;

type Values = Readonly<Record<string, string | boolean | undefined>>;

/** @throws UsageError */
export function readTableSettings(values: Values, env: CliIo['env']): Omit<OperationsSettings, 'bucket'> {
  const days =
    setting(values, 'record-retention-days', env, 'RECORD_RETENTION_DAYS') ?? DEFAULT_RECORD_RETENTION_DAYS;
  return {
    table: setting(values, 'table', env, 'UPLOADS_TABLE') ?? DEFAULT_TABLE,
    recordRetentionSeconds: wholeNumber('--record-retention-days', days, 22, 3650) * SECONDS_PER_DAY,
  };
}

/** The URLs of all queues, as far as they are known. @throws UsageError for one that is no URL, or a FIFO queue's */
export function readQueueUrls(values: Values, env: CliIo['env']) {
  return {
    uploads: queueUrl(values, 'uploads-queue', env, 'UPLOAD_EVENTS_QUEUE_URL'),
    accepted: queueUrl(values, 'accepted-queue', env, 'ACCEPTED_EVENTS_QUEUE_URL'),
    webhooks: queueUrl(values, 'webhooks-queue', env, 'WEBHOOK_QUEUE_URL'),
  };
}

function queueUrl(values: Values, option: string, env: CliIo['env'], variable: string): string | undefined {
  const url = setting(values, option, env, variable);
  return url === undefined ? undefined : assertQueueUrl(url, `--${option} (or ${variable})`);
}

/** @throws UsageError */
export function assertQueueUrl(url: string, option: string): string {
  if (!/^https?:\/\/[^/?#]+\/./.test(url) || !URL.canParse(url)) {
    throw new UsageError(
      `${option} takes the URL of an SQS queue, for example "https://sqs.eu-central-1.amazonaws.com/123456789012/name", not ${JSON.stringify(url)}`,
    );
  }
  if (url.endsWith('.fifo')) {
    throw new UsageError(`${option}: ${url} is a FIFO queue; the services read standard queues only`);
  }
  return url;
}

/** An option, or the variable that stands in for it; undefined where neither is set. @throws UsageError for a blank option */
export function setting(
  values: Values,
  option: string,
  env: CliIo['env'],
  variable: string,
): string | undefined {
  const given = values[option];
  if (typeof given === 'string' && given.trim() === '')
    throw new UsageError(`--${option} is blank: a value was expected`);
  return typeof given === 'string' ? given : env[variable]?.trim() || undefined;
}

/** @throws UsageError */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(
    `${option} takes a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`,
  );
}
