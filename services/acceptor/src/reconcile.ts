import { type Delivery, type ObjectCreated, RetryLater } from '@upload-once/queue';
import { textOfThrown } from '@upload-once/runtime';
import {
  type ObjectStore,
  type ObjectVersion,
  ObservedKind,
  type Upload,
  UploadState,
  type UploadStore,
} from '@upload-once/uploads';
import { isSoleVersion } from './is-sole-version.ts';
import type { JoinedCopies } from './join-copies.ts';
import type { KeepApart } from './keep-apart.ts';

type Receive = Pick<Delivery, 'signal' | 'receiveCount' | 'isLastReceive' | 'stepAside'>;

/** The longest wait that SQS takes (Amazon SQS Developer Guide, "Amazon SQS visibility timeout"). */
const MAX_WAIT_SECONDS = 43_200;

/** S3 reported a version, but lists none under its key: it was removed, or the list does not contain it yet. */
class NoVersionListed extends Error {
  readonly code = 'NoVersionListed';
}

/** The copy failed, and so did the record or report of the duplicate whose event this is. Another attempt may mend both. */
class NeitherCopiedNorReported extends AggregateError {
  readonly code = 'NeitherCopiedNorReported';
}

/**
 * Brings one key to where it belongs, for one event. It looks at the state of the world, not at the order of events: an
 * event may come late, twice, or before another that is older, and the end is the same.
 *
 * No event is acknowledged while its key is CLAIMED: the worker that claimed may have died, and the claimed version's own event may
 * never come. Who won the claim, or has the claimed version's event, goes on at once. Another version's event looks again
 * after `secondLookSeconds`: usually the worker that claimed is still copying. With its second receive it goes on itself, unless
 * this very process copies already: then it waits, longer with each receive. Two that go on end in one acceptance.
 *
 * A duplicate is recorded and reported first. Where that fails the upload is accepted all the same: a reader's queue that is gone
 * leaves no upload CLAIMED. The event is acknowledged when both are done. A report that failed is tried again after seconds, so that its
 * alarm is not late. That is the second receive, and it may copy beside the worker that claimed: one copy too many, and no harm.
 */
export function createReconcile(options: {
  readonly uploads: UploadStore;
  readonly objects: ObjectStore;
  readonly keepApart: KeepApart;
  readonly copies: JoinedCopies;
  /** The visibility timeout: by then the message of a worker that died is there again as well. */
  readonly secondLookSeconds: number;
  /** The service's UPLOADS_PROTECTED. */
  readonly uploadsProtected: boolean;
}) {
  const { uploads, objects, keepApart, copies, secondLookSeconds, uploadsProtected } = options;

  return async function reconcile(event: ObjectCreated, delivery: Receive): Promise<void> {
    if (keepApart.isKnownSurplus(event)) {
      // However many there are, what is done is done for all of them together.
      delivery.stepAside();
      return keepApart.dropKnownSurplus(event);
    }
    let upload = await uploads.get(event.key);
    let wonTheClaim = false;
    if (upload?.state === UploadState.issued) {
      const claim = await uploads.claim(event.key, await versionToClaim(event, upload));
      upload = claim.upload;
      wonTheClaim = claim.applied;
    }
    if (!upload?.claimed) {
      const kind = upload?.state === UploadState.revoked ? ObservedKind.refused : ObservedKind.orphan;
      const surplus = await keepApart.keep(event, kind, upload);
      if (surplus) await keepApart.countSurplus(surplus);
      return;
    }

    const isTheUpload = event.versionId === upload.claimed.versionId;
    const keeping = isTheUpload ? undefined : keepApart.keep(event, ObservedKind.duplicate, upload);
    const [kept] = await Promise.allSettled([keeping]);
    const isOthersWork = !wonTheClaim && !isTheUpload && upload.state === UploadState.claimed;
    if (isOthersWork && mayWait(event, delivery)) {
      if (kept.status === 'rejected') throw kept.reason;
      throw new RetryLater(waitSeconds(delivery), `${event.key} is claimed, and not accepted yet`);
    }
    if (copies.isUnderWay(event.key)) delivery.stepAside();
    await copies.acceptClaimed(upload, upload.claimed, delivery.signal).catch((error) => {
      throw kept.status === 'rejected' ? bothFailed(error, kept.reason) : error;
    });
    if (kept.status === 'rejected') throw kept.reason;
    if (kept.value) await keepApart.countSurplus(kept.value);
  };

  /** With the last receive that the queue allows there is no later look. */
  function mayWait({ key }: ObjectCreated, { receiveCount, isLastReceive }: Receive): boolean {
    return !isLastReceive && (receiveCount === 1 || copies.isUnderWay(key));
  }

  /** Longer with each receive, so that a long copy costs few of them. */
  function waitSeconds({ receiveCount }: Receive): number {
    return Math.min(MAX_WAIT_SECONDS, secondLookSeconds * 2 ** Math.max(0, receiveCount - 2));
  }

  async function versionToClaim(event: ObjectCreated, upload: Upload): Promise<ObjectVersion> {
    if (uploadsProtected && isSoleVersion(event, upload)) return event;
    const oldest = await objects.oldestVersion(event.key);
    if (!oldest) {
      throw new NoVersionListed(`S3 lists no version of ${event.key}, though it told of ${event.versionId}`);
    }
    // The list knows seconds, the event milliseconds.
    return oldest.versionId === event.versionId ? { ...oldest, storedAt: event.storedAt } : oldest;
  }
}

function bothFailed(copyFailure: unknown, reportFailure: unknown): NeitherCopiedNorReported {
  const [copy, report] = [copyFailure, reportFailure].map((error) => textOfThrown(error, { isNamed: true }));
  return new NeitherCopiedNorReported(
    [copyFailure, reportFailure],
    `neither the copy succeeded (${copy}) nor the record and report of a duplicate (${report})`,
  );
}
