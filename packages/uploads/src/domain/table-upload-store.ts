import type { Change, Condition, ItemTable } from '../ports/item-table.ts';
import { type Transition, UploadAlreadyIssued, type UploadStore } from '../ports/upload-store.ts';
import {
  type Item,
  isObservedVersionItem,
  issuedItem,
  isTallyItem,
  isUploadItem,
  type ObservedVersionItem,
  observedVersionItem,
  observedVersionItemKey,
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
import * as transitions from './transitions.ts';
import { LONGEST_UPLOAD_SECONDS, ObservedKind, type ObservedVersion, type Tally } from './upload.ts';

export interface TableUploadStoreOptions {
  readonly table: ItemTable;
  readonly now: () => Date;
  /** A value that no other write has: its writer's token. */
  readonly newToken: () => string;
  /** How long an item outlives its last transition, and its form. */
  readonly recordRetentionSeconds: number;
}

/** What a later release has made of an item is not changed by one that can't read it: they run side by side while one replaces the other. */
const IS_READABLE: Condition = { attribute: 'schemaVersion', atMost: SCHEMA_VERSION };

/** The upload store over any table that can write conditionally: DynamoDB's, or the one in memory. */
export function createTableUploadStore(options: TableUploadStoreOptions): UploadStore {
  const { table, now, newToken, recordRetentionSeconds } = options;

  function deleteAt(lastUse = now()): number {
    return Math.ceil(lastUse.getTime() / 1000) + recordRetentionSeconds;
  }

  /**
   * Nothing that refers to an upload is younger than its last transition, or than the last use of its form. A write does not know
   * when the last form ends, and must not bring the deletion forward: it takes the latest that it can be.
   */
  function uploadDeleteAt(): number {
    return deleteAt() + LONGEST_UPLOAD_SECONDS;
  }

  async function read(key: string) {
    const item = await table.get(uploadItemKey(key));
    return item && readUpload(item);
  }

  async function transition(key: string, change: Change): Promise<Transition> {
    const writer = newToken();
    const when = [...change.when, IS_READABLE];
    const signed = { ...change, when, set: { ...change.set, deleteAt: uploadDeleteAt(), writer } };
    const { isWritten, item } = await table.update(uploadItemKey(key), signed);
    const found = item ? readUpload(item) : await read(key);
    if (found && (isWritten || found.writer === writer)) return { applied: true, upload: found.upload };
    return { applied: false, upload: found?.upload };
  }

  async function getTally(key: string, kind: ObservedKind): Promise<Tally | undefined> {
    const item = (await table.get(tallyItemKey(key, kind))) as TallyItem | undefined;
    return item && toTally(item);
  }

  /** Undefined: a condition did not hold. */
  async function writeTally(key: string, kind: ObservedKind, change: Change): Promise<Tally | undefined> {
    const facts = { schemaVersion: SCHEMA_VERSION, kind, deleteAt: deleteAt(), writer: newToken() };
    const { isWritten, item } = await table.update(tallyItemKey(key, kind), {
      ...change,
      orCreate: true,
      when: [...change.when, { ...IS_READABLE, orAbsent: true }],
      set: { ...change.set, ...facts },
    });
    return isWritten ? toTally(item as TallyItem) : undefined;
  }

  return {
    async issue(upload, beforeWrite) {
      const writer = newToken();
      const item = issuedItem(upload, deleteAt(upload.expiresAt), writer);
      if (await table.putIfAbsent(item, { beforeWrite })) return;
      const found = await read(upload.key);
      if (found?.writer !== writer) throw new UploadAlreadyIssued(`${upload.key} was issued before`);
    },

    async get(key) {
      return (await read(key))?.upload;
    },

    claim: (key, version) => transition(key, transitions.claim(version, now())),
    accept: (key, acceptance) => transition(key, transitions.accept(acceptance, now())),
    revoke: (key) => transition(key, transitions.revoke(now())),
    changeExpiry: ({ key, expiresAt }, to) => transition(key, transitions.changeExpiry(expiresAt, to)),

    async startProcessing(key, lease, beforeTakeover) {
      // Nearly every upload needs one attempt, and for that no read.
      const first = await transition(key, transitions.startFirstAttempt(lease, now()));
      const { upload } = first;
      if (first.applied && first.upload.acceptedVersionId === lease.acceptedVersionId)
        return { ...first, lastLeaseRanOut: false };
      const change = upload && transitions.startProcessing(upload, lease, now());
      if (!upload || !change) return { applied: false, upload };
      const lastLeaseRanOut = transitions.holdsLease(upload);
      if (lastLeaseRanOut) beforeTakeover?.();
      const started = await transition(key, change);
      return started.applied ? { ...started, lastLeaseRanOut } : started;
    },

    renewLease: (key, holder, leaseSeconds) =>
      transition(key, transitions.renewLease(holder, leaseSeconds, now())),
    releaseLease: (key, attempt) => transition(key, transitions.releaseLease(attempt, now())),
    finish: (key, attempt) => transition(key, transitions.finish(attempt, now())),
    fail: (key, attempt, reasons) => transition(key, transitions.fail(attempt, reasons, now())),

    async recordObservedVersion(key, kind, version, { isIdentical = false } = {}) {
      const written = { recordedAt: now(), deleteAt: deleteAt(), writer: newToken(), isIdentical };
      const item = observedVersionItem(key, kind, version, written);
      if (await table.putIfAbsent(item)) return toObservedVersion(item);
      const found = (await table.get(observedVersionItemKey(key, kind, version.versionId))) as
        | ObservedVersionItem
        | undefined;
      return toObservedVersion(found ?? item);
    },

    async isObserved(key, kind, versionId) {
      return (await table.get(observedVersionItemKey(key, kind, versionId))) !== undefined;
    },

    async markReported(key, kind, versionId) {
      const itemKey: ItemKey = observedVersionItemKey(key, kind, versionId);
      await table.update(itemKey, {
        when: [],
        set: { reported: true, deleteAt: deleteAt(), writer: newToken() },
      });
    },

    async reserveEvidence(key, kind, versionId, limit) {
      // Read first: a write whose condition fails is billed as a write, and most versions of a flood get no place.
      for (;;) {
        const tally = (await getTally(key, kind)) ?? emptyTally(key, kind);
        const { keptVersionIds, surplus } = tally;
        if (keptVersionIds.has(versionId)) return { isKept: true, tally };
        if (surplus > 0 || keptVersionIds.size >= limit) return { isKept: false, tally };
        const written = await writeTally(key, kind, {
          when: [
            { attribute: 'surplus', absent: true },
            { attribute: 'kept', fewerMembersThan: limit },
          ],
          set: {},
          include: { kept: versionId },
        });
        if (written) return { isKept: true, tally: written };
        // Another version took a place in between, or an earlier attempt of this write did: the next read shows which.
      }
    },

    async countSurplus(key, kind, count) {
      const set = { countedAt: now().toISOString() };
      const change = { when: [], set, add: { surplus: count } };
      // It is not written only where a later release has made the item, which the read refuses.
      const counted = (await writeTally(key, kind, change)) ?? (await getTally(key, kind));
      return counted ?? emptyTally(key, kind);
    },

    async markSurplusReported(key, kind, count) {
      const when = [{ attribute: 'surplusReported', below: count, orAbsent: true }] as const;
      await writeTally(key, kind, { when, set: { surplusReported: count } });
    },

    getTally,

    async getWithObservedVersions(key, most) {
      // The upload's own item has the last name of all; the tallies come right before it. A link's item lies among the versions.
      const items = await table.queryLast(key, most + 2 + Object.keys(ObservedKind).length);
      const uploadItem = items.find(isUploadItem);
      return (
        uploadItem && {
          upload: toUpload(uploadItem),
          observedVersions: lastOf(observedVersionsIn(items.reverse()), most),
          tallies: items.filter(isTallyItem).map(toTally),
        }
      );
    },

    async listObservedVersions(key) {
      return observedVersionsIn(await table.query(key));
    },

    ping: (signal) => table.ping(signal),
  };
}

function readUpload(item: Item) {
  return { upload: toUpload(item as UploadItem), writer: (item as UploadItem).writer };
}

function observedVersionsIn(items: readonly Item[]): ObservedVersion[] {
  return items.filter(isObservedVersionItem).map(toObservedVersion);
}

function lastOf<T>(values: readonly T[], most: number): T[] {
  return values.slice(Math.max(0, values.length - most));
}

function emptyTally(key: string, kind: ObservedKind): Tally {
  return { key, kind, keptVersionIds: new Set(), surplus: 0, surplusReported: 0 };
}
