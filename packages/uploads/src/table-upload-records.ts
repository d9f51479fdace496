import {
  type Item,
  type ItemKey,
  isTallyItem,
  isUploadItem,
  type SightingItem,
  sightingItemKey,
  type TallyItem,
  tallyItemKey,
  toSighting,
  toTally,
  toUpload,
  type UploadItem,
  uploadItemKey,
} from './item.ts';
import type { ItemTable } from './item-table.ts';
import { keepUntil } from './transitions.ts';
import { SightingKind } from './upload.ts';
import type { UploadRecord, UploadRecords } from './upload-records.ts';

/** What BatchGetItem takes (Amazon DynamoDB API Reference). */
const MAX_BATCH_KEYS = 100;

export interface TableUploadRecordsOptions {
  readonly table: ItemTable;
  readonly now: () => Date;
  readonly tombstoneSeconds: number;
  /** Waits before the so-many-th attempt at keys that the table had no time for, 2 or more. */
  readonly pause: (attempt: number) => Promise<void>;
}

/** The records over any table: DynamoDB's, or the one in memory. */
export function createTableUploadRecords(options: TableUploadRecordsOptions): UploadRecords {
  const { table, now, tombstoneSeconds, pause } = options;

  async function getAll(keys: readonly ItemKey[]): Promise<Item[]> {
    const found: Item[] = [];
    for (let at = 0; at < keys.length; at += MAX_BATCH_KEYS) {
      let unread = keys.slice(at, at + MAX_BATCH_KEYS);
      for (let attempt = 1; unread.length > 0; attempt += 1) {
        if (attempt > 1) await pause(attempt);
        const answer = await table.getSome(unread);
        found.push(...answer.items);
        unread = [...answer.unread];
      }
    }
    return found;
  }

  return {
    async *pages() {
      let after: ItemKey | undefined;
      do {
        const page = await table.scan(after);
        yield page.items.map(toRecord);
        after = page.next;
      } while (after !== undefined);
    },

    async uploads(keys) {
      const items = await getAll([...new Set(keys)].map(uploadItemKey));
      return new Map(items.map((item) => [item.FullFilename, toUpload(item as UploadItem)]));
    },

    async sightings(names) {
      const keys = names.map(({ key, kind, versionId }) => sightingItemKey(key, kind, versionId));
      return (await getAll(keys)).map((item) => toSighting(item as SightingItem));
    },

    async tallies(keys, kind) {
      const items = await getAll([...new Set(keys)].map((key) => tallyItemKey(key, kind)));
      return new Map(items.map((item) => [item.FullFilename, toTally(item as TallyItem)]));
    },

    async keepLonger(key, versionId) {
      const until = Math.ceil(now().getTime() / 1000) + tombstoneSeconds;
      const kinds = Object.values(SightingKind);
      const keys = [
        uploadItemKey(key),
        ...kinds.flatMap((kind) => [sightingItemKey(key, kind, versionId), tallyItemKey(key, kind)]),
      ];
      for (const { FullFilename, item } of await getAll(keys)) {
        await table.update({ FullFilename, item }, keepUntil(until));
      }
    },
  };
}

function toRecord(item: Item): UploadRecord {
  if (isUploadItem(item)) return { upload: toUpload(item) };
  return isTallyItem(item) ? { tally: toTally(item) } : { sighting: toSighting(item as SightingItem) };
}
