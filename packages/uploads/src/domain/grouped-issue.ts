import { createGroups, ItemsRefused, type PreparedItem } from '@upload-once/table';
import { type IssuedUploads, TableBusy } from '../ports/issued-uploads.ts';
import type { ItemTable } from '../ports/item-table.ts';
import { issuedItem } from './item.ts';

/** Amazon DynamoDB API Reference, "BatchWriteItem". */
const MOST_AT_ONCE = 25;
const ATTEMPTS = 4;
const FIRST_WAIT_MS = 50;

export interface GroupedIssueOptions {
  readonly table: Pick<ItemTable, 'prepare' | 'putAll'>;
  /** A value that no other write has: its writer's token. */
  readonly newToken: () => string;
  /** See `TableUploadStoreOptions`. */
  readonly recordRetentionSeconds: number;
  readonly pause: (ms: number) => Promise<unknown>;
}

interface Waiting {
  readonly item: PreparedItem;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Records issued uploads in groups: a call to DynamoDB costs far more than an item in it. */
export function createGroupedIssue(options: GroupedIssueOptions): IssuedUploads {
  const { table, newToken, recordRetentionSeconds, pause } = options;
  const groups = createGroups<Waiting>({ most: MOST_AT_ONCE, call: (group) => write(group), pause });

  /** Settles each of the group, and never rejects. A failure concerns only those whose outcome it leaves open. */
  async function write(group: readonly Waiting[], attempt = 1): Promise<void> {
    try {
      const unwritten = new Set(await table.putAll(group.map(({ item }) => item)));
      for (const { item, resolve } of group) if (!unwritten.has(item)) resolve();
      const left = group.filter(({ item }) => unwritten.has(item));
      if (left.length === 0) return;
      if (attempt === ATTEMPTS) throw new TableBusy(`the table had no capacity, ${ATTEMPTS} times in a row`);
      await pause(FIRST_WAIT_MS * 3 ** (attempt - 1));
      await write(left, attempt + 1);
    } catch (error) {
      if (error instanceof ItemsRefused && group.length > 1) {
        // One of them is the cause, and the others are not to suffer for it.
        await Promise.all(group.map((one) => write([one])));
        return;
      }
      // Of those that were written already this changes nothing.
      for (const { reject } of group) reject(error);
    }
  }

  return {
    async record(upload, beforeWrite) {
      const deleteAt = Math.ceil(upload.expiresAt.getTime() / 1000) + recordRetentionSeconds;
      const item = table.prepare(issuedItem(upload, deleteAt, newToken()));
      await beforeWrite?.();
      await new Promise<void>((resolve, reject) => groups.add({ item, resolve, reject }));
    },
  };
}
