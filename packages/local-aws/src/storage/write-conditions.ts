import { unquoted } from './e-tag.ts';
import type { WriteConditions } from './object-storage.ts';
import type { StoredVersion } from './object-version.ts';
import { conflict, noSuchKey, preconditionFailed } from './refusals.ts';

/**
 * Holds a write's conditions against the current version, as Amazon S3 User Guide, "How to prevent object
 * overwrites with conditional writes", has it.
 *
 * @param lastDelete the moment at which the object was last deleted; 0 for never
 * @throws S3Error PreconditionFailed (412), ConditionalRequestConflict (409), NoSuchKey (404)
 */
export function assertWriteConditions(
  key: string,
  current: StoredVersion | undefined,
  lastDelete: number,
  { ifNoneMatch, ifMatch, began }: WriteConditions,
): void {
  const object = current?.deleteMarker === false ? current : undefined;
  if (ifNoneMatch !== undefined) {
    if (object !== undefined) throw preconditionFailed('If-None-Match');
    if (began !== undefined && lastDelete > began) throw conflict(key, 'If-None-Match');
  }
  if (ifMatch !== undefined) {
    if (object === undefined) throw noSuchKey(key);
    if (unquoted(ifMatch) !== object.eTag) throw preconditionFailed('If-Match');
    if (began !== undefined && lastDelete > began) throw conflict(key, 'If-Match');
  }
}
