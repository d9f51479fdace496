import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  createDynamoDbUploadStore,
  type ObservedVersion,
  type Upload,
  UploadState,
  type UploadStore,
} from '@upload-once/uploads';
import type { LocalAwsFacts } from './stack.ts';

const LIMIT_MS = 30_000;
const BETWEEN_LOOKS_MS = 20;

/** The table of a running stack, to read from. */
export function openUploadStore(stack: LocalAwsFacts): UploadStore {
  const client = new DynamoDBClient({
    region: stack.region,
    endpoint: stack.endpoints.dynamodb,
    credentials: stack.credentials,
  });
  return createDynamoDbUploadStore({
    client,
    tableName: stack.tables.uploads,
    recordRetentionSeconds: 0,
    now: () => new Date(),
    newToken: () => '',
  });
}

/** Waits until an upload is processed. @throws Error after half a minute, with the state that it was in */
export async function waitUntilProcessed(uploads: UploadStore, key: string): Promise<Upload> {
  return waitFor(
    () => uploads.get(key),
    (upload) => upload?.state === UploadState.processed,
    (upload) => `${key} was not processed: it is ${upload?.state ?? 'unknown'}`,
  ) as Promise<Upload>;
}

/** Waits until so many other versions of an upload are reported. */
export async function waitUntilReported(
  uploads: UploadStore,
  key: string,
  count: number,
): Promise<ObservedVersion[]> {
  return waitFor(
    () => uploads.listObservedVersions(key),
    (observedVersions) => observedVersions.filter((each) => each.reported).length >= count,
    (observedVersions) =>
      `${key} has ${observedVersions.length} other versions on record, ${count} were expected`,
  );
}

/**
 * Polls from outside until the expected result is there, where no event reports it. The limit decides no successful run: it only
 * ends a wait that would last for ever. @throws Error with the complaint about the last result
 */
export async function waitFor<T>(
  look: () => Promise<T>,
  isThere: (seen: T) => boolean,
  complaint: (seen: T) => string,
  limitMs = LIMIT_MS,
): Promise<T> {
  const giveUpAt = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (isThere(seen)) return seen;
    if (Date.now() > giveUpAt) throw new Error(complaint(seen));
    await delay(BETWEEN_LOOKS_MS);
  }
}
