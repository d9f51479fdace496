import type { _Error as ErrorEntry } from '@aws-sdk/client-s3';
import type { VersionName } from '../ports/object-store.ts';

/**
 * Which versions a DeleteObjects has left, by their place in the request. An entry is assigned by its version id alone: the SDK reads some
 * characters of a key otherwise than they were sent, and S3 gives no version id twice.
 * @throws Error for an entry about a version that was not named: then no version is known to be removed
 */
export function deleteFailures(
  versions: readonly VersionName[],
  errors: readonly ErrorEntry[],
): Map<number, Error> {
  const failures = new Map<number, Error>();
  for (const { Key, VersionId, Code, Message = 'no message' } of errors) {
    // S3 itself takes such a version for removed; compatible stores say this.
    if (Code === 'NoSuchVersion') continue;
    const error = new Error(`S3 did not remove version ${VersionId} of ${Key}: ${Code}: ${Message}`);
    const places = [...versions.keys()].filter((at) => versions[at]?.versionId === VersionId);
    if (places.length === 0) throw error;
    for (const at of places) failures.set(at, error);
  }
  return failures;
}
