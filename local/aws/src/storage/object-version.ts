import type { Checksums, ChecksumType } from './checksum.ts';

/** A run of bytes in one immutable data file. The bytes of a version are its segments, one after the other. */
export interface Segment {
  /** The data file's name inside the storage's folder `data/`. */
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** What a writer says about an object, kept and given back unchanged. */
export interface ObjectAttributes {
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly contentDisposition?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly expires?: string;
  /** Without the `x-amz-meta-` in front, names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

/** The way in, as an event's type names it. */
export type Origin = 'Post' | 'Put' | 'Copy' | 'CompleteMultipartUpload';

interface AnyVersion {
  readonly bucket: string;
  readonly key: string;
  /** `null` (the word) where the bucket was not versioned when it was written. */
  readonly versionId: string;
  /** The place in S3's order: of two versions of a key the one with the higher number is the newer. */
  readonly sequence: number;
  /** With milliseconds; S3 shows whole seconds. Of a multipart upload the moment of its initiation. */
  readonly storedAt: Date;
}

/** One version with bytes. Immutable but for its tags. */
export interface ObjectVersion extends AnyVersion {
  readonly deleteMarker: false;
  readonly origin: Origin;
  /** Without quotes. MD5 of the bytes in hex, or of a multipart upload `<MD5 of the parts' MD5s>-<parts>`. */
  readonly eTag: string;
  readonly sizeBytes: number;
  readonly attributes: ObjectAttributes;
  readonly checksums: Checksums;
  readonly checksumType: ChecksumType;
  readonly segments: readonly Segment[];
}

export interface DeleteMarker extends AnyVersion {
  readonly deleteMarker: true;
}

export type StoredVersion = ObjectVersion | DeleteMarker;

/** Inclusive at both ends, as in HTTP. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}
