import type { Checksums, FinishedDigests } from './checksum.ts';
import type { DataFiles } from './data-files.ts';
import type { Segment } from './object-version.ts';
import type { Staged } from './staged.ts';

/** Segments, retained once, that wait for what becomes of them. */
export class StagedBytes implements Staged {
  readonly sizeBytes: number;
  readonly md5Hex: string;
  readonly checksums: Checksums;
  readonly segments: readonly Segment[];
  readonly #files: DataFiles;
  #settled = false;

  constructor(files: DataFiles, segments: readonly Segment[], digests: FinishedDigests) {
    this.#files = files;
    this.segments = segments;
    this.sizeBytes = digests.sizeBytes;
    this.md5Hex = digests.md5Hex;
    this.checksums = digests.checksums;
  }

  keep(): void {
    this.#settled = true;
  }

  async discard(): Promise<void> {
    if (this.#settled) return;
    this.#settled = true;
    await this.#files.release(this.segments);
  }
}
