import { type ObjectVersion as ListedVersion, S3ServiceException } from '@aws-sdk/client-s3';
import type { ObjectVersion } from '../domain/upload.ts';

/** That key or version is not there. The response of HEAD is 404 without a body, hence without a code (`NotFound`). */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof S3ServiceException && ['NoSuchKey', 'NoSuchVersion', 'NotFound'].includes(error.name)
  );
}

/**
 * A response to HEAD has no body, so that the SDK knows neither code nor reason of an error and calls it an UnknownError. Gives the same
 * error, with the status as its message: that is all there is to know.
 * @param operation as AWS's API reference names it
 */
export function describedByStatus(error: unknown, operation: string): unknown {
  if (error instanceof S3ServiceException && error.message === 'UnknownError') {
    error.message = `S3 responded to ${operation} with status ${error.$metadata.httpStatusCode}, and no reason`;
  }
  return error;
}

/** A write under `If-None-Match: *` found the key taken. */
export function isTargetThere(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'PreconditionFailed';
}

/** Another write to the key, or a delete, was under way: S3 asks for the request to be made again. */
export function isConflict(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'ConditionalRequestConflict';
}

/** Complete named an upload that is gone: an earlier attempt of the same call may have completed it. */
export function isUploadGone(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'NoSuchUpload';
}

/** `x-amz-copy-source`: URL-encoded but for the slashes, with the version that is meant. */
export function copySource(bucket: string, key: string, versionId: string): string {
  const path = key.split('/').map(encodeURIComponent).join('/');
  return `${bucket}/${path}?versionId=${encodeURIComponent(versionId)}`;
}

export function sendWith(abortSignal: AbortSignal | undefined) {
  return { ...(abortSignal && { abortSignal }) };
}

export function toVersion(listed: ListedVersion): ObjectVersion {
  return {
    versionId: listed.VersionId ?? 'null',
    eTag: unquoted(listed.ETag),
    sizeBytes: listed.Size ?? 0,
    storedAt: listed.LastModified ?? new Date(0),
  };
}

/** S3 gives an entity tag in quotes in responses and lists, without them in events. */
export function unquoted(eTag: string | undefined): string {
  return (eTag ?? '').replaceAll('"', '');
}
