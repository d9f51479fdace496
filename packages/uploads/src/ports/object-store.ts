import type { Readable } from 'node:stream';
import type { ObjectVersion } from '../domain/upload.ts';

/** The version to be copied, and where to. */
export interface CopyOrder {
  readonly sourceKey: string;
  readonly sourceVersionId: string;
  readonly sourceSizeBytes: number;
  readonly targetKey: string;
}

/** What a copy came to; each outcome is final for this attempt, none is an error. */
export type CopyOutcome =
  /** The target did not exist and is now exactly the source version. */
  | { readonly outcome: 'copied'; readonly versionId: string }
  /** Something is there already; nothing was changed. */
  | { readonly outcome: 'target-exists' }
  /** That version is not there (any more); nothing was changed. */
  | { readonly outcome: 'source-missing' };

/** One version, with all that S3 reports about it without its bytes. */
export interface VersionDescription extends ObjectVersion {
  /** Digests of the whole object by the name of the algorithm. S3 may keep several, or none. */
  readonly digests: Readonly<Record<string, string>>;
  /** What was said of the object when it was stored: Content-Type and its like, and metadata; no tags. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface VersionName {
  readonly key: string;
  readonly versionId: string;
}

/** One version that is there, and how long it is. */
export interface VersionBytes extends VersionName {
  readonly sizeBytes: number;
}

export interface OpenedObject {
  readonly body: Readable;
  readonly sizeBytes: number;
  readonly contentType: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What one DeleteObjects takes (Amazon S3 API Reference, "DeleteObjects"). */
export const MOST_DELETED_AT_ONCE = 1_000;

/** What the product asks of the bucket. */
export interface ObjectStore {
  /**
   * The oldest version stored under exactly this key, in S3's own order, delete markers left out; undefined when there is none. S3
   * lists the newest first, so this reads all pages, and holds one.
   */
  oldestVersion(key: string): Promise<ObjectVersion | undefined>;

  /**
   * Copies exactly one version, bytes, Content-Type, metadata and tags unchanged, to a key that must not exist.
   * Atomic: the target appears whole or not at all, and never replaces anything.
   */
  copyIfAbsent(order: CopyOrder, signal?: AbortSignal): Promise<CopyOutcome>;

  /** Describes one version, by default the current one; undefined when there is none. Strongly consistent. */
  head(key: string, versionId?: string): Promise<VersionDescription | undefined>;

  /**
   * Whether two versions of the same size hold the same bytes, by SHA-256 of both. S3 reads each whole version for it, so ask only
   * where their digests say nothing. Changes nothing. Rejects where either version is gone.
   */
  haveSameBytes(one: VersionBytes, other: VersionBytes, signal?: AbortSignal): Promise<boolean>;

  /** One version's stream and description; undefined when that version is not there. The caller consumes or destroys the body. */
  open(key: string, versionId: string, signal?: AbortSignal): Promise<OpenedObject | undefined>;

  /**
   * Removes exactly these versions, of any keys, for good. One that is gone already is no error. Not atomic: where it rejects, some
   * may be gone.
   * @param versions 1 to `MOST_DELETED_AT_ONCE`
   * @returns the error of each version that was not removed, by its place in `versions`
   */
  deleteVersions(versions: readonly VersionName[]): Promise<ReadonlyMap<number, Error>>;

  /** Resolves when the bucket responds; for readiness. */
  ping(signal?: AbortSignal): Promise<void>;
}
