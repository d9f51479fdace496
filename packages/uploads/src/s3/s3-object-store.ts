import type { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { StoredVersion } from '../ports/object-listing.ts';
import type { CopyOrder, CopyOutcome, ObjectStore } from '../ports/object-store.ts';
import { SourceMissing } from '../ports/source-missing.ts';
import { deleteFailures } from './delete-failures.ts';
import { createByteComparison } from './s3-byte-comparison.ts';
import { toDescription } from './s3-description.ts';
import { createMultipartCopy } from './s3-multipart-copy.ts';
import { createS3ObjectListing } from './s3-object-listing.ts';
import {
  copySource,
  describedByStatus,
  isConflict,
  isMissing,
  isTargetThere,
  isUploadGone,
  sendWith,
} from './s3-responses.ts';

const MIB = 1024 * 1024;
/** A copy that S3 asks to make again (409) is made again at once, the multipart one from its beginning. */
const CONFLICT_ATTEMPTS = 3;

export interface S3ObjectStoreOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** From this size up a copy goes in parallel parts. Default 64 MiB; CopyObject itself ends at 5 GiB. */
  readonly multipartFromBytes?: number;
  /** Size of a part but the last: 5 MiB to 5 GiB (Amazon S3 User Guide, "multipart upload limits"). Default 32 MiB. */
  readonly partBytes?: number;
  /** Parts of one copy under way at once. Default 8. */
  readonly partConcurrency?: number;
}

/** The bucket in S3. Its copies happen inside S3: no byte passes through the service. */
export function createS3ObjectStore(options: S3ObjectStoreOptions): ObjectStore {
  const { client, bucket: Bucket, multipartFromBytes = 64 * MIB } = options;
  const listing = createS3ObjectListing({ client, bucket: Bucket });
  const inParts = {
    client,
    bucket: Bucket,
    partBytes: options.partBytes ?? 32 * MIB,
    partConcurrency: options.partConcurrency ?? 8,
  };
  const multipartCopy = createMultipartCopy(inParts);
  const haveSameBytes = createByteComparison(inParts);

  async function head(Key: string, VersionId?: string): Promise<HeadObjectCommandOutput | undefined> {
    try {
      return await client.send(new HeadObjectCommand({ Bucket, Key, VersionId, ChecksumMode: 'ENABLED' }));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw describedByStatus(error, 'HeadObject');
    }
  }

  async function copyOnce(order: CopyOrder, signal?: AbortSignal): Promise<CopyOutcome> {
    try {
      if (order.sourceSizeBytes >= multipartFromBytes) {
        // Spares the parts when an earlier attempt has done it; the condition of the completion is what decides.
        if (await head(order.targetKey)) return { outcome: 'target-exists' };
        return { outcome: 'copied', versionId: await multipartCopy(order, signal) };
      }
      // No CopySourceIfMatch: a version does not change, and its 412 looks the same as the target's.
      const copy = new CopyObjectCommand({
        Bucket,
        Key: order.targetKey,
        CopySource: copySource(Bucket, order.sourceKey, order.sourceVersionId),
        IfNoneMatch: '*',
        MetadataDirective: 'COPY',
        TaggingDirective: 'COPY',
      });
      const response = await client.send(copy, sendWith(signal));
      return { outcome: 'copied', versionId: required(response.VersionId, order.targetKey) };
    } catch (error) {
      if (isTargetThere(error)) return { outcome: 'target-exists' };
      if (error instanceof SourceMissing || isMissing(error)) return { outcome: 'source-missing' };
      // Our own completion whose response was lost: what it made is there.
      if (isUploadGone(error) && (await head(order.targetKey))) return { outcome: 'target-exists' };
      throw error;
    }
  }

  return {
    async oldestVersion(key) {
      let oldest: StoredVersion | undefined;
      for await (const page of listing.pages(key)) {
        // The versions of a key come newest first, and those of longer keys follow.
        const ofThisKey = page.filter((version) => version.key === key);
        oldest = ofThisKey.at(-1) ?? oldest;
        if (ofThisKey.length < page.length) break;
      }
      if (oldest === undefined) return undefined;
      const { key: _, ...version } = oldest;
      return version;
    },

    async copyIfAbsent(order, signal) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await copyOnce(order, signal);
        } catch (error) {
          if (!isConflict(error) || attempt === CONFLICT_ATTEMPTS) throw error;
        }
      }
    },

    async head(key, versionId) {
      const response = await head(key, versionId);
      return response && toDescription(response, required(response.VersionId, key));
    },

    // Under the second one's key, because the acceptor may write under accepted/ only.
    haveSameBytes: (one, other, signal) => haveSameBytes(one, other, other.key, signal),

    async open(Key, VersionId, signal) {
      try {
        const response = await client.send(
          new GetObjectCommand({ Bucket, Key, VersionId }),
          sendWith(signal),
        );
        return {
          body: response.Body as Readable,
          sizeBytes: response.ContentLength ?? 0,
          contentType: response.ContentType,
          metadata: response.Metadata ?? {},
        };
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },

    async deleteVersions(versions) {
      const Objects = versions.map(({ key: Key, versionId: VersionId }) => ({ Key, VersionId }));
      const response = await client.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
      );
      return deleteFailures(versions, response.Errors ?? []);
    },

    async ping(signal) {
      try {
        await client.send(new HeadBucketCommand({ Bucket }), sendWith(signal));
      } catch (error) {
        throw describedByStatus(error, 'HeadBucket');
      }
    },
  };
}

function required(versionId: string | undefined, key: string): string {
  if (versionId === undefined) {
    throw new Error(`S3 gave no version id for ${key}: the bucket's versioning is not switched on`);
  }
  return versionId;
}
