import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { LocalAwsFacts } from '@upload-once/local-stack/stack.ts';
import {
  createDynamoDbUploadRecords,
  createDynamoDbUploadStore,
  makeUploadKey,
  parseUploadEvent,
  type UploadEvent,
  type UploadRecord,
  type UploadStore,
} from '@upload-once/uploads';
import type { Content, ContentInMemory } from './content.ts';

const FORM_MS = 60_000;

/** The bucket, the queues and the table as an observer sees them, without a proxy in between. */
export interface Outside {
  readonly uploads: UploadStore;
  /** Records that a form was issued, as the issuer does, and gives its key. */
  issue(method?: 'post' | 'put'): Promise<string>;
  /**
   * Stores a version under a key, as S3 does at the end of a form, and gives its id. Not by a form, so that it can have metadata
   * and tags, which then have to arrive with it.
   */
  put(key: string, content: ContentInMemory): Promise<string>;
  /** Oldest first; a delete marker is one too. */
  versionsOf(key: string): Promise<string[]>;
  read(key: string, versionId: string): Promise<Content>;
  removeVersion(key: string, versionId: string): Promise<void>;
  /** All versions and delete markers of the bucket. */
  objects(): AsyncIterable<{ readonly key: string; readonly versionId: string }>;
  /** All items of the table. */
  records(): AsyncIterable<UploadRecord>;
  /** Messages in a queue: visible, in flight and delayed together. */
  depthOf(queueUrl: string): Promise<number>;
  /** The ids of all reports that a reader has got so far. */
  reports(): Promise<ReadonlySet<string>>;
  /** All events that the sender of webhooks has got so far. */
  webhookEvents(): Promise<readonly UploadEvent[]>;
  close(): void;
}

export function lookFromOutside({
  region,
  credentials,
  endpoints,
  bucket,
  queues,
  tables,
}: LocalAwsFacts): Outside {
  const common = { region, credentials: { ...credentials } };
  const s3 = new S3Client({ ...common, endpoint: endpoints.s3, forcePathStyle: true });
  const sqs = new SQSClient({ ...common, endpoint: endpoints.sqs });
  const dynamoDb = new DynamoDBClient({ ...common, endpoint: endpoints.dynamodb });
  const Bucket = bucket;
  const reportIds = new Set<string>();
  const events: UploadEvent[] = [];
  let taking = Promise.resolve();
  const now = () => new Date();
  const table = { client: dynamoDb, tableName: tables.uploads, recordRetentionSeconds: 0, now };
  const uploads = createDynamoDbUploadStore({ ...table, newToken: randomUUID });

  /** Takes all messages out of a queue, as its reader does. */
  async function takeAll(QueueUrl: string, note: (message: unknown) => void): Promise<void> {
    for (;;) {
      const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
      const { Messages = [] } = await sqs.send(receive);
      if (Messages.length === 0) return;
      for (const { Body = '{}' } of Messages) note(JSON.parse(Body));
      const Entries = Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  }

  async function* objects(Prefix?: string) {
    let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | undefined = {};
    while (markers) {
      const page: ListObjectVersionsCommandOutput = await s3.send(
        new ListObjectVersionsCommand({ Bucket, Prefix, ...markers }),
      );
      for (const { Key = '', VersionId = '' } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])])
        yield { key: Key, versionId: VersionId };
      markers = page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
        : undefined;
    }
  }

  return {
    uploads,
    objects,

    async *records() {
      const records = createDynamoDbUploadRecords({ ...table, pause: () => delay(100) });
      for await (const page of records.pages()) yield* page;
    },

    async issue(method = 'post') {
      const issuedAt = new Date();
      const key = makeUploadKey('file', issuedAt, randomBytes(16));
      await uploads.issue({
        key,
        apiKeyId: 'key-of-a-test',
        issuedAt,
        expiresAt: new Date(issuedAt.getTime() + FORM_MS),
        constraints: { method, minBytes: 0, maxBytes: 5 * 1024 ** 3 },
        metadata: { customer: '42' },
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      });
      return key;
    },

    async put(Key, { bytes, contentType, metadata, tagging }) {
      const { VersionId = '' } = await s3.send(
        new PutObjectCommand({
          Bucket,
          Key,
          Body: bytes,
          ContentType: contentType,
          Metadata: { ...metadata },
          Tagging: tagging,
        }),
      );
      return VersionId;
    },

    async versionsOf(key) {
      const all = await Array.fromAsync(objects(key));
      return all
        .filter((each) => each.key === key)
        .map(({ versionId }) => versionId)
        .reverse();
    },

    async read(Key, VersionId) {
      const version = { Bucket, Key, VersionId };
      const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand(version));
      const { Body, ContentType = '', Metadata = {} } = await s3.send(new GetObjectCommand(version));
      const [sha256, md5] = [createHash('sha256'), createHash('md5')];
      let sizeBytes = 0;
      for await (const chunk of Body as Readable) {
        sizeBytes += chunk.length;
        for (const hash of [sha256, md5]) hash.update(chunk);
      }
      const tags = new URLSearchParams();
      for (const { Key: name = '', Value = '' } of TagSet) tags.append(name, Value);
      return {
        sizeBytes,
        sha256: sha256.digest('hex'),
        md5: md5.digest('hex'),
        contentType: ContentType,
        metadata: { ...Metadata },
        tagging: tags.toString(),
      };
    },

    async removeVersion(Key, VersionId) {
      await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    },

    async depthOf(QueueUrl) {
      const AttributeNames = [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ] as const;
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }),
      );
      return AttributeNames.reduce((sum, name) => sum + Number(Attributes?.[name]), 0);
    },

    // One after the other: what one has received and not yet noted would be missing for another.
    async reports() {
      taking = taking.then(() =>
        takeAll(queues.uploadReports, (report) => reportIds.add(String((report as { id?: unknown }).id))),
      );
      await taking;
      return reportIds;
    },

    async webhookEvents() {
      taking = taking.then(() =>
        takeAll(queues.webhooks, (message) => {
          const event = parseUploadEvent(message);
          if (!event) throw new Error(`the queue of webhooks has ${JSON.stringify(message)}`);
          events.push(event);
        }),
      );
      await taking;
      return events;
    },

    close() {
      for (const client of [s3, sqs, dynamoDb]) client.destroy();
    },
  };
}
