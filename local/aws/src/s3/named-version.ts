import type { ServerResponse } from 'node:http';
import { S3Error } from '../s3-error.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import type { ObjectVersion } from '../storage/object-version.ts';
import { noSuchKey, noSuchVersion } from '../storage/refusals.ts';
import type { S3Call } from './call.ts';
import { invalidArgument, setHeaders } from './responses.ts';

/**
 * The version that a read is about: the one it names, or the current one.
 *
 * @throws S3Error NoSuchBucket, NoSuchKey, NoSuchVersion (404), MethodNotAllowed (405) for a delete marker by its id
 */
export function namedVersion(call: S3Call, storage: ObjectStorage): ObjectVersion {
  const { bucket, key, query, response } = call;
  const versionId = readVersionId(query);
  if (versionId === undefined) {
    const current = storage.current(bucket, key);
    if (current?.deleteMarker === false) return current;
    if (current !== undefined) sayDeleteMarker(response, current.versionId);
    throw noSuchKey(key);
  }
  const version = storage.find(bucket, key, versionId);
  if (version === undefined) throw noSuchVersion(key, versionId);
  if (!version.deleteMarker) return version;
  sayDeleteMarker(response, versionId);
  response.setHeader('last-modified', version.storedAt.toUTCString());
  throw new S3Error('MethodNotAllowed', 405, 'The specified method is not allowed against this resource.', {
    Method: call.request.method ?? '',
    ResourceType: 'DeleteMarker',
  });
}

/** @throws S3Error InvalidArgument (400) */
export function readVersionId(query: URLSearchParams): string | undefined {
  const versionId = query.get('versionId') ?? undefined;
  if (versionId === '') throw invalidArgument('Version id cannot be the empty string', 'versionId', '');
  return versionId;
}

/** `x-amz-version-id`, which S3 leaves out where versioning was never switched on. */
export function versionHeader(storage: ObjectStorage, bucket: string, versionId: string): string | undefined {
  return storage.bucket(bucket).versioning === 'Off' ? undefined : versionId;
}

/**
 * `x-amz-version-id` of a version that PutObject or CompleteMultipartUpload has just made: S3 sends it only while versioning is
 * enabled (Amazon S3 API Reference, "PutObject": "If you enable versioning for a bucket …"), and no `null` while it is suspended.
 */
export function madeVersionHeader(versionId: string): string | undefined {
  return versionId === 'null' ? undefined : versionId;
}

function sayDeleteMarker(response: ServerResponse, versionId: string): void {
  setHeaders(response, { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionId });
}
