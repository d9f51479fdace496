import { type Clock, pause, systemClock } from '@upload-once/clock';
import { createGroups, ItemsRefused, type PreparedItem, WaitedTooLong } from '@upload-once/table';
import { type IssuedUploads, TableBusy } from '../ports/issued-uploads.ts';
import type { ItemTable } from '../ports/item-table.ts';
import { issuedItem } from './item.ts';

/** Amazon DynamoDB API Reference, "BatchWriteItem". */
const MOST_AT_ONCE = 25;
const ATTEMPTS = 4;
const FIRST_WAIT_MS = 50;
/** After which no other attempt begins: the client waits for five seconds, and a second key may be needed. */
const ATTEMPTS_LIMIT_MS = 1_000;

export interface GroupedIssueOptions {
  readonly table: Pick<ItemTable, 'prepare' | 'putAll'>;
  /** A value that no other write has: its writer's token. */
  readonly newToken: () => string;
  /** See `TableUploadStoreOptions`. */
  readonly recordRetentionSeconds: number;
  readonly clock?: Pick<Clock, 'after' | 'monotonicMs'>;
  /** Told how many uploads a write has, before it. */
  readonly onWrite?: ((uploads: number) => void) | undefined;
}

/** Whether it was written. An error says that the table refused it for what it is. */
type Outcome = boolean | ItemsRefused;

/** Records issued uploads in groups: a call to DynamoDB costs far more than an item in it. */
export function createGroupedIssue(options: GroupedIssueOptions): IssuedUploads {
  const { table, newToken, recordRetentionSeconds, clock = systemClock, onWrite } = options;
  const groups = createGroups({ most: MOST_AT_ONCE, call: write, clock });

  async function write(group: readonly PreparedItem[]): Promise<readonly Outcome[]> {
    onWrite?.(group.length);
    try {
      const unwritten = new Set(await table.putAll(group));
      return group.map((item) => !unwritten.has(item));
    } catch (error) {
      if (!(error instanceof ItemsRefused)) throw error;
      if (group.length === 1) return [error];
      // One of them is the cause, and the others are not to suffer for it.
      return (await Promise.all(group.map((item) => write([item])))).flat();
    }
  }

  async function writeInTime(item: PreparedItem): Promise<void> {
    const endMs = clock.monotonicMs() + ATTEMPTS_LIMIT_MS;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await groups.add(item);
      if (outcome === true) return;
      if (outcome !== false) throw outcome;
      if (attempt === ATTEMPTS || clock.monotonicMs() > endMs)
        throw new TableBusy(`the table had no capacity, ${attempt} times in a row`);
      // Not in the group's call, for which others wait.
      await pause(clock, FIRST_WAIT_MS * 3 ** (attempt - 1));
    }
  }

  return {
    async record(upload, beforeWrite) {
      const deleteAt = Math.ceil(upload.expiresAt.getTime() / 1000) + recordRetentionSeconds;
      const item = table.prepare(issuedItem(upload, deleteAt, newToken()));
      await beforeWrite?.();
      try {
        await writeInTime(item);
      } catch (error) {
        if (error instanceof WaitedTooLong) throw new TableBusy(error.message, { cause: error });
        throw error;
      }
    },
  };
}
