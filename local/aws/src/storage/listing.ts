import { compareKeys, positionOf } from './key-order.ts';
import type { ObjectStorage } from './object-storage.ts';
import type { ObjectVersion, StoredVersion } from './object-version.ts';

interface ListRequest {
  readonly prefix: string;
  /** Empty for none: keys that have it after the prefix are given as one common prefix, up to and with it. */
  readonly delimiter: string;
  /** Entries and common prefixes together. */
  readonly max: number;
}

export interface ListRequestV2 extends ListRequest {
  /** Only what comes after this key, or after this common prefix. */
  readonly after: string;
}

export interface VersionListRequest extends ListRequest {
  readonly keyMarker: string;
  /** With it, the versions of `keyMarker` that are older than this one come first. */
  readonly versionIdMarker?: string;
}

export interface ListPage<T> {
  readonly entries: readonly T[];
  readonly commonPrefixes: readonly string[];
  /** There is more after this page. */
  readonly isTruncated: boolean;
  /** The last key or common prefix of the page; empty for an empty page. */
  readonly lastKey: string;
}

export interface VersionEntry {
  readonly version: StoredVersion;
  readonly isLatest: boolean;
}

/** Current objects in the order of their keys' UTF-8 bytes. @throws S3Error NoSuchBucket */
export function listObjects(
  storage: ObjectStorage,
  bucket: string,
  request: ListRequestV2,
): ListPage<ObjectVersion> {
  return page(storage.keys(bucket), { ...request, from: request.after }, (key) => {
    const current = storage.current(bucket, key);
    return key === request.after || current === undefined || current.deleteMarker ? [] : [current];
  });
}

/**
 * All versions and markers: keys in the order of their UTF-8 bytes, each key's versions newest first. When the version
 * that a marker names is gone, the key's versions are given from the newest again, so that none is left out.
 *
 * @throws S3Error NoSuchBucket
 */
export function listVersions(
  storage: ObjectStorage,
  bucket: string,
  request: VersionListRequest,
): ListPage<VersionEntry> {
  const { keyMarker, versionIdMarker } = request;
  return page(storage.keys(bucket), { ...request, from: keyMarker }, (key) => {
    const entries = storage.versions(bucket, key).map((version, at) => ({ version, isLatest: at === 0 }));
    if (key !== keyMarker) return entries;
    if (versionIdMarker === undefined) return [];
    return entries.slice(entries.findIndex(({ version }) => version.versionId === versionIdMarker) + 1);
  });
}

function page<T>(
  keys: readonly string[],
  { prefix, delimiter, max, from }: ListRequest & { readonly from: string },
  entriesOf: (key: string) => readonly T[],
): ListPage<T> {
  const entries: T[] = [];
  const commonPrefixes: string[] = [];
  let lastKey = '';
  const start = positionOf(keys, compareKeys(from, prefix) > 0 ? from : prefix);
  for (let at = start; at < keys.length && max > 0; at++) {
    const key = keys[at] ?? '';
    if (!key.startsWith(prefix)) break;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = end === -1 ? undefined : key.slice(0, end + delimiter.length);
    if (common !== undefined && (common === from || common === commonPrefixes.at(-1))) continue;
    for (const entry of entriesOf(key)) {
      if (entries.length + commonPrefixes.length === max) {
        return { entries, commonPrefixes, isTruncated: true, lastKey };
      }
      lastKey = common ?? key;
      if (common !== undefined) {
        commonPrefixes.push(common);
        break;
      }
      entries.push(entry);
    }
  }
  return { entries, commonPrefixes, isTruncated: false, lastKey };
}
