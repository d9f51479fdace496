import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { VersionBytes } from '../ports/object-store.ts';
import { SourceMissing } from '../ports/source-missing.ts';
import { forEachRange, partRanges } from './part-ranges.ts';
import { copySource, isMissing, sendWith } from './s3-responses.ts';

/**
 * Compares the bytes of two versions without reading them here. Each part of both is copied into a multipart upload that is never
 * completed, for which S3 computes a SHA-256 of every part (Amazon S3 API Reference, "CopyPartResult"). No object appears. It costs what
 * two copies cost.
 *
 * @param scratchKey under which the caller may write: the multipart upload lies there until it is aborted, or until the bucket's
 * lifecycle takes it
 * @throws SourceMissing when either version is gone
 */
export function createByteComparison(options: {
  readonly client: S3Client;
  readonly bucket: string;
  readonly partBytes: number;
  readonly partConcurrency: number;
}) {
  const { client, bucket: Bucket, partBytes, partConcurrency } = options;

  return async function haveSameBytes(
    one: VersionBytes,
    other: VersionBytes,
    scratchKey: string,
    signal?: AbortSignal,
  ): Promise<boolean> {
    if (one.sizeBytes !== other.sizeBytes) return false;
    if (one.sizeBytes === 0) return true;
    const create = new CreateMultipartUploadCommand({
      Bucket,
      Key: scratchKey,
      ChecksumAlgorithm: 'SHA256',
    });
    const { UploadId } = await client.send(create, sendWith(signal));
    const scratch = { Bucket, Key: scratchKey, UploadId };
    let isSame = true;

    async function sha256Of(version: VersionBytes, PartNumber: number, CopySourceRange: string) {
      const copy = new UploadPartCopyCommand({
        ...scratch,
        PartNumber,
        CopySource: copySource(Bucket, version.key, version.versionId),
        CopySourceRange,
      });
      const { CopyPartResult } = await client.send(copy, sendWith(signal));
      if (!CopyPartResult?.ChecksumSHA256) {
        throw new Error(`S3 computed no SHA-256 of part ${PartNumber} of ${version.key}`);
      }
      return CopyPartResult.ChecksumSHA256;
    }

    try {
      await forEachRange(partRanges(one.sizeBytes, partBytes), partConcurrency, async (range, index) => {
        if (!isSame) return;
        const partNumber = index + 1;
        // One after the other: both write the same part.
        const sha256 = await sha256Of(one, partNumber, range);
        if ((await sha256Of(other, partNumber, range)) !== sha256) isSame = false;
      });
      return isSame;
    } catch (error) {
      if (isMissing(error))
        throw new SourceMissing(`${one.key} or ${other.key} has no such version any more`);
      throw error;
    } finally {
      await client.send(new AbortMultipartUploadCommand(scratch)).catch(() => undefined);
    }
  };
}
