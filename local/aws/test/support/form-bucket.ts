import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Test } from 'tap';
import type { EventForQueue } from '../../src/events/event.ts';
import { type Provisioned, provision } from '../../src/provision.ts';
import { type LocalAws, startLocalAws } from '../../src/start.ts';
import { FORM_TYPE, formBody, type Part } from './form-body.ts';
import { REGION } from './signed-form.ts';

export const BUCKET = 'forms';

/** A provisioned bucket of the local S3 whose events are all held back, so that they can be looked at. */
export interface FormBucket {
  readonly localAws: LocalAws;
  readonly provisioned: Provisioned;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly dynamoDb: DynamoDBClient;
  /** `http://127.0.0.1:<port>/<bucket>`. */
  readonly url: string;
  /** S3's clock goes this much before the machine's. */
  setClockAheadSeconds(seconds: number): void;
  post(parts: readonly Part[], url?: string): Promise<Response>;
  /** The events made so far for the new versions; an event is made before the response to its request. */
  events(): readonly EventForQueue[];
  /** `key versionId` of every version. */
  versions(): Promise<string[]>;
  /** How many files of object data lie on disk, in use or not. */
  dataFiles(): Promise<number>;
  read(key: string): Promise<Buffer>;
}

export async function startFormBucket(t: Test): Promise<FormBucket> {
  let aheadMs = 0;
  const directory = t.testdir();
  const localAws = await startLocalAws({
    directory,
    now: () => new Date(Date.now() + aheadMs),
    onFault: (error) => t.fail(`S3 failed: ${String(error)}`),
  });
  const { endpoints, credentials } = localAws;
  const common = { region: REGION, credentials };
  const s3 = new S3Client({ ...common, endpoint: endpoints.s3, forcePathStyle: true });
  const sqs = new SQSClient({ ...common, endpoint: endpoints.sqs });
  const dynamoDb = new DynamoDBClient({ ...common, endpoint: endpoints.dynamodb });
  t.teardown(async () => {
    for (const client of [s3, sqs, dynamoDb]) client.destroy();
    await localAws.stop();
  });
  const provisioned = await provision(
    { s3, sqs, dynamoDb, sqsEndpoint: endpoints.sqs },
    { bucket: BUCKET, visibilitySeconds: 30, maxReceiveCount: 5 },
  );
  localAws.events.gate.hold();

  const url = `${endpoints.s3}/${BUCKET}`;
  return {
    localAws,
    provisioned,
    s3,
    sqs,
    dynamoDb,
    url,
    setClockAheadSeconds: (seconds) => {
      aheadMs = seconds * 1000;
    },
    post: (parts, to = url) =>
      fetch(to, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': FORM_TYPE },
        body: formBody(parts),
      }),
    events: () => localAws.events.gate.held(),
    async versions() {
      const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: BUCKET }));
      return Versions.map(({ Key, VersionId }) => `${Key} ${VersionId}`);
    },
    dataFiles: async () => (await readdir(join(directory, 's3', 'data'))).length,
    async read(key) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
  };
}
