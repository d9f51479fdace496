import type { ObjectVersion } from '../domain/upload.ts';

/** One version, with the key that it lies under. */
export interface StoredVersion extends ObjectVersion {
  readonly key: string;
}

/** The bucket as those see it who look after it; no service reads it so. */
export interface ObjectListing {
  /**
   * Every version of every key that begins with `prefix`, delete markers left out, page by page: one ListObjectVersions of at
   * most 1,000 entries each, the next one when the last was taken. Strongly consistent; what is stored or removed while it goes
   * on may be in it or not.
   */
  pages(prefix: string): AsyncIterable<readonly StoredVersion[]>;
  /**
   * The time on S3's clock, by which it says when a version was stored: never earlier than that, at most a second later. It costs one
   * ListObjectVersions.
   */
  now(): Promise<Date>;
}
