import { Unprocessable } from '@upload-once/queue';
import {
  acceptedKeyOf,
  differenceOf,
  type ObjectStore,
  type ObjectVersion,
  ObservedKind,
  type UploadStore,
  type VersionDescription,
} from '@upload-once/uploads';
import { isAcceptanceOnRecord } from './is-acceptance-on-record.ts';

/** The claimed version is gone, no copy of it lies under accepted/, and no acceptance is on record. */
class ClaimedVersionLost extends Error {
  readonly code = 'ClaimedVersionLost';
}

/**
 * Finds what an earlier attempt has copied, after a copy was not made because something is under accepted/ already.
 *
 * That something is the copy only if all of this holds. Otherwise another hand has put it there, before or during the upload, and it is
 * never recorded as accepted:
 *
 * - it is on record as no orphan object, and each orphan object of its key is on record;
 * - it was stored no earlier than the claimed version. Both times are S3's own, in whole seconds, so that no clock of ours counts. The
 *   moment of the claim is not compared: it is a worker's clock, and lies behind the copy where a table was restored;
 * - S3 reports the same about both: size, digests or else SHA-256 of the bytes, Content-Type and its like, metadata.
 *
 * Where the claimed version is gone, the item's ETag and size take its place, which show the same bytes only where both ETags are equal.
 *
 * @returns the copy's version id; undefined when ACCEPTED or a later state is on record already
 * @throws Unprocessable where what is there is not shown to be the copy; the claimed version is untouched
 * @throws ClaimedVersionLost where there is nothing
 */
export function createFindEarlierCopy(options: {
  readonly uploads: UploadStore;
  readonly objects: ObjectStore;
}) {
  const { uploads, objects } = options;

  return async function findEarlierCopy(
    key: string,
    claimed: ObjectVersion,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const targetKey = acceptedKeyOf(key);
    const there = await objects.head(targetKey);
    const objection = there && (await objectionTo(there, targetKey, key, claimed, signal));
    if (there && objection === undefined) return there.versionId;
    // Another worker may have accepted its copy meanwhile, and a user have taken it away.
    if (isAcceptanceOnRecord(await uploads.get(key), claimed)) return undefined;
    if (there) {
      throw new Unprocessable(
        `${targetKey} version ${there.versionId} is not the copy of ${claimed.versionId}, so nothing is accepted: ${objection}`,
      );
    }
    throw new ClaimedVersionLost(
      `${key}: version ${claimed.versionId} was claimed, but is neither there nor under accepted/`,
    );
  };

  /** Why this object is not the copy, in words that follow a colon; undefined: it is. */
  async function objectionTo(
    there: VersionDescription,
    targetKey: string,
    key: string,
    claimed: ObjectVersion,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (await uploads.isObserved(targetKey, ObservedKind.orphan, there.versionId)) {
      return 'it is on record as an orphan object';
    }
    const orphans = await uploads.getTally(targetKey, ObservedKind.orphan);
    if (orphans && orphans.surplus > 0) return 'more orphan objects came under this key than are on record';
    const source = await objects.head(key, claimed.versionId);
    const storedAt = wholeSeconds((source ?? claimed).storedAt);
    if (wholeSeconds(there.storedAt) < storedAt) {
      return `it was stored at ${there.storedAt.toISOString()}, before the upload`;
    }
    if (!source) {
      const isSame = there.eTag === claimed.eTag && there.sizeBytes === claimed.sizeBytes;
      return isSame ? undefined : 'the claimed version is gone, and its size and ETag were others';
    }
    const copy = { key: targetKey, description: there };
    return await differenceOf(objects, { key, description: source }, copy, signal);
  }
}

function wholeSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
