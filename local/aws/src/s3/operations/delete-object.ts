import type { ObjectStorage } from '../../storage/object-storage.ts';
import type { Operation } from '../call.ts';
import { readVersionId } from '../named-version.ts';
import { notImplemented, respondEmpty } from '../responses.ts';

/** Amazon S3 API Reference, "DeleteObject". */
export const deleteObject: Operation = async ({ bucket, key, query, request, response }, { storage }) => {
  if (request.headers['if-match'] !== undefined) throw notImplemented('DeleteObject with If-Match');
  const outcome = await remove(storage, bucket, key, readVersionId(query));
  respondEmpty(response, 204, {
    'x-amz-delete-marker': outcome.deleteMarker ? 'true' : undefined,
    'x-amz-version-id': outcome.versionId,
  });
};

export interface Removal {
  /** Whether a delete marker was made, or removed. */
  readonly deleteMarker: boolean;
  readonly versionId: string | undefined;
}

/** A version by its id for good; without one what the bucket's versioning makes of it. What is not there is no error. */
export async function remove(
  storage: ObjectStorage,
  bucket: string,
  key: string,
  versionId: string | undefined,
): Promise<Removal> {
  if (versionId !== undefined) {
    const removed = await storage.deleteVersion(bucket, key, versionId);
    return { deleteMarker: removed?.deleteMarker ?? false, versionId };
  }
  if (storage.bucket(bucket).versioning === 'Off') {
    await storage.deleteVersion(bucket, key, 'null');
    return { deleteMarker: false, versionId: undefined };
  }
  const marker = await storage.putDeleteMarker(bucket, key);
  return { deleteMarker: true, versionId: marker.versionId };
}
