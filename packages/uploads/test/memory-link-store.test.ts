import t from 'tap';
import type { Item } from '../src/index.ts';
import { createMemoryUploadStore } from '../src/testing/index.ts';
import { linkStoreContract } from './contract/link-store-contract.ts';

linkStoreContract(t, async () => {
  const recordRetentionSeconds = 3600;
  const items = new Map<string, Item>();
  let serial = 0;
  const store = createMemoryUploadStore({
    now: () => new Date('2026-01-01T00:00:02.000Z'),
    newToken: () => `token-${++serial}`,
    recordRetentionSeconds,
    stream: (item) => items.set(`${item.FullFilename} ${item.item}`, item),
  });
  const itemOf = async (key: string, item: string) => items.get(`${key} ${item}`) as never;
  return { store, links: store.links, recordRetentionSeconds, itemOf };
});
