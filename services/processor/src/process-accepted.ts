// Over 250 lines, and one thing: what one event about an accepted object comes to.
import { type Clock, pause } from '@upload-once/clock';
import { type Delivery, NotBegun, type ObjectCreated, RetryLater, Unprocessable } from '@upload-once/queue';
import type { Logger, Metrics } from '@upload-once/runtime';
import {
  createEvidence,
  ObservedKind,
  type ProcessingStart,
  type Reports,
  type Transition,
  type Upload,
  UploadState,
  type UploadStore,
  uploadIdOf,
  uploadKeyOfAccepted,
} from '@upload-once/uploads';
import type { EventSender } from './event-sender.ts';
import { LeaseLost } from './lease-keeper.ts';

const MAX_WAIT_SECONDS = 43_200;

/** How S3 reports what the acceptor makes: by CopyObject, and in parts. */
const COPY_EVENTS = ['ObjectCreated:Copy', 'ObjectCreated:CompleteMultipartUpload'];

/**
 * The acceptor records ACCEPTED milliseconds after its copy, and S3's event can be faster. So the first looks come soon, and most uploads
 * cost no receive.
 */
const FIRST_LOOK_SECONDS = 0.1;
const LONGEST_LOOK_SECONDS = 5;
const LOOKS_SECONDS = 3;

/** How long a suspect is away whose place is taken, at most: few calls for a long handler, and a short wait for the place behind it. */
const SUSPECT_WAIT_SECONDS = 60;

/** The acceptor has claimed the upload and, as far as the queue lets this message wait, has not recorded what it accepted. */
class NotAcceptedYet extends Error {
  readonly code = 'NotAcceptedYet';
}

/** What one look at an event leaves to be waited for; undefined: nothing. */
type Pending = { readonly heldBy: Upload } | { readonly claimed: Upload };

/**
 * What one event about an accepted object comes to:
 *
 *   lease (PROCESSING, attempt + 1) ── renewed with each heartbeat ──▶ handler ──▶ PROCESSED ──▶ event ──▶ acknowledge
 *
 * The attempt's number is the fencing token: a worker that was taken over can neither finish nor fail the upload. The
 * message is acknowledged only at PROCESSED; while another worker holds the lease it waits.
 *
 * An upload whose last lease has run out is a suspect: its handler may have ended the process. The process works on one suspect at a
 * time. Another one takes no lease and loses no receive (`NotBegun`): if it were held here, each process that ends would cost it one.
 *
 * Only the acceptor says which version is accepted, since only it can compare a copy with its source. While the upload is CLAIMED the
 * message waits for that. Nothing under accepted/ is ever removed here: what looks like a second copy can be a restored file. A copy
 * onto itself, and a copy of the version below a delete marker, which AWS recommends to restore it, cause the same event with the same
 * bytes. And the version that is there when the processor looks can be gone when it deletes.
 */
export function createProcessAccepted(options: {
  readonly uploads: UploadStore;
  readonly reports: Reports;
  /** The service's KEPT_DUPLICATES. */
  readonly keptDuplicates: number;
  readonly workUnderLease: (
    upload: Upload,
    event: ObjectCreated,
    delivery: Delivery,
    isSuspect: boolean,
  ) => Promise<Transition>;
  readonly sendEvent: Pick<EventSender, 'processed'>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly leaseSeconds: number;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** Unique to each call: who holds the lease. */
  readonly newLeaseOwner: () => string;
}) {
  const { uploads, workUnderLease, sendEvent, log, metrics, leaseSeconds, clock, newLeaseOwner } = options;
  let hasSuspect = false;
  const evidence = createEvidence({
    ...options,
    now: clock.now,
    onReported: () => metrics.add('OrphanObjects', 1),
    onCounted: (_tally, count) => metrics.add('OrphanObjects', count),
  });

  return async function processAccepted(event: ObjectCreated, delivery: Delivery): Promise<void> {
    let hasLostItsLease = false;
    const acceptance = looksForAcceptance(delivery);
    for (;;) {
      let pending: Pending | undefined;
      try {
        pending = await processOnce(event, delivery);
      } catch (error) {
        // Nothing has failed but the lease. Given back now it would end in the dead-letter queue; so it looks who has it, once.
        if (!(error instanceof LeaseLost) || !delivery.isLastReceive || hasLostItsLease) throw error;
        delivery.signal.throwIfAborted();
        hasLostItsLease = true;
        continue;
      }
      if (!pending) {
        if (delivery.receiveCount > 1) await finishOrphanReport(event);
        return;
      }
      if ('claimed' in pending) {
        await acceptance.waitForNextLook(pending.claimed);
        continue;
      }
      const leftSeconds = secondsLeft(pending.heldBy);
      if (!delivery.isLastReceive) throw retryAfterLease(pending.heldBy, leftSeconds, delivery);
      // Given back now it would end in the dead-letter queue, though nothing has failed: it waits in flight.
      await waitInFlight(leftSeconds, delivery);
    }
  };

  async function processOnce(event: ObjectCreated, delivery: Delivery): Promise<Pending | undefined> {
    const key = uploadKeyOfAccepted(event.key);
    const lease = { acceptedVersionId: event.versionId, leaseOwner: newLeaseOwner(), leaseSeconds };
    let isSuspect = false;
    const takePlaceOfSuspect = () => {
      if (hasSuspect) throw notBegun(key, event);
      hasSuspect = true;
      isSuspect = true;
    };
    let started: ProcessingStart;
    try {
      started = await uploads.startProcessing(key, lease, takePlaceOfSuspect);
      if (started.applied) {
        const finished = await workUnderLease(started.upload, event, delivery, started.lastLeaseRanOut);
        if (finished.applied) return heldUnlessProcessed(finished.upload, event);
        log.warn(
          { uploadId: uploadIdOf(key), attempt: started.upload.attempt },
          'finished too late: another worker has taken over',
        );
        return finished.upload && heldUnlessProcessed(finished.upload, event);
      }
    } finally {
      if (isSuspect) hasSuspect = false;
    }
    const { upload } = started;
    if (!upload) return recordOrphan(event, 'no upload was issued for it');
    switch (upload.state) {
      case UploadState.claimed:
        return { claimed: upload };
      case UploadState.issued:
        return handleUnclaimed(event, upload);
      case UploadState.revoked:
        return recordOrphan(event, 'its upload was revoked');
    }
    if (upload.acceptedVersionId === event.versionId) {
      await finishOrphanReport(event);
      return heldUnlessProcessed(upload, event);
    }
    return recordOrphan(event, 'another version is the accepted one');
  }

  /** @param upload has the event’s version as its accepted one */
  async function heldUnlessProcessed(upload: Upload, event: ObjectCreated): Promise<Pending | undefined> {
    if (upload.state !== UploadState.processed) return { heldBy: upload };
    await sendEvent.processed(upload, event.versionId);
    return undefined;
  }

  /**
   * Every copy of ours comes after its claim. So this is another hand's object, or the table was restored to a time before the claim. A
   * copy can be either: to record it as an orphan would keep the acceptor from ever accepting it, so a person decides.
   */
  async function handleUnclaimed(event: ObjectCreated, { key }: Upload): Promise<Pending | undefined> {
    if (COPY_EVENTS.includes(event.eventName)) {
      throw new Unprocessable(
        `${event.key} version ${event.versionId} is a copy, but its upload is only ISSUED: the table was restored to an earlier time, or another hand has put it there`,
      );
    }
    await recordOrphan(event, 'nothing was claimed for its upload');
    // An acceptor that has claimed in between may have looked for the record before it was there, and accept this version.
    const upload = await uploads.get(key);
    return upload && upload.state !== UploadState.issued ? { claimed: upload } : undefined;
  }

  /**
   * Only the acceptor should write under accepted/. Other objects found there are kept, and not processed. Records and reports
   * are bounded; an object is never removed here, because an operator may have restored it.
   */
  async function recordOrphan(event: ObjectCreated, why: string): Promise<undefined> {
    const { key, versionId } = event;
    const facts = { uploadId: uploadIdOf(uploadKeyOfAccepted(key)), versionId, outcome: ObservedKind.orphan };
    log.warn(facts, `an object under accepted/ is not processed: ${why}`);
    const isKept = await evidence.keep({ key, kind: ObservedKind.orphan, version: event });
    if (!isKept) await evidence.countSurplus(key, ObservedKind.orphan, 1);
  }

  /**
   * An earlier delivery may have recorded it, before the acceptor showed it to be the copy, and may have failed to report it. We look at
   * the end: a delivery that stood still while this one worked may have recorded it since.
   */
  async function finishOrphanReport(event: ObjectCreated): Promise<void> {
    const observed = { key: event.key, kind: ObservedKind.orphan, version: event };
    if (await uploads.isObserved(observed.key, observed.kind, event.versionId))
      await evidence.keepAlways(observed);
  }

  /**
   * Looks again soon, and longer apart each time. Then the message is given back; by the next receive the message of an acceptor that
   * died is there again as well. With the last receive it is looked for that long in flight.
   */
  function looksForAcceptance(delivery: Delivery) {
    const timeoutSeconds = delivery.isLastReceive ? 2 * leaseSeconds : LOOKS_SECONDS;
    let waitedSeconds = 0;
    let nextSeconds = FIRST_LOOK_SECONDS;
    return {
      async waitForNextLook({ key }: Upload): Promise<void> {
        if (waitedSeconds >= timeoutSeconds) {
          const reason = `${key} is claimed, and the acceptor has not recorded what it accepted`;
          throw delivery.isLastReceive
            ? new NotAcceptedYet(reason)
            : retryAfter(leaseSeconds, delivery, reason);
        }
        await waitInFlight(nextSeconds, delivery);
        waitedSeconds += nextSeconds;
        nextSeconds = Math.min(2 * nextSeconds, LONGEST_LOOK_SECONDS);
      },
    };
  }

  /** @throws the reason why the delivery was cut off, as soon as it is */
  async function waitInFlight(seconds: number, { signal }: Delivery): Promise<void> {
    await pause(clock, seconds * 1000, signal);
    signal.throwIfAborted();
  }

  /** Each copy of the message is a new one for SQS: only this metric shows how long its upload has waited. */
  function notBegun(key: string, { storedAt }: ObjectCreated): NotBegun {
    metrics.add('WaitingTime', Math.max(0, clock.now().getTime() - storedAt.getTime()));
    const reason = `the handler of ${key}, or of an upload beside it, may have ended a process: it runs when no other such upload does`;
    return new NotBegun(Math.min(leaseSeconds, SUSPECT_WAIT_SECONDS), reason);
  }

  function secondsLeft(upload: Upload): number {
    const leftMs = (upload.leaseExpiresAt?.getTime() ?? 0) - clock.now().getTime();
    return Math.max(1, Math.ceil(leftMs / 1000));
  }
}

function retryAfterLease({ key }: Upload, leftSeconds: number, delivery: Delivery): RetryLater {
  return retryAfter(leftSeconds, delivery, `another worker holds the lease of ${key} for ${leftSeconds} s`);
}

/** Longer with each receive, so that a long wait costs few of them. */
function retryAfter(seconds: number, delivery: Delivery, reason: string): RetryLater {
  const waitSeconds = Math.min(MAX_WAIT_SECONDS, seconds * 2 ** Math.max(0, delivery.receiveCount - 2));
  return new RetryLater(waitSeconds, reason);
}
