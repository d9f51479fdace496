import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { knownGapsFrom } from './known-gaps.ts';

/**
 * The deployment under test, known from environment variables alone, so that the same suite runs on every backend.
 * Where AWS is and with which credentials, the SDK reads itself (AWS_REGION, AWS_ENDPOINT_URL_S3, …).
 */
const required = {
  UPLOAD_ONCE_URL: 'the url-issuer, with its path prefix',
  UPLOAD_ONCE_API_KEY: 'a key whose rate allows 400 requests a second',
  AWS_REGION: 'the region',
  BUCKET: 'the bucket',
  UPLOADS_TABLE: 'the table of the uploads',
  UPLOAD_ONCE_ACCESS_TABLE: 'the table of the API keys',
  UPLOAD_QUEUE_URL: 'the queue of events about uploads/',
  UPLOAD_DEAD_LETTER_QUEUE_URL: 'its dead-letter queue',
} as const;

const missing = Object.entries(required).filter(([name]) => !process.env[name]);
if (missing.length > 0) {
  const lines = missing.map(([name, what]) => `  ${name}: ${what}`);
  throw new Error(`the acceptance suite needs to know the deployment; not set:\n${lines.join('\n')}`);
}

function setting(name: keyof typeof required): string {
  return process.env[name] ?? '';
}

export const deployment = {
  issuerUrl: setting('UPLOAD_ONCE_URL'),
  /** An issuer of short-lived forms on the same deployment; without one, tests wait for an ordinary form to expire. */
  shortLivedIssuerUrl: process.env.UPLOAD_ONCE_SHORT_LIVED_URL || setting('UPLOAD_ONCE_URL'),
  /** Another issuer on the same deployment, with SHARDED_KEYS. */
  shardedIssuerUrl: process.env.UPLOAD_ONCE_SHARDED_URL,
  apiKey: setting('UPLOAD_ONCE_API_KEY'),
  bucket: setting('BUCKET'),
  uploadsTable: setting('UPLOADS_TABLE'),
  uploadQueueUrl: setting('UPLOAD_QUEUE_URL'),
  uploadDeadLetterQueueUrl: setting('UPLOAD_DEAD_LETTER_QUEUE_URL'),
  /** What keys begin with behind uploads/. */
  namePart: process.env.UPLOAD_NAME_PART || 'UploadFilename',
  /** Whether the deployment's own keys are sharded. */
  shardedKeys: process.env.SHARDED_KEYS === 'true',
  bigFileBytes: Number(process.env.BIG_FILE_BYTES || 2 * 1024 ** 3),
  /** local-aws's control port, on a deployment that has one: it can hold calls and events back. */
  controlUrl: process.env.LOCAL_AWS_CONTROL_URL,
  /** The receiver to which this deployment sends webhooks (local/stack/webhook-receiver.ts), and the secret that signs them. */
  webhookReceiverUrl: process.env.WEBHOOK_RECEIVER_URL,
  hasNoWebhooks: process.env.ACCEPTANCE_WITHOUT_WEBHOOKS === 'true',
  webhookSecret: process.env.WEBHOOK_SECRET,
  /** What this deployment's AWS is known to do otherwise. */
  knownGaps: knownGapsFrom(process.env.ACCEPTANCE_KNOWN_GAPS ?? ''),
} as const;

export const s3 = new S3Client({ forcePathStyle: process.env.S3_FORCE_PATH_STYLE === 'true' });
export const sqs = new SQSClient({});
export const dynamoDb = DynamoDBDocumentClient.from(new DynamoDBClient({}));
