import { randomBytes, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { LocalAwsFacts } from '@upload-once/local-stack/stack.ts';
import { createDynamoDbUploadStore, makeUploadKey, type UploadStore } from '@upload-once/uploads';
import { type Content, sha256Of } from './content.ts';
import { takeReports } from './take-reports.ts';

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
  put(key: string, content: Content): Promise<string>;
  /** Oldest first. */
  versionsOf(key: string): Promise<string[]>;
  read(key: string, versionId: string): Promise<Omit<Content, 'bytes'>>;
  removeVersion(key: string, versionId: string): Promise<void>;
  /** Messages in a queue: visible and in flight together. */
  depthOf(queueUrl: string): Promise<number>;
  /** The ids of all reports that a reader has got so far. */
  reports(): Promise<ReadonlySet<string>>;
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
  const reports = new Set<string>();
  const uploads = createDynamoDbUploadStore({
    client: dynamoDb,
    tableName: tables.uploads,
    recordRetentionSeconds: 0,
    now: () => new Date(),
    newToken: randomUUID,
  });

  return {
    uploads,

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
      const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: key }));
      return Versions.filter(({ Key }) => Key === key)
        .map(({ VersionId = '' }) => VersionId)
        .reverse();
    },

    async read(Key, VersionId) {
      const version = { Bucket, Key, VersionId };
      const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand(version));
      const { Body, ContentType = '', Metadata = {} } = await s3.send(new GetObjectCommand(version));
      const chunks: Uint8Array[] = await (Body as Readable).toArray();
      const tags = new URLSearchParams();
      for (const { Key: name = '', Value = '' } of TagSet) tags.append(name, Value);
      return {
        sha256: sha256Of(chunks),
        contentType: ContentType,
        metadata: Metadata,
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
      ] as const;
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }),
      );
      return AttributeNames.reduce((sum, name) => sum + Number(Attributes?.[name]), 0);
    },

    async reports() {
      for (const id of await takeReports(sqs, queues.uploadReports)) reports.add(id);
      return reports;
    },

    close() {
      for (const client of [s3, sqs, dynamoDb]) client.destroy();
    },
  };
}
