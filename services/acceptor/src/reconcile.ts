import { type Delivery, type ObjectCreated, RetryLater } from '@upload-once/queue';
import {
  type ObjectStore,
  type ObjectVersion,
  SightingKind,
  type Upload,
  UploadState,
  type UploadStore,
} from '@upload-once/uploads';

type Receive = Pick<Delivery, 'signal' | 'receiveCount' | 'isLastReceive'>;

/** S3 told of a version, but lists none under its key: it was removed, or the list is not there yet. */
export class NoVersionListed extends Error {
  readonly code = 'NoVersionListed';
}

/**
 * Brings one key to where it belongs, for one event. It looks at the state of the world, not at the order of events: an
 * event may come late, twice, or before another that is older, and the end is the same.
 *
 * No event is acknowledged while its key is CLAIMED: who claimed may have died, and the claimed version's own event may
 * never come. Who won the claim, or has the claimed version's event, goes on at once. Another version's event looks again
 * after `secondLookSeconds`, for mostly somebody is at work, and gigabytes need not be copied twice; with its second
 * receive it goes on itself. Two that do so end in one acceptance.
 */
export function createReconcile(options: {
  readonly uploads: UploadStore;
  readonly objects: ObjectStore;
  readonly recordSighting: (event: ObjectCreated, kind: SightingKind) => Promise<void>;
  readonly acceptClaimed: (upload: Upload, claimed: ObjectVersion, signal: AbortSignal) => Promise<void>;
  /** The visibility timeout: by then the message of a worker that died is there again as well. */
  readonly secondLookSeconds: number;
}) {
  const { uploads, objects, recordSighting, acceptClaimed, secondLookSeconds } = options;

  return async function reconcile(event: ObjectCreated, delivery: Receive): Promise<void> {
    let upload = await uploads.get(event.key);
    let wonTheClaim = false;
    if (upload?.state === UploadState.issued) {
      const claim = await uploads.claim(event.key, await oldestVersion(event));
      upload = claim.upload;
      wonTheClaim = claim.applied;
    }
    if (upload?.state === UploadState.revoked) return recordSighting(event, SightingKind.refused);
    if (!upload?.claimed) return recordSighting(event, SightingKind.stray);

    const isTheUpload = event.versionId === upload.claimed.versionId;
    if (!isTheUpload) await recordSighting(event, SightingKind.duplicate);
    const isSomebodyElsesWork = !wonTheClaim && !isTheUpload && upload.state === UploadState.claimed;
    if (isSomebodyElsesWork && isFirstLook(delivery)) {
      throw new RetryLater(
        secondLookSeconds,
        `${event.key} is claimed by another worker, and not accepted yet`,
      );
    }
    await acceptClaimed(upload, upload.claimed, delivery.signal);
  };

  async function oldestVersion(event: ObjectCreated): Promise<ObjectVersion> {
    const oldest = await objects.oldestVersion(event.key);
    if (!oldest) {
      throw new NoVersionListed(`S3 lists no version of ${event.key}, though it told of ${event.versionId}`);
    }
    // The list knows seconds, the event milliseconds.
    return oldest.versionId === event.versionId ? { ...oldest, storedAt: event.storedAt } : oldest;
  }
}

/** A queue that allows one receive gives no second look. */
function isFirstLook({ receiveCount, isLastReceive }: Receive): boolean {
  return receiveCount === 1 && !isLastReceive;
}
