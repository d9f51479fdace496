import type { Adoption, OperatorsWord } from '../domain/adoption.ts';
import type { ObservedKind, ObservedVersion, Tally, Upload } from '../domain/upload.ts';
import type { VersionName } from './object-store.ts';

/** One item of the table `uploads`; links and repairs are none. */
export type UploadRecord =
  | { readonly upload: Upload }
  | { readonly observedVersion: ObservedVersion }
  | { readonly tally: Tally };

export interface ObservedName {
  readonly key: string;
  readonly kind: ObservedKind;
  readonly versionId: string;
}

/**
 * The table `uploads` as those see it who look after it; no service reads it so. Every read is strongly consistent. Calls reject
 * when the table does not respond, and with UnsupportedSchemaVersion for an item that a later release has written.
 */
export interface UploadRecords {
  /**
   * Every item of the table, page by page: one Scan of at most 1 MB each, the next one when the last was taken. What is
   * written while it goes on may be in it as it was before, as it is after, or (a new item) not at all.
   */
  pages(): AsyncIterable<readonly UploadRecord[]>;

  /** The uploads of these keys, by key; one that is not there is left out. A BatchGetItem for every 100 different keys. */
  uploads(keys: readonly string[]): Promise<ReadonlyMap<string, Upload>>;

  /** Those of these observed versions that are on record, in no order. A BatchGetItem for every 100 of them. */
  observedVersions(names: readonly ObservedName[]): Promise<readonly ObservedVersion[]>;

  /** The tallies of this kind under these keys, by key; one that is not there is left out. A BatchGetItem for every 100 different keys. */
  tallies(keys: readonly string[], kind: ObservedKind): Promise<ReadonlyMap<string, Tally>>;

  /**
   * Puts off the deletion of what is on record for one version, its upload, its observed version and the tallies of its key, until now + the record retention's
   * time: only ever later, never earlier. Each item is one conditional write, not both are one; nothing else of an item
   * changes, not even its writer's token, because a worker may be about to look for its own. May be repeated.
   */
  keepLonger(key: string, versionId: string): Promise<void>;

  /**
   * When a repair last sent the events of these versions, by `repairName`; one whose message can't be there any more, after SQS's longest
   * retention of 14 days, is left out. A BatchGetItem for every 100 of them.
   */
  repairs(versions: readonly VersionName[]): Promise<ReadonlyMap<string, Date>>;

  /** Records that a repair has sent the event of one version. One write; may be repeated. */
  recordRepair(version: VersionName): Promise<void>;

  /** From now on no repair is on record for one version. One write; may be repeated, and done where there is none. */
  forgetRepair(version: VersionName): Promise<void>;

  /**
   * Records an operator's word that a version is the upload, by one conditional write. It puts off the item's deletion as every transition
   * does. Where the call rejects, it may have taken effect.
   * @param token 32 random hexadecimal digits, of this call alone
   * @returns false: the upload is no longer as it was read, and nothing was written
   */
  adopt(adoption: Adoption, word: OperatorsWord, token: string): Promise<boolean>;
}

/** What names a version among others: no version id holds a line feed. */
export function repairName({ key, versionId }: VersionName): string {
  return `${versionId}\n${key}`;
}
