import { randomBytes } from 'node:crypto';
import { requestUpload, uploadFile } from '@upload-once/client';
import { waitUntilProcessed } from '@upload-once/local-stack/outcome.ts';
import type { Stack } from '@upload-once/local-stack/stack.ts';
import { type UploadStore, uploadIdOf } from '@upload-once/uploads';
import type { HandledUploads } from './handled-uploads.ts';
import { plainPut } from './plain-put.ts';

const MIB = 1024 * 1024;
const LIMIT_SECONDS = 600;
const CHUNK = randomBytes(256 * 1024);

export interface Throughput {
  readonly uploadOnceMibPerSecond: number;
  readonly plainPutMibPerSecond: number;
  /** From the client's 204 to the processedAt in the table. */
  readonly secondsToProcessed: number;
}

/**
 * One big upload with the client library between two plain PUTs of the same bytes, so that a machine which grows slower or
 * faster does so for both; theirs is the mean of the two.
 */
export async function measureThroughput(options: {
  readonly stack: Stack;
  readonly uploads: UploadStore;
  readonly handled: HandledUploads;
  /** Where the plain PUTs go; no service hears of what is stored there. */
  readonly plainBucket: string;
  readonly sizeMib: number;
}): Promise<Throughput> {
  const { stack, uploads, handled, plainBucket, sizeMib } = options;
  const sizeBytes = sizeMib * MIB;
  // The same key twice: a bucket without versions keeps the last one only.
  const target = { bucket: plainBucket, key: 'big' };
  const put = () => secondsOf(plainPut(stack, target, repeatedBytes(sizeBytes), sizeBytes));

  const before = await put();
  const form = await requestUpload({ issuerUrl: stack.issuerUrl, apiKey: stack.apiKey });
  const file = { stream: repeatedBytes(sizeBytes), name: 'big', sizeBytes };
  const uploadSeconds = await secondsOf(uploadFile({ form, file }));
  const respondedAtMs = Date.now();
  await handled.whenHandled(uploadIdOf(form.key), LIMIT_SECONDS);
  const { processedAt } = await waitUntilProcessed(uploads, form.key);
  if (!processedAt) throw new Error(`${form.key} is processed, but has no time`);
  const after = await put();

  return {
    uploadOnceMibPerSecond: sizeMib / uploadSeconds,
    plainPutMibPerSecond: (2 * sizeMib) / (before + after),
    secondsToProcessed: (processedAt.getTime() - respondedAtMs) / 1000,
  };
}

/** So many bytes out of memory, the same chunk again and again: no disk is read, so that only the way to S3 is measured. */
async function* repeatedBytes(sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let left = sizeBytes; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, left);
}

async function secondsOf(work: Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await work;
  return (performance.now() - startedAtMs) / 1000;
}
