import type { Readable } from 'node:stream';
import type { Bucket, BucketSettings } from './bucket.ts';
import type { ChecksumAlgorithm, Checksums, ChecksumType } from './checksum.ts';
import type { MultipartUploads } from './multipart-uploads.ts';
import type {
  ByteRange,
  DeleteMarker,
  ObjectAttributes,
  ObjectVersion,
  Origin,
  StoredVersion,
} from './object-version.ts';
import type { Staged, StageOptions } from './staged.ts';
import type { WriteConditions } from './write-conditions.ts';

export interface Commit extends WriteConditions {
  readonly bucket: string;
  readonly key: string;
  readonly origin: Origin;
  readonly staged: Staged;
  readonly attributes: ObjectAttributes;
  /** Kept with the version and shown; default: `staged.checksums`. */
  readonly checksums?: Checksums;
  /** Default: FULL_OBJECT. */
  readonly checksumType?: ChecksumType;
  /** Default: the MD5 of the bytes. */
  readonly eTag?: string;
  /** A place in the order and a time taken earlier (multipart: at the initiation); default: now. */
  readonly place?: { readonly sequence: number; readonly storedAt: Date };
}

/**
 * Buckets and their object versions in a folder. What a promise resolved for is on disk and is there again after
 * a restart on the same folder. Writes to one key happen one after the other, so that a condition and its write
 * are one step. Every refusal is an S3Error with S3's own code.
 */
export interface ObjectStorage {
  readonly multipart: MultipartUploads;

  /** @throws S3Error BucketAlreadyOwnedByYou (409), InvalidBucketName (400) */
  createBucket(name: string): Promise<Bucket>;
  /** Its unfinished uploads in parts go with it. @throws S3Error NoSuchBucket (404), BucketNotEmpty (409) */
  deleteBucket(name: string): Promise<void>;
  hasBucket(name: string): boolean;
  /** By name. */
  buckets(): readonly Bucket[];
  /** @throws S3Error NoSuchBucket (404) */
  bucket(name: string): Bucket;
  /** Replaces the given settings, keeps the others. @throws S3Error NoSuchBucket */
  configure(name: string, settings: Partial<BucketSettings>): Promise<Bucket>;

  /** A mark in time for `WriteConditions.began`. */
  moment(): number;

  /** Takes a stream of bytes to disk, with backpressure. Rejects with the stream's own error, leaving nothing. */
  stage(body: AsyncIterable<Uint8Array>, options?: StageOptions): Promise<Staged>;
  /** Stages the bytes of a version, or a range of them, without copying them: the data files are shared. */
  stageFrom(
    version: ObjectVersion,
    options?: { readonly range?: ByteRange; readonly checksums?: readonly ChecksumAlgorithm[] },
  ): Promise<Staged>;
  /** Makes a version of staged bytes. A refused commit leaves them staged. @throws S3Error NoSuchBucket, see WriteConditions */
  commit(order: Commit): Promise<ObjectVersion>;

  /** Newest first, delete markers among them. Empty for an unknown key. */
  versions(bucket: string, key: string): readonly StoredVersion[];
  /** The newest version or delete marker. */
  current(bucket: string, key: string): StoredVersion | undefined;
  find(bucket: string, key: string, versionId: string): StoredVersion | undefined;
  /** All keys of a bucket that have a version or a marker, in the order of their UTF-8 bytes. */
  keys(bucket: string): readonly string[];
  /** The bytes; a version deleted meanwhile is read to its end. The caller consumes or destroys the stream. */
  read(version: ObjectVersion, range?: ByteRange): Readable;

  /** Removes one version or marker for good; undefined when there was none. @throws S3Error NoSuchBucket */
  deleteVersion(bucket: string, key: string, versionId: string): Promise<StoredVersion | undefined>;
  /** What DELETE without a version does in a bucket that has, or had, versioning. @throws S3Error NoSuchBucket */
  putDeleteMarker(bucket: string, key: string): Promise<DeleteMarker>;
}

export interface ObjectStorageOptions {
  /** Created when it is missing; what an earlier process left there is taken up. One process at a time. */
  readonly directory: string;
  readonly now: () => Date;
  /** A new name at each call, at least 16 characters of `A–Z a–z 0–9 . _ -`: for versions, uploads and files. */
  readonly ids: () => string;
}
