import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { CopyOrder } from '../ports/object-store.ts';
import { SourceMissing } from '../ports/source-missing.ts';
import { forEachRange, partRanges } from './part-ranges.ts';
import { copySource, describedByStatus, isMissing, isUploadGone, sendWith } from './s3-responses.ts';

export interface MultipartCopyOptions {
  readonly client: S3Client;
  readonly bucket: string;
  readonly partBytes: number;
  readonly partConcurrency: number;
}

/**
 * Copies one version in parallel parts to a key that must not exist, and gives the new version's id. CopyObject
 * carries Content-Type, metadata and tags over by itself; here they are read and set again. The encryption is left to the
 * bucket, as it is with CopyObject: the source's key may be one that nothing is to be written with any more.
 * The target appears with the completion, or never. Whatever fails, the multipart upload is aborted once no part is under
 * way any more; where `signal` broke parts off, S3 may finish one later, which the bucket's lifecycle takes.
 * @throws SourceMissing, or S3's own error (PreconditionFailed: the target exists)
 */
export function createMultipartCopy(options: MultipartCopyOptions) {
  const { client, bucket: Bucket, partBytes, partConcurrency } = options;

  return async function multipartCopy(order: CopyOrder, signal?: AbortSignal): Promise<string> {
    const source = await describeSource(order, signal);
    const sizeBytes = source.head.ContentLength ?? order.sourceSizeBytes;
    const create = new CreateMultipartUploadCommand({
      Bucket,
      Key: order.targetKey,
      ...carriedOver(source.head),
      ...(source.tagging && { Tagging: source.tagging }),
    });
    const { UploadId } = await client.send(create, sendWith(signal));
    const upload = { Bucket, Key: order.targetKey, UploadId };
    try {
      const Parts = await copyParts(upload, order, sizeBytes, signal);
      const complete = new CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: { Parts },
        IfNoneMatch: '*',
      });
      const response = await client.send(complete, sendWith(signal));
      if (response.VersionId === undefined) throw new Error(`S3 gave no version id for ${order.targetKey}`);
      return response.VersionId;
    } catch (error) {
      if (!isUploadGone(error)) await abort(upload);
      throw error;
    }
  };

  async function describeSource(order: CopyOrder, signal: AbortSignal | undefined) {
    const version = { Bucket, Key: order.sourceKey, VersionId: order.sourceVersionId };
    try {
      const head = await client.send(new HeadObjectCommand(version), sendWith(signal));
      const tagCount = head.TagCount ?? 0;
      const tags =
        tagCount > 0 ? await client.send(new GetObjectTaggingCommand(version), sendWith(signal)) : undefined;
      const tagging = new URLSearchParams();
      for (const { Key = '', Value = '' } of tags?.TagSet ?? []) tagging.append(Key, Value);
      return { head, tagging: tagging.toString() };
    } catch (error) {
      if (isMissing(error)) throw new SourceMissing(`${order.sourceKey} has no such version any more`);
      throw describedByStatus(error, 'HeadObject');
    }
  }

  /** A failure is thrown when all parts have settled. */
  async function copyParts(
    upload: { Bucket: string; Key: string; UploadId: string | undefined },
    order: CopyOrder,
    sizeBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<CompletedPart[]> {
    const parts: CompletedPart[] = [];

    async function copyPart(CopySourceRange: string, index: number): Promise<void> {
      const PartNumber = index + 1;
      const copy = new UploadPartCopyCommand({
        ...upload,
        PartNumber,
        CopySource: copySource(Bucket, order.sourceKey, order.sourceVersionId),
        CopySourceRange,
      });
      const { CopyPartResult } = await client.send(copy, sendWith(signal));
      const { LastModified: _, ...eTagAndChecksums } = CopyPartResult ?? {};
      parts[index] = { PartNumber, ...eTagAndChecksums };
    }

    try {
      await forEachRange(partRanges(sizeBytes, partBytes), partConcurrency, copyPart);
    } catch (failure) {
      if (isMissing(failure)) throw new SourceMissing(`${order.sourceKey} has no such version any more`);
      throw failure;
    }
    return parts;
  }

  /** At its best: what it leaves behind is taken by the bucket's lifecycle rule for unfinished uploads. */
  async function abort(upload: { Bucket: string; Key: string; UploadId: string | undefined }): Promise<void> {
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
  }
}

function carriedOver(head: HeadObjectCommandOutput) {
  return {
    ContentType: head.ContentType,
    ContentEncoding: head.ContentEncoding,
    ContentDisposition: head.ContentDisposition,
    ContentLanguage: head.ContentLanguage,
    CacheControl: head.CacheControl,
    ...(head.Expires && { Expires: head.Expires }),
    Metadata: head.Metadata,
  };
}
