import { unquoted } from './e-tag.ts';
import type { StoredVersion } from './object-version.ts';
import { conflict, noSuchKey, preconditionFailed } from './refusals.ts';

/** The conditions of a write, as Amazon S3 User Guide, "How to prevent object overwrites with conditional writes". */
export interface WriteConditions {
  /** There must be no current version (a delete marker counts as none), else PreconditionFailed (412). */
  readonly ifNoneMatch?: '*';
  /** The current version's ETag (quotes or not); another one: PreconditionFailed (412), none: NoSuchKey (404). */
  readonly ifMatch?: string;
  /**
   * What `moment()` gave when the request began. With a condition, a delete of the object since then is
   * ConditionalRequestConflict (409), or NoSuchKey (404) under `ifMatch`.
   */
  readonly began?: number;
}

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
