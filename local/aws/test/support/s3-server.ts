import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { S3Client, type S3ClientConfig, S3ServiceException } from '@aws-sdk/client-s3';
import type { Test } from 'tap';
import type { ObjectCreated } from '../../src/s3/call.ts';
import { createS3Server, type S3ServerOptions } from '../../src/s3/server.ts';
import { createObjectStorage } from '../../src/storage/create-object-storage.ts';
import type { ObjectStorage } from '../../src/storage/object-storage.ts';

export const CREDENTIALS = { accessKeyId: 'AKIALOCAL', secretAccessKey: 'local-secret' };
export const TEMPORARY = {
  accessKeyId: 'ASIALOCAL',
  secretAccessKey: 'other-secret',
  sessionToken: 'token/+==',
};
export const REGION = 'eu-central-1';
export const BUCKET = 'bucket';

export interface RunningS3 {
  readonly endpoint: string;
  readonly client: S3Client;
  readonly storage: ObjectStorage;
  /** Every event, in the order they came. */
  readonly events: ObjectCreated[];
  readonly faults: unknown[];
  /** How many files of bytes there are. */
  countFiles(): Promise<number>;
  connect(config?: Partial<S3ClientConfig>): S3Client;
}

const ids = () => randomBytes(15).toString('base64url');

/** A server on a free port with a versioned bucket; closed when the test ends. */
export async function startS3(test: Test, options: Partial<S3ServerOptions> = {}): Promise<RunningS3> {
  const directory = test.testdir();
  const now = options.now ?? (() => new Date());
  const storage = options.storage ?? (await createObjectStorage({ directory, now, ids }));
  await storage.createBucket(BUCKET);
  await storage.configure(BUCKET, { versioning: 'Enabled' });
  const events: ObjectCreated[] = [];
  const faults: unknown[] = [];
  const server = createS3Server({
    storage,
    now,
    region: REGION,
    credentials: [CREDENTIALS, TEMPORARY],
    requestIds: ids,
    onCreated: (created) => events.push(created),
    onFault: (fault) => faults.push(fault),
    testDestinations: async () => undefined,
    postObject: async ({ response }) => void response.writeHead(204).end(),
    ...options,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clients: S3Client[] = [];
  const connect = (config: Partial<S3ClientConfig> = {}) => {
    const client = new S3Client({
      endpoint,
      region: REGION,
      credentials: CREDENTIALS,
      forcePathStyle: true,
      maxAttempts: 1,
      ...config,
    });
    clients.push(client);
    return client;
  };
  test.teardown(async () => {
    for (const client of clients) client.destroy();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const countFiles = async () => (await readdir(join(directory, 'data'))).length;
  return { endpoint, client: connect(), storage, events, faults, countFiles, connect };
}

/** What a refused call was refused with. */
export async function refusalOf(
  call: Promise<unknown>,
): Promise<{ code: string; status: number | undefined; error: S3ServiceException }> {
  const error: unknown = await call.then(
    () => undefined,
    (reason) => reason,
  );
  if (!(error instanceof S3ServiceException)) throw new Error('a refusal was expected', { cause: error });
  return { code: error.name, status: error.$metadata.httpStatusCode, error };
}
