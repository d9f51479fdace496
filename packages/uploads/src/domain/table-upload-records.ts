import type { ItemTable } from '../ports/item-table.ts';
import type { VersionName } from '../ports/object-store.ts';
import { repairName, type UploadRecord, type UploadRecords } from '../ports/upload-records.ts';
import { type Adoption, type AdoptionWrite, adopt, adoptedItem } from './adoption.ts';
import {
  type Item,
  isRepairItem,
  isTallyItem,
  isUploadItem,
  type ObservedVersionItem,
  observedVersionItemKey,
  type RepairItem,
  repairedVersionOf,
  repairItemKey,
  SCHEMA_VERSION,
  type TallyItem,
  tallyItemKey,
  toObservedVersion,
  toTally,
  toUpload,
  type UploadItem,
  uploadItemKey,
} from './item.ts';
import type { ItemKey } from './item-key.ts';
import { isOfLink } from './link-item.ts';
import { keepUntil } from './transitions.ts';
import { LONGEST_UPLOAD_SECONDS, ObservedKind } from './upload.ts';

/** What BatchGetItem takes (Amazon DynamoDB API Reference). */
const MAX_BATCH_KEYS = 100;
/** The longest that SQS keeps a message, in a queue and its dead-letter queue together (Amazon SQS Developer Guide, "Using dead-letter queues"). */
const MESSAGE_SECONDS = 14 * 86_400;

export interface TableUploadRecordsOptions {
  readonly table: ItemTable;
  readonly now: () => Date;
  readonly recordRetentionSeconds: number;
  /** Waits before the so-many-th attempt at keys that the table had no time for, 2 or more. */
  readonly pause: (attempt: number) => Promise<void>;
}

/** The records over any table: DynamoDB's, or the one in memory. */
export function createTableUploadRecords(options: TableUploadRecordsOptions): UploadRecords {
  const { table, now, recordRetentionSeconds, pause } = options;

  async function getAll(keys: readonly ItemKey[]): Promise<Item[]> {
    const found: Item[] = [];
    for (let at = 0; at < keys.length; at += MAX_BATCH_KEYS) {
      let unread = keys.slice(at, at + MAX_BATCH_KEYS);
      for (let attempt = 1; unread.length > 0; attempt += 1) {
        if (attempt > 1) await pause(attempt);
        const result = await table.getSome(unread);
        found.push(...result.items);
        unread = [...result.unread];
      }
    }
    return found;
  }

  async function writeRepair(version: VersionName, deleteAt: number): Promise<void> {
    await table.update(repairItemKey(version), {
      when: [],
      set: { schemaVersion: SCHEMA_VERSION, repairSentAt: now().toISOString(), deleteAt },
      orCreate: true,
    });
  }

  async function writeAdoption(adoption: Adoption, write: AdoptionWrite, deleteAt: number): Promise<boolean> {
    const item = adoptedItem(adoption, write, deleteAt);
    if (item) return table.putIfAbsent(item);
    const { when = [], set } = adopt(adoption, write) ?? {};
    const isReadable = { attribute: 'schemaVersion', atMost: SCHEMA_VERSION } as const;
    const change = { when: [...when, isReadable], set: { ...set, deleteAt } };
    return (await table.update(uploadItemKey(adoption.key), change)).isWritten;
  }

  return {
    async *pages() {
      for await (const items of table.scan()) {
        yield items.filter((item) => !isRepairItem(item) && !isOfLink(item)).map(toRecord);
      }
    },

    async uploads(keys) {
      const items = await getAll([...new Set(keys)].map(uploadItemKey));
      return new Map(items.map((item) => [item.FullFilename, toUpload(item as UploadItem)]));
    },

    async observedVersions(names) {
      const keys = names.map(({ key, kind, versionId }) => observedVersionItemKey(key, kind, versionId));
      return (await getAll(keys)).map((item) => toObservedVersion(item as ObservedVersionItem));
    },

    async tallies(keys, kind) {
      const items = await getAll([...new Set(keys)].map((key) => tallyItemKey(key, kind)));
      return new Map(items.map((item) => [item.FullFilename, toTally(item as TallyItem)]));
    },

    async keepLonger(key, versionId) {
      const until = Math.ceil(now().getTime() / 1000) + recordRetentionSeconds;
      const kinds = Object.values(ObservedKind);
      const keys = [
        uploadItemKey(key),
        ...kinds.flatMap((kind) => [observedVersionItemKey(key, kind, versionId), tallyItemKey(key, kind)]),
      ];
      for (const { FullFilename, item } of await getAll(keys)) {
        await table.update({ FullFilename, item }, keepUntil(until));
      }
    },

    async repairs(versions) {
      const nowSeconds = now().getTime() / 1000;
      const named = new Map(versions.map((version) => [repairName(version), version]));
      const items = await getAll([...named.values()].map((version) => repairItemKey(version)));
      return new Map(
        (items as RepairItem[])
          // DynamoDB deletes an item up to days after its time.
          .filter(({ deleteAt }) => deleteAt > nowSeconds)
          .map((item) => [repairName(repairedVersionOf(item)), new Date(item.repairSentAt)]),
      );
    },

    recordRepair: (version) => writeRepair(version, Math.ceil(now().getTime() / 1000) + MESSAGE_SECONDS),
    // Not a delete, for which an operator would need one permission more: `repairs` leaves out what is over.
    forgetRepair: (version) => writeRepair(version, Math.floor(now().getTime() / 1000)),

    async adopt(adoption, word, token) {
      const write = { word, token, now: now() };
      const deleteAt =
        Math.ceil(write.now.getTime() / 1000) + recordRetentionSeconds + LONGEST_UPLOAD_SECONDS;
      if (await writeAdoption(adoption, write, deleteAt)) return true;
      // A retry meets its own first attempt, whose response was lost.
      const found = await table.get(uploadItemKey(adoption.key));
      return (found as UploadItem | undefined)?.writer === token;
    },
  };
}

function toRecord(item: Item): UploadRecord {
  if (isUploadItem(item)) return { upload: toUpload(item) };
  return isTallyItem(item)
    ? { tally: toTally(item) }
    : { observedVersion: toObservedVersion(item as ObservedVersionItem) };
}
