import { randomBytes, randomUUID } from 'node:crypto';
import { devNull } from 'node:os';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import {
  type AwsClients,
  type LocalAws,
  type LocalAwsOptions,
  type Provisioned,
  type ProvisionOptions,
  provision,
  startLocalAws,
} from '@upload-once/local-aws';
import {
  createDynamoDbUploadStore,
  makeUploadKey,
  type Upload,
  type UploadStore,
} from '@upload-once/uploads';
import type { Test } from 'tap';
import { eventually } from './eventually.ts';

const CREDENTIALS = { accessKeyId: 'EXAMPLEACCESSKEYID00', secretAccessKey: 'example-secret-key-9f3c' };
const SETTINGS: ProvisionOptions = { bucket: 'uploads-test', visibilitySeconds: 30, maxReceiveCount: 5 };

/** What every upload that `issue` makes was issued with. */
export const METADATA = { customer: '42' };
export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

/** S3, SQS and DynamoDB of this machine with all that upload-once needs, and what others than its services do there. */
export interface LocalCloud extends AwsClients, Provisioned {
  readonly localAws: LocalAws;
  readonly uploads: UploadStore;
  /** All that a consumer of this queue needs to know. */
  envFor(queueUrl: string): Record<string, string>;
  /** Records that a form was issued, and gives its key. */
  issue(): Promise<string>;
  /** Stores an object, and gives its version; the event follows by itself. */
  put(key: string, text: string): Promise<string>;
  /** The text under a key; undefined when there is none. */
  read(key: string): Promise<string | undefined>;
  versionsOf(key: string): Promise<string[]>;
  send(queueUrl: string, body: string): Promise<void>;
  /** Waits for a message, which stays where it is. */
  peek(queueUrl: string): Promise<Message>;
  /** Resolves when a queue has exactly so many messages, visible or not. */
  depthIs(queueUrl: string, depth: number): Promise<void>;
  /** The upload, once `isThere`. */
  upload(key: string, isThere: (upload: Upload) => boolean): Promise<Upload>;
  /** Makes again what is missing of queues, tables and bucket. */
  provision(): Promise<void>;
  stop(): Promise<void>;
}

export async function startLocalCloud(
  t: Test,
  options: { readonly maxReceiveCount?: number; readonly local?: LocalAwsOptions } = {},
): Promise<LocalCloud> {
  const localAws = await startLocalAws({
    ...options.local,
    credentials: [CREDENTIALS],
    onFault: (error) => t.fail(`S3 failed: ${String(error)}`),
  });
  const { endpoints, region } = localAws;
  const common = { region, credentials: CREDENTIALS };
  const clients = {
    s3: new S3Client({ ...common, endpoint: endpoints.s3, forcePathStyle: true }),
    sqs: new SQSClient({ ...common, endpoint: endpoints.sqs }),
    dynamoDb: new DynamoDBClient({ ...common, endpoint: endpoints.dynamodb }),
    sqsEndpoint: endpoints.sqs,
  };
  const { s3, sqs, dynamoDb } = clients;
  let stopping: Promise<void> | undefined;
  async function stop(): Promise<void> {
    for (const client of [s3, sqs, dynamoDb]) client.destroy();
    stopping ??= localAws.stop();
    await stopping;
  }
  t.teardown(stop);
  const settings = { ...SETTINGS, maxReceiveCount: options.maxReceiveCount ?? SETTINGS.maxReceiveCount };
  const provisioned = await provision(clients, settings);
  const Bucket = provisioned.bucket;
  const uploads = createDynamoDbUploadStore({
    client: dynamoDb,
    tableName: provisioned.tables.uploads,
    recordRetentionSeconds: 3600,
    now: () => new Date(),
    newToken: randomUUID,
  });

  return {
    ...clients,
    ...provisioned,
    localAws,
    uploads,
    stop,

    envFor: (QUEUE_URL) => ({
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_ENDPOINT_URL_S3: endpoints.s3,
      AWS_ENDPOINT_URL_SQS: endpoints.sqs,
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      S3_FORCE_PATH_STYLE: 'true',
      BUCKET: Bucket,
      UPLOADS_TABLE: provisioned.tables.uploads,
      QUEUE_URL,
      REPORT_QUEUE_URLS: provisioned.queues.uploadReports,
      // A stop waits for the end of the last poll.
      POLL_WAIT_SECONDS: '1',
      HOST: '127.0.0.1',
      PORT: '0',
    }),

    async issue() {
      const key = makeUploadKey('file', new Date(), randomBytes(16));
      await uploads.issue({
        key,
        apiKeyId: 'key-1',
        issuedAt: new Date(),
        expiresAt: new Date(),
        constraints: { method: 'post', minBytes: 0, maxBytes: 1000 },
        metadata: METADATA,
        traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`,
      });
      return key;
    },

    async put(Key, Body) {
      const put = new PutObjectCommand({
        Bucket,
        Key,
        Body,
        ContentType: 'text/plain',
        Metadata: { of: 'mine' },
      });
      return (await s3.send(put)).VersionId ?? '';
    },

    async read(Key) {
      try {
        return await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
        throw error;
      }
    },

    async versionsOf(Prefix) {
      const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
      return Versions.map(({ VersionId = '' }) => VersionId);
    },

    async send(QueueUrl, MessageBody) {
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    },

    async peek(QueueUrl) {
      const receive = new ReceiveMessageCommand({
        QueueUrl,
        WaitTimeSeconds: 20,
        VisibilityTimeout: 0,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      });
      for (;;) {
        const [message] = (await sqs.send(receive)).Messages ?? [];
        if (message) return message;
      }
    },

    async depthIs(QueueUrl, depth) {
      const AttributeNames = [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
      ] as const;
      await eventually(
        async () => {
          const ask = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] });
          const { Attributes } = await sqs.send(ask);
          return AttributeNames.reduce((sum, name) => sum + Number(Attributes?.[name]), 0);
        },
        (count) => count === depth,
      );
    },

    async upload(key, isThere) {
      const found = await eventually(
        () => uploads.get(key),
        (upload) => upload !== undefined && isThere(upload),
      );
      if (!found) throw new Error(`${key} is not in the table`);
      return found;
    },

    async provision() {
      await provision(clients, settings);
    },
  };
}

/** What stands in a service's output and never should: this installation's secrets, and whatever looks like a signature. */
export function secretsIn(output: string): string[] {
  const signature = /AWS4-HMAC-SHA256|[0-9a-f]{64}|[Ss]ignature=[^[]|eyJ[\w+/=-]{20}/g;
  return [
    ...(output.match(signature) ?? []),
    ...(output.includes(CREDENTIALS.secretAccessKey) ? ['key'] : []),
  ];
}
