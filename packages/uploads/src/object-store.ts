import type { Readable } from 'node:stream';
import type { ObjectVersion } from './upload.ts';

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

export interface OpenedObject {
  readonly body: Readable;
  readonly sizeBytes: number;
  readonly contentType: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

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

  /** The current version under a key; undefined when there is none. */
  head(key: string): Promise<ObjectVersion | undefined>;

  /** One version's stream and description; undefined when that version is not there. The caller consumes or destroys the body. */
  open(key: string, versionId: string, signal?: AbortSignal): Promise<OpenedObject | undefined>;

  /** Removes exactly that version, for good. A version that is gone already is no error. */
  deleteVersion(key: string, versionId: string): Promise<void>;

  /**
   * Removes exactly these versions of one key, for good. One that is gone already is no error. Not atomic: where it rejects, some
   * may be gone.
   * @param versionIds 1 to 1,000 (Amazon S3 API Reference, "DeleteObjects")
   */
  deleteVersions(key: string, versionIds: readonly string[]): Promise<void>;

  /** Resolves when the bucket answers; for readiness. */
  ping(signal?: AbortSignal): Promise<void>;
}
