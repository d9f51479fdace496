import { randomBytes } from 'node:crypto';
import { requestUpload, uploadFile } from '@upload-once/client';
import { waitUntilProcessed } from '@upload-once/local-stack/outcome.ts';
import type { Stack } from '@upload-once/local-stack/stack.ts';
import { type UploadStore, uploadIdOf } from '@upload-once/uploads';
import type { BareChain } from './bare-chain.ts';
import type { HandledUploads } from './handled-uploads.ts';

export const SMALL_BYTES = 4096;
const LIMIT_SECONDS = 60;

/** In milliseconds, one for each upload. */
export interface LeadTimes {
  readonly uploadOnce: readonly number[];
  readonly bareChain: readonly number[];
}

/**
 * `count` uploads with the client library, `concurrency` at once, each awaited to PROCESSED; after each of them the same
 * bytes go through the bare chain, so that both meet the same machine.
 */
export async function measureLeadTimes(options: {
  readonly stack: Stack;
  readonly uploads: UploadStore;
  readonly handled: HandledUploads;
  readonly bareChain: BareChain;
  readonly count: number;
  readonly concurrency: number;
}): Promise<LeadTimes> {
  const { stack, uploads, handled, bareChain, count, concurrency } = options;
  const content = randomBytes(SMALL_BYTES);
  const uploadOnce: number[] = [];
  const bare: number[] = [];
  let begun = 0;

  async function work(): Promise<void> {
    while (begun < count) {
      begun += 1;
      uploadOnce.push(await uploadOneMs());
      bare.push(await bareChain.leadTimeMs(content));
    }
  }

  /** As the table has it: processedAt − storedAt. */
  async function uploadOneMs(): Promise<number> {
    const { key, ...form } = await requestUpload({ issuerUrl: stack.issuerUrl, apiKey: stack.apiKey });
    await uploadFile({ form: { key, ...form }, file: { blob: new Blob([content]), name: 'small' } });
    await handled.whenHandled(uploadIdOf(key), LIMIT_SECONDS);
    const { claimed, processedAt } = await waitUntilProcessed(uploads, key);
    if (!claimed || !processedAt) throw new Error(`${key} is processed, but has no times`);
    return processedAt.getTime() - claimed.storedAt.getTime();
  }

  await Promise.all(Array.from({ length: concurrency }, work));
  return { uploadOnce, bareChain: bare };
}
