import type { Table } from '@upload-once/table';
import type { ItemKey } from '../item.ts';
import {
  type IdempotencyItem,
  idempotencyItem,
  idempotencyItemKey,
  idempotencyRecordFrom,
} from './idempotency-item.ts';
import type { IdempotencyStore } from './idempotency-store.ts';

/** Between a write that found an item and the read of that item the TTL may have taken it: then all begins again, once. */
const ATTEMPTS = 2;

/** The idempotency keys over any table: DynamoDB's, or the one in memory. */
export function createTableIdempotencyStore(options: {
  readonly table: Table<ItemKey, IdempotencyItem>;
  readonly now: () => Date;
}): IdempotencyStore {
  const { table, now } = options;

  /** False: another record stands there. A client's own retry finds the item of its first attempt, and takes it for its own. */
  function put(item: IdempotencyItem, replacing: string | undefined): Promise<boolean> {
    return table.putIfAbsent(item, {
      orReplace: [
        { attribute: 'deleteAt', atMost: Math.floor(now().getTime() / 1000) },
        { attribute: 'writer', in: [item.writer, replacing ?? item.writer] },
      ],
    });
  }

  return {
    async reserve(key, record, replacing) {
      const item = idempotencyItem(key, record);
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        if (await put(item, replacing)) return record;
        const found = await table.get(idempotencyItemKey(key));
        if (found) return idempotencyRecordFrom(found);
      }
      throw new Error(`the item ${item.id} was there for every write and for no read`);
    },
  };
}
