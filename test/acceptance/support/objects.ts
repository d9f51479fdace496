import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { deployment, s3 } from './deployment.ts';

const Bucket = deployment.bucket;

/** Fewer than 1,000 under one key: one page. */
export async function listVersions(key: string) {
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: key }));
  return Versions.filter((version) => version.Key === key);
}

export interface Stored {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly contentType: string | undefined;
}

/** Reads an object through, without holding it in memory. */
export async function readObject(key: string, VersionId?: string): Promise<Stored> {
  const response = await s3.send(new GetObjectCommand({ Bucket, Key: key, VersionId }));
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of response.Body as Readable) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, sha256: hash.digest('hex'), contentType: response.ContentType };
}

export function acceptedKey(uploadKey: string): string {
  return uploadKey.replace(/^uploads\//, 'accepted/');
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What S3 keeps with an object and returns with a download, besides the bytes. */
export async function headOf(key: string) {
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: key }));
  const {
    CacheControl,
    ContentDisposition,
    ContentEncoding,
    ContentLanguage,
    ContentLength,
    ContentType,
    Metadata,
  } = head;
  return {
    CacheControl,
    ContentDisposition,
    ContentEncoding,
    ContentLanguage,
    ContentLength,
    ContentType,
    Metadata,
  };
}
