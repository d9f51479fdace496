import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  DeleteBucketCorsCommand,
  PutBucketCorsCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { createTable } from './create-table.ts';
import { queueUrlOn } from './sqs.ts';

/** What pages may send and read, as terraform/modules/storage/bucket.tf has it; a test compares them. */
export const CORS_RULE = {
  AllowedHeaders: ['*'],
  ExposeHeaders: [
    'ETag',
    'x-amz-version-id',
    'x-amz-checksum-type',
    'x-amz-checksum-crc32',
    'x-amz-checksum-crc32c',
    'x-amz-checksum-crc64nvme',
    'x-amz-checksum-sha1',
    'x-amz-checksum-sha256',
  ],
  MaxAgeSeconds: 3600,
};

export interface ProvisionOptions {
  readonly bucket: string;
  /** How long a received message stays hidden from others. */
  readonly visibilitySeconds: number;
  /** After so many receives a message goes to the dead-letter queue. */
  readonly maxReceiveCount: number;
  /** Web origins whose pages may send forms and read S3's responses, as Terraform's `cors_allowed_origins`. Default: none. */
  readonly corsOrigins?: readonly string[];
  /** Whether these pages may PUT, too, as Terraform's `allow_presigned_put`. Default: true. */
  readonly presignedPut?: boolean;
}

export interface AwsClients {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly dynamoDb: DynamoDBClient;
  readonly sqsEndpoint: string;
}

/** What there is to work with; queues by their URL. */
export interface Provisioned {
  readonly bucket: string;
  readonly queues: {
    readonly uploadEvents: string;
    readonly uploadEventsDeadLetter: string;
    readonly acceptedEvents: string;
    readonly acceptedEventsDeadLetter: string;
    readonly uploadReports: string;
    readonly webhooks: string;
    readonly webhooksDeadLetter: string;
  };
  readonly tables: { readonly uploads: string; readonly access: string };
}

interface Queue {
  readonly url: string;
  readonly arn: string;
}

/**
 * Creates the AWS resources of upload-once by AWS's own calls: the versioned bucket, which notifies one queue for `uploads/` and one
 * for `accepted/`; the queue of webhooks, which stays empty without them; a dead-letter queue for each of these queues; the report queue; both tables. Existing resources are kept and get
 * the settings given here.
 */
export async function provision(clients: AwsClients, options: ProvisionOptions): Promise<Provisioned> {
  const uploads = await createQueuePair(clients, 'upload-events', options);
  const accepted = await createQueuePair(clients, 'accepted-events', options);
  const reports = await createQueue(clients, 'upload-reports');
  const webhooks = await createQueuePair(clients, 'webhooks', options);
  await createBucket(clients.s3, options.bucket, [
    { prefix: 'uploads/', queue: uploads.queue },
    { prefix: 'accepted/', queue: accepted.queue },
  ]);
  await setCors(clients.s3, options);
  const tables = { uploads: 'uploads', access: 'access' };
  await createTable(clients.dynamoDb, tables.uploads, 'FullFilename');
  await createTable(clients.dynamoDb, tables.access, 'id');
  return {
    bucket: options.bucket,
    queues: {
      uploadEvents: uploads.queue.url,
      uploadEventsDeadLetter: uploads.deadLetterQueue.url,
      acceptedEvents: accepted.queue.url,
      acceptedEventsDeadLetter: accepted.deadLetterQueue.url,
      uploadReports: reports.url,
      webhooks: webhooks.queue.url,
      webhooksDeadLetter: webhooks.deadLetterQueue.url,
    },
    tables,
  };
}

async function createQueuePair(
  clients: AwsClients,
  name: string,
  { visibilitySeconds, maxReceiveCount }: ProvisionOptions,
): Promise<{ queue: Queue; deadLetterQueue: Queue }> {
  const deadLetterQueue = await createQueue(clients, `${name}-dead-letter`);
  const queue = await createQueue(clients, name);
  await clients.sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl: queue.url,
      Attributes: {
        VisibilityTimeout: String(visibilitySeconds),
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetterQueue.arn, maxReceiveCount }),
      },
    }),
  );
  return { queue, deadLetterQueue };
}

async function createQueue({ sqs, sqsEndpoint }: AwsClients, name: string): Promise<Queue> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const url = queueUrlOn(sqsEndpoint, QueueUrl);
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }),
  );
  return { url, arn: Attributes?.QueueArn ?? '' };
}

async function createBucket(
  s3: S3Client,
  name: string,
  destinations: readonly { readonly prefix: string; readonly queue: Queue }[],
): Promise<void> {
  try {
    await s3.send(new CreateBucketCommand({ Bucket: name }));
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
  }
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: name,
      NotificationConfiguration: {
        QueueConfigurations: destinations.map(({ prefix, queue }) => ({
          Id: prefix.replace('/', ''),
          QueueArn: queue.arn,
          Events: ['s3:ObjectCreated:*'],
          Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: prefix }] } },
        })),
      },
    }),
  );
}

/** As terraform/modules/storage/bucket.tf: one rule for the origins, or none at all. */
async function setCors(
  s3: S3Client,
  { bucket, corsOrigins: origins = [], presignedPut = true }: ProvisionOptions,
): Promise<void> {
  if (origins.length === 0) {
    await s3.send(new DeleteBucketCorsCommand({ Bucket: bucket }));
    return;
  }
  const rule = {
    AllowedOrigins: [...origins],
    AllowedMethods: presignedPut ? ['POST', 'PUT'] : ['POST'],
    ...CORS_RULE,
  };
  await s3.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: { CORSRules: [rule] } }));
}
