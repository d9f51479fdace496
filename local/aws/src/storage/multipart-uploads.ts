import type { ChecksumAlgorithm, Checksums, ChecksumType } from './checksum.ts';
import type { ObjectAttributes, ObjectVersion, Segment } from './object-version.ts';
import type { Staged } from './staged.ts';
import type { WriteConditions } from './write-conditions.ts';

export interface Part {
  readonly partNumber: number;
  /** MD5 of the part's bytes in hex, without quotes. */
  readonly eTag: string;
  readonly sizeBytes: number;
  readonly checksums: Checksums;
  readonly storedAt: Date;
  readonly segments: readonly Segment[];
}

export interface MultipartUpload {
  readonly uploadId: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiatedAt: Date;
  /** The place of the version that will come of it in S3's order: that of its initiation. */
  readonly sequence: number;
  /** `moment()` at the initiation. */
  readonly began: number;
  readonly attributes: ObjectAttributes;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
  /** By part number. */
  readonly parts: readonly Part[];
}

/** What a client names when it completes an upload. */
export interface NamedPart {
  readonly partNumber: number;
  readonly eTag: string;
  readonly checksums: Checksums;
}

export interface Completion extends Pick<WriteConditions, 'ifNoneMatch' | 'ifMatch'> {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly parts: readonly NamedPart[];
  /** What the whole object's checksum must be, where the client says it. */
  readonly expectedChecksums: Checksums;
  readonly expectedSizeBytes?: number;
}

/** Uploads in parts; parts of one upload may be put at the same time. */
export interface MultipartUploads {
  create(order: {
    readonly bucket: string;
    readonly key: string;
    readonly attributes: ObjectAttributes;
    readonly checksumAlgorithm?: ChecksumAlgorithm;
    readonly checksumType?: ChecksumType;
  }): Promise<MultipartUpload>;
  /** @throws S3Error NoSuchUpload (404) */
  get(bucket: string, key: string, uploadId: string): MultipartUpload;
  /** By key, then by initiation. */
  list(bucket: string): readonly MultipartUpload[];
  /** Takes the staged bytes as a part; a part of that number is replaced. @throws S3Error NoSuchUpload */
  putPart(upload: MultipartUpload, partNumber: number, staged: Staged): Promise<Part>;
  /** Makes the version, whole or not at all. @throws S3Error InvalidPart, InvalidPartOrder, EntityTooSmall, BadDigest, PreconditionFailed … */
  complete(completion: Completion): Promise<ObjectVersion>;
  /** @throws S3Error NoSuchUpload */
  abort(bucket: string, key: string, uploadId: string): Promise<void>;
  /** Aborts all of a bucket. */
  removeOf(bucket: string): Promise<void>;
}
