import type { Logger } from '@upload-once/runtime';
import { type Transition, type Upload, UploadState, type UploadStore } from '@upload-once/uploads';

/** Another worker has taken the upload over, or will: nothing that this one does counts any more. */
export class LeaseLost extends Error {
  readonly code = 'LeaseLost';
}

/**
 * Renews the lease on an upload at each call. A table that is away for a while costs nothing as long as the lease still
 * runs. The function that it gives rejects with LeaseLost.
 */
export function createLeaseKeeper(options: {
  readonly uploads: UploadStore;
  readonly log: Logger;
  readonly leaseSeconds: number;
  readonly now: () => Date;
}) {
  const { uploads, log, leaseSeconds, now } = options;

  return function keepLease({ key, attempt, leaseOwner = '', leaseExpiresAt }: Upload): () => Promise<void> {
    let heldUntil = leaseExpiresAt ?? now();
    return async () => {
      let renewed: Transition;
      try {
        renewed = await uploads.renewLease(key, { attempt, leaseOwner }, leaseSeconds);
      } catch (err) {
        if (now() >= heldUntil)
          throw new LeaseLost(`${key}: the lease of attempt ${attempt} ran out`, { cause: err });
        log.warn({ key, attempt, err }, 'the lease could not be renewed yet');
        return;
      }
      if (!renewed.applied && !isHeldBy(attempt, renewed.upload)) {
        throw new LeaseLost(`${key}: another worker has taken over from attempt ${attempt}`);
      }
      heldUntil = renewed.upload?.leaseExpiresAt ?? heldUntil;
    };
  };
}

/** A renewal within the same millisecond, or one that lands after a later one, changes nothing and loses nothing. */
function isHeldBy(attempt: number, upload: Upload | undefined): boolean {
  return upload?.state === UploadState.processing && upload.attempt === attempt;
}
