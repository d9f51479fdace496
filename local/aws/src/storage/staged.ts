import type { ChecksumAlgorithm, Checksums } from './checksum.ts';
import type { Segment } from './object-version.ts';

/** Bytes in the storage that belong to no version yet. The caller that staged them commits or discards them. */
export interface Staged {
  readonly sizeBytes: number;
  readonly md5Hex: string;
  /** The checksums that were asked for, of exactly these bytes. */
  readonly checksums: Checksums;
  readonly segments: readonly Segment[];
  /** Removes the bytes. Without effect after a commit, or when called again. */
  discard(): Promise<void>;
  /** Called by what makes a version or a part of the bytes: they are no longer the stager's to discard. */
  keep(): void;
}

export interface StageOptions {
  /** One byte more and staging fails with EntityTooLarge (400) and leaves nothing behind. Default: no limit. */
  readonly maxBytes?: number;
  /** Computed while the bytes pass by, beside MD5. */
  readonly checksums?: readonly ChecksumAlgorithm[];
}
