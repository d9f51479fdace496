import { type Delivery, type ObjectCreated, RetryLater } from '@upload-once/queue';
import { addAcceptance, type Logger, type Metrics } from '@upload-once/runtime';
import {
  createEvidence,
  type ObjectStore,
  type Reports,
  SightingKind,
  type Transition,
  type Upload,
  UploadState,
  type UploadStore,
  uploadKeyOfAccepted,
} from '@upload-once/uploads';
import { LeaseLost } from './lease-keeper.ts';

const MAX_WAIT_SECONDS = 43_200;

/** How S3 tells of what the acceptor makes: by CopyObject, and in parts. */
const COPY_EVENTS = ['ObjectCreated:Copy', 'ObjectCreated:CompleteMultipartUpload'];

/**
 * What one event about an accepted object comes to:
 *
 *   lease (PROCESSING, attempt + 1) ── renewed with each heartbeat ──▶ handler ──▶ PROCESSED ──▶ acknowledge
 *
 * The attempt's number is the fencing token: a worker that was taken over can neither finish nor fail the upload. The
 * message is acknowledged only at PROCESSED; while another worker holds the lease it waits.
 */
export function createProcessAccepted(options: {
  readonly uploads: UploadStore;
  readonly objects: ObjectStore;
  readonly reports: Reports;
  /** The service's KEPT_DUPLICATES. */
  readonly keptDuplicates: number;
  readonly workUnderLease: (
    upload: Upload,
    event: ObjectCreated,
    delivery: Delivery,
    isSuspect: boolean,
  ) => Promise<Transition>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly leaseSeconds: number;
  readonly now: () => Date;
  /** Unique to each call: who holds the lease. */
  readonly newLeaseOwner: () => string;
  /** Resolves after so many seconds; rejects with the signal's reason as soon as it is aborted. */
  readonly pause: (seconds: number, signal: AbortSignal) => Promise<void>;
}) {
  const { uploads, objects, workUnderLease, log, metrics, leaseSeconds, now, newLeaseOwner, pause } = options;
  const evidence = createEvidence({
    ...options,
    onReported: () => metrics.add('StrayObjects', 1),
    onCounted: (_tally, count) => metrics.add('StrayObjects', count),
  });

  return async function processAccepted(event: ObjectCreated, delivery: Delivery): Promise<void> {
    let hasLostItsLease = false;
    for (;;) {
      let held: Upload | undefined;
      try {
        held = await processOnce(event, delivery);
      } catch (error) {
        // Nothing has failed but the lease. Given back now it would end in the dead-letter queue; so it looks who has it, once.
        if (!(error instanceof LeaseLost) || !delivery.isLastReceive || hasLostItsLease) throw error;
        delivery.signal.throwIfAborted();
        hasLostItsLease = true;
        continue;
      }
      if (!held) return;
      const leftSeconds = secondsLeft(held);
      if (!delivery.isLastReceive) throw retryAfterLease(held, leftSeconds, delivery);
      // Given back now it would end in the dead-letter queue, though nothing has failed: it waits in hand.
      await pause(leftSeconds, delivery.signal);
    }
  };

  /** Gives the upload when another worker holds its lease; otherwise the event is dealt with. */
  async function processOnce(event: ObjectCreated, delivery: Delivery): Promise<Upload | undefined> {
    const key = uploadKeyOfAccepted(event.key);
    const copiedBytes = isCopy(event) ? event.sizeBytes : undefined;
    const lease = {
      acceptedVersionId: event.versionId,
      copiedBytes,
      leaseOwner: newLeaseOwner(),
      leaseSeconds,
    };
    const started = await uploads.startProcessing(key, lease);
    if (started.applied) {
      const { claimed, acceptedAt } = started.upload;
      if (started.recordedAcceptance && claimed && acceptedAt) {
        log.info({ key: event.key, versionId: event.versionId }, 'upload accepted');
        addAcceptance(metrics, { ...claimed, acceptedAt });
      }
      const finished = await workUnderLease(started.upload, event, delivery, started.lastLeaseRanOut);
      if (finished.applied) return undefined;
      log.warn({ key, attempt: started.upload.attempt }, 'finished too late: another worker has taken over');
      return finished.upload?.state === UploadState.processed ? undefined : finished.upload;
    }
    const { upload } = started;
    if (!upload?.claimed) return recordStray(event, 'no upload was claimed for it');
    if (!upload.acceptedVersionId) return recordStray(event, 'it is no copy of the claimed version');
    if (upload.acceptedVersionId !== event.versionId) return handleOtherVersion(event, upload);
    return upload.state === UploadState.processed ? undefined : upload;
  }

  /** Mostly a worker that woke up after the user had taken the accepted object away, and copied the same bytes once more. */
  async function handleOtherVersion(event: ObjectCreated, upload: Upload): Promise<undefined> {
    if (!isCopy(event) || event.sizeBytes !== upload.claimed?.sizeBytes)
      return recordStray(event, 'it is no copy of the upload');
    await objects.deleteVersion(event.key, event.versionId);
    metrics.add('LateCopiesRemoved', 1);
    log.info({ key: event.key, versionId: event.versionId }, 'late copy removed');
  }

  /**
   * Nobody but the acceptor should write under accepted/: what else is found there is kept, and not processed. Records and reports
   * are bounded; an object is never removed here, since it may be what an operator has restored.
   */
  async function recordStray(event: ObjectCreated, why: string): Promise<undefined> {
    const { key, versionId } = event;
    log.warn({ key, versionId }, `an object under accepted/ is not processed: ${why}`);
    const isKept = await evidence.keep({ key, kind: SightingKind.stray, version: event });
    if (!isKept) await evidence.countSurplus(key, SightingKind.stray, 1);
  }

  function secondsLeft(upload: Upload): number {
    const leftMs = (upload.leaseExpiresAt?.getTime() ?? 0) - now().getTime();
    return Math.max(1, Math.ceil(leftMs / 1000));
  }
}

function isCopy({ eventName }: ObjectCreated): boolean {
  return COPY_EVENTS.includes(eventName);
}

/** Until the lease ends; longer with each receive, so that long work elsewhere costs few of them. */
function retryAfterLease(upload: Upload, leftSeconds: number, delivery: Delivery): RetryLater {
  const waitSeconds = Math.min(MAX_WAIT_SECONDS, leftSeconds * 2 ** Math.max(0, delivery.receiveCount - 2));
  return new RetryLater(waitSeconds, `another worker holds the lease of ${upload.key} for ${leftSeconds} s`);
}
