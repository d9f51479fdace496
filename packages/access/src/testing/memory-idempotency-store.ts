import {
  type IdempotencyItem,
  idempotencyItem,
  idempotencyRecordFrom,
} from '../idempotency/idempotency-item.ts';
import type { IdempotencyStore } from '../idempotency/idempotency-store.ts';

/** The fake of the idempotency keys in memory, for tests. */
export function createMemoryIdempotencyStore(options: { readonly now: () => Date }): IdempotencyStore {
  const items = new Map<string, IdempotencyItem>();
  return {
    async reserve(key, record, replacing) {
      const item = idempotencyItem(key, record);
      const address = `${item.id} ${item.item}`;
      const found = items.get(address);
      const stays =
        found !== undefined &&
        found.deleteAt > Math.floor(options.now().getTime() / 1000) &&
        found.writer !== replacing;
      if (!stays) items.set(address, item);
      return idempotencyRecordFrom(stays ? found : item);
    },
  };
}
