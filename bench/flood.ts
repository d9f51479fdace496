import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { requestUpload, type UploadForm, uploadFile } from '@upload-once/client';
import { waitUntilProcessed } from '@upload-once/local-stack/outcome.ts';
import type { Stack } from '@upload-once/local-stack/stack.ts';
import { type UploadStore, uploadIdOf } from '@upload-once/uploads';
import type { HandledUploads } from './handled-uploads.ts';
import { SMALL_BYTES } from './lead-times.ts';

const LIMIT_SECONDS = 120;
const BETWEEN_LOOKS_MS = 50;
/** Posts of the flood, or of the same number of ordinary uploads, that are under way at once. */
export const FLOOD_CONCURRENCY = 16;
/** Uploads of others that are under way at once. */
export const OTHERS_CONCURRENCY = 4;

/** Lead times of other clients' uploads in milliseconds, and how the flood went. */
export interface FloodTimes {
  readonly quiet: readonly number[];
  /** While as many ordinary uploads arrive as the flood has: each with a form of its own. */
  readonly busy: readonly number[];
  readonly flooded: readonly number[];
  /** From the first duplicate's POST to the last one's 204, and to the end of the last event. */
  readonly secondsToPost: number;
  readonly secondsToClear: number;
}

/**
 * The lead time of other clients' small uploads while one form is used `duplicates` times, beside two baselines: nothing else arrives, and
 * the same number of ordinary uploads arrives at the same concurrency. The second separates fairness from the machine's speed: a flood must
 * not cost others more than ordinary traffic does. Half of the quiet uploads come first and half last, so that a machine that slows down does so for both.
 */
export async function measureFlood(options: {
  readonly stack: Stack;
  readonly uploads: UploadStore;
  readonly handled: HandledUploads;
  readonly duplicates: number;
  readonly quietUploads: number;
}): Promise<FloodTimes> {
  const { stack, uploads, handled, duplicates, quietUploads } = options;
  const content = new Blob([randomBytes(SMALL_BYTES)]);
  const file = { blob: content, name: 'small' };
  const sqs = new SQSClient({
    region: stack.region,
    endpoint: stack.endpoints.sqs,
    credentials: { ...stack.credentials },
  });

  const newForm = () => requestUpload({ issuerUrl: stack.issuerUrl, apiKey: stack.apiKey });

  async function leadTimeMs(): Promise<number> {
    const form = await newForm();
    await uploadFile({ form, file });
    await handled.whenHandled(uploadIdOf(form.key), LIMIT_SECONDS);
    const { claimed, processedAt } = await waitUntilProcessed(uploads, form.key);
    if (!claimed || !processedAt) throw new Error(`${form.key} is processed, but has no times`);
    return processedAt.getTime() - claimed.storedAt.getTime();
  }

  async function othersUntil(isOver: () => boolean): Promise<number[]> {
    const times: number[] = [];
    await Promise.all(
      Array.from({ length: OTHERS_CONCURRENCY }, async () => {
        while (!isOver()) times.push(await leadTimeMs());
      }),
    );
    return times;
  }

  async function quiet(count: number): Promise<number[]> {
    let left = count;
    return othersUntil(() => left-- <= 0);
  }

  async function depth(): Promise<number> {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const ask = new GetQueueAttributesCommand({
      QueueUrl: stack.queues.uploadEvents,
      AttributeNames: [...names],
    });
    const { Attributes } = await sqs.send(ask);
    return names.reduce((sum, name) => sum + Number(Attributes?.[name]), 0);
  }

  /** Posts one file with each form. */
  async function post(forms: readonly UploadForm[]): Promise<void> {
    const left = [...forms];
    await Promise.all(
      Array.from({ length: FLOOD_CONCURRENCY }, async () => {
        for (let form = left.pop(); form; form = left.pop()) await uploadFile({ form, file });
      }),
    );
  }

  /** Others' lead times from the first post until the last event of these posts was handled. */
  async function beside(forms: readonly UploadForm[]) {
    const startedAtMs = performance.now();
    let isOver = false;
    const others = othersUntil(() => isOver);
    await post(forms);
    const postedAtMs = performance.now();
    // What is left then are events of the others.
    while ((await depth()) > OTHERS_CONCURRENCY) await delay(BETWEEN_LOOKS_MS);
    const clearedAtMs = performance.now();
    isOver = true;
    return {
      times: await others,
      secondsToPost: (postedAtMs - startedAtMs) / 1000,
      secondsToClear: (clearedAtMs - startedAtMs) / 1000,
    };
  }

  const before = await quiet(Math.ceil(quietUploads / 2));
  const ownForms = await Promise.all(Array.from({ length: duplicates }, newForm));
  const busy = await beside(ownForms);
  const used = await newForm();
  await uploadFile({ form: used, file });
  await handled.whenHandled(uploadIdOf(used.key), LIMIT_SECONDS);
  const flooded = await beside(Array.from({ length: duplicates }, () => used));
  const after = await quiet(Math.floor(quietUploads / 2));
  sqs.destroy();
  const { times, ...flood } = flooded;
  return { quiet: [...before, ...after], busy: busy.times, flooded: times, ...flood };
}
