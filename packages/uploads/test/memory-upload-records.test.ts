import t from 'tap';
import type { Item } from '../src/index.ts';
import { createMemoryUploadStore } from '../src/testing/index.ts';
import { uploadRecordsContract } from './contract/upload-records-contract.ts';

uploadRecordsContract(t, async () => {
  const clock = { now: new Date('2026-01-01T00:00:02.000Z') };
  const recordRetentionSeconds = 3600;
  const items = new Map<string, Item>();
  let serial = 0;
  const store = createMemoryUploadStore({
    now: () => clock.now,
    newToken: () => `token-${++serial}`,
    recordRetentionSeconds,
    stream: (item) => items.set(`${item.FullFilename} ${item.item}`, item),
  });
  const itemOf = async (key: string, item: string) => items.get(`${key} ${item}`) as never;
  return { store, records: store.records, clock, recordRetentionSeconds, itemOf };
});
