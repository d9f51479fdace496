import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Faults, noFaults } from '@upload-once/table/testing';
import type { ObjectVersion } from '../domain/upload.ts';
import type { ObjectListing } from '../ports/object-listing.ts';
import type { ObjectStore, VersionDescription } from '../ports/object-store.ts';
import { SourceMissing } from '../ports/source-missing.ts';
import { describedAttributes } from '../s3/described-attributes.ts';

export interface MemoryObjectStoreOptions {
  readonly now: () => Date;
  readonly faults?: Faults;
  /** Called with every version that is stored or removed, as it happens, like S3's event notifications. */
  readonly notify?: (change: BucketChange) => void;
  /** Default MD5. A bucket whose objects are encrypted with KMS gives no ETag that is an MD5: it has a CRC alone, or no checksum. */
  readonly digest?: 'MD5' | 'CRC32' | 'none';
}

export interface BucketChange {
  readonly what: 'stored' | 'removed';
  readonly key: string;
  readonly version: ObjectVersion;
}

export interface ObjectAttributes {
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The fake of the bucket in memory, and the hands of the client and the user who reach into it from outside. */
export interface MemoryObjectStore extends ObjectStore {
  /** What a client's finished POST does: a new version on top. */
  put(key: string, bytes: Uint8Array, attributes?: ObjectAttributes): ObjectVersion;
  /** What a client's finished PUT with `If-None-Match: *` does: as `put`, if nothing lies under the key; otherwise undefined. */
  putIfAbsent(key: string, bytes: Uint8Array, attributes?: ObjectAttributes): ObjectVersion | undefined;
  /** What a DELETE without a version does: a delete marker on top. */
  putDeleteMarker(key: string): void;
  /** What a DELETE of one version by another hand does: it is gone for good. */
  deleteVersion(key: string, versionId: string): Promise<void>;
  /** Every version stored under exactly this key, delete markers left out, oldest first. */
  listVersions(key: string): Promise<ObjectVersion[]>;
  /** The same bucket at the end of another way: each caller meets faults of its own. */
  over(faults: Faults): ObjectStore;
  /** The same bucket for an operator's eyes. */
  readonly listing: ObjectListing;
}

interface Entry {
  readonly version: ObjectVersion;
  /** Undefined: a delete marker. */
  readonly bytes: Uint8Array | undefined;
  readonly attributes: ObjectAttributes;
}

export function createMemoryObjectStore(options: MemoryObjectStoreOptions): MemoryObjectStore {
  const { now, faults = noFaults, notify, digest = 'MD5' } = options;
  const entries = new Map<string, Entry[]>();
  let sequence = 0;

  function add(key: string, bytes: Uint8Array | undefined, attributes: ObjectAttributes): ObjectVersion {
    const eTag = createHash('md5')
      .update(bytes ?? '')
      .digest('hex');
    sequence += 1;
    const version = {
      versionId: `version-${sequence}`,
      eTag,
      sizeBytes: bytes?.length ?? 0,
      storedAt: now(),
    };
    entries.set(key, [...(entries.get(key) ?? []), { version, bytes, attributes }]);
    if (bytes) notify?.({ what: 'stored', key, version });
    return version;
  }

  function listed(key: string): ObjectVersion[] {
    return (entries.get(key) ?? []).filter((entry) => entry.bytes).map((entry) => asListed(entry.version));
  }

  const find = (key: string, versionId: string) =>
    entries.get(key)?.find((entry) => entry.version.versionId === versionId && entry.bytes);

  function current(key: string): Entry | undefined {
    const top = entries.get(key)?.at(-1);
    return top?.bytes && top;
  }

  function describe(entry: Entry | undefined): VersionDescription | undefined {
    if (!entry) return undefined;
    const { version, bytes = '', attributes } = entry;
    const { contentType, metadata = {} } = attributes;
    return {
      ...asListed(version),
      digests: {
        ...(digest === 'MD5' && { MD5: version.eTag }),
        ...(digest === 'CRC32' && { CRC32: crc32(bytes).toString(16) }),
      },
      attributes: describedAttributes({ 'content-type': contentType }, metadata),
    };
  }

  function remove(key: string, versionId: string): void {
    const removed = find(key, versionId);
    const left = (entries.get(key) ?? []).filter((entry) => entry.version.versionId !== versionId);
    entries.set(key, left);
    if (removed) notify?.({ what: 'removed', key, version: removed.version });
  }

  return {
    put: (key, bytes, attributes = {}) => add(key, bytes, attributes),

    putIfAbsent: (key, bytes, attributes = {}) => (current(key) ? undefined : add(key, bytes, attributes)),

    putDeleteMarker(key) {
      add(key, undefined, {});
    },

    deleteVersion: async (key, versionId) => remove(key, versionId),

    listVersions: async (key) => listed(key),

    over,
    ...over(faults),

    listing: {
      now: async () => now(),
      async *pages(prefix) {
        const keys = [...entries.keys()].filter((key) => key.startsWith(prefix));
        for (const key of keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
          yield listed(key)
            .reverse()
            .map((version) => ({ key, ...version }));
        }
      },
    },
  };

  function over({ carry }: Faults): ObjectStore {
    function call<T>(
      operation: keyof ObjectStore,
      key: string,
      act: () => T,
      signal?: AbortSignal,
    ): Promise<T> {
      return carry({ operation, key, ...(signal && { signal }) }, () => {
        signal?.throwIfAborted();
        return act();
      });
    }

    return {
      oldestVersion: (key) => call('oldestVersion', key, () => listed(key)[0]),

      copyIfAbsent: (order, signal) =>
        call(
          'copyIfAbsent',
          order.sourceKey,
          () => {
            if (current(order.targetKey)) return { outcome: 'target-exists' };
            const source = find(order.sourceKey, order.sourceVersionId);
            if (!source) return { outcome: 'source-missing' };
            const copy = add(order.targetKey, source.bytes, source.attributes);
            return { outcome: 'copied', versionId: copy.versionId };
          },
          signal,
        ),

      head: (key, versionId) =>
        call('head', key, () => describe(versionId === undefined ? current(key) : find(key, versionId))),

      haveSameBytes: (one, other, signal) =>
        call(
          'haveSameBytes',
          one.key,
          () => {
            const [first, second] = [one, other].map(({ key, versionId }) => find(key, versionId)?.bytes);
            if (!first || !second) throw new SourceMissing('a version to be compared is gone');
            return Buffer.compare(first, second) === 0;
          },
          signal,
        ),

      open: (key, versionId, signal) =>
        call(
          'open',
          key,
          () => {
            const entry = find(key, versionId);
            return (
              entry?.bytes && {
                body: Readable.from([entry.bytes]),
                sizeBytes: entry.bytes.length,
                contentType: entry.attributes.contentType,
                metadata: entry.attributes.metadata ?? {},
              }
            );
          },
          signal,
        ),

      deleteVersions: (versions) =>
        call('deleteVersions', versions[0]?.key ?? '', () => {
          for (const { key, versionId } of versions) remove(key, versionId);
          return new Map<number, Error>();
        }),

      ping: () => call('ping', '', () => undefined),
    };
  }
}

/** S3 lists whole seconds. */
function asListed(version: ObjectVersion): ObjectVersion {
  return { ...version, storedAt: new Date(Math.floor(version.storedAt.getTime() / 1000) * 1000) };
}
