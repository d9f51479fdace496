import { type Delivery, DrainLimitReached, type ObjectCreated, RetryLater } from '@upload-once/queue';
import { addAcceptance, type Logger, type Metrics } from '@upload-once/runtime';
import {
  type ObjectStore,
  SightingKind,
  type Transition,
  type Upload,
  UploadState,
  type UploadStore,
  uploadKeyOfAccepted,
} from '@upload-once/uploads';

const MAX_WAIT_SECONDS = 43_200;

/** Another worker has taken the upload over, or will: nothing that this one does counts any more. */
export class LeaseLost extends Error {
  readonly code = 'LeaseLost';
}

/**
 * What one event about an accepted object comes to:
 *
 *   lease (PROCESSING, attempt + 1) ── renewed with each heartbeat ──▶ handler ──▶ PROCESSED ──▶ acknowledge
 *
 * The attempt's number is the fencing token: a worker that was taken over can neither finish nor fail the upload. The
 * message is acknowledged only at PROCESSED; while another holds the lease it waits.
 */
export function createProcessAccepted(options: {
  readonly uploads: UploadStore;
  readonly objects: ObjectStore;
  readonly runHandler: (upload: Upload, event: ObjectCreated, delivery: Delivery) => Promise<void>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly leaseSeconds: number;
  readonly now: () => Date;
  /** Unique to each call: who holds the lease. */
  readonly newLeaseOwner: () => string;
}) {
  const { uploads, objects, runHandler, log, metrics, leaseSeconds, now, newLeaseOwner } = options;

  return async function processAccepted(event: ObjectCreated, delivery: Delivery): Promise<void> {
    const key = uploadKeyOfAccepted(event.key);
    const lease = { acceptedVersionId: event.versionId, leaseOwner: newLeaseOwner(), leaseSeconds };
    const started = await uploads.startProcessing(key, lease);
    if (started.applied) {
      const { claimed, acceptedAt } = started.upload;
      if (started.recordedAcceptance && claimed && acceptedAt)
        addAcceptance(metrics, { ...claimed, acceptedAt });
      return work(started.upload, event, delivery);
    }
    const { upload } = started;
    if (!upload?.acceptedVersionId) return recordStray(event);
    if (upload.acceptedVersionId !== event.versionId) return removeLateCopy(event);
    if (upload.state !== UploadState.processed) throw retryAfterLease(upload, delivery);
  };

  async function work(upload: Upload, event: ObjectCreated, delivery: Delivery): Promise<void> {
    const { key, attempt } = upload;
    delivery.onHeartbeat(createLeaseKeeper(upload));
    try {
      await runHandler(upload, event, delivery);
    } catch (error) {
      await giveUp(upload, delivery, error);
      throw error;
    }
    const finished = await uploads.finish(key, attempt);
    if (!finished.applied) {
      log.warn({ key, attempt }, 'finished too late: another worker has taken the upload over');
      if (finished.upload?.state === UploadState.processed) return;
      throw finished.upload
        ? retryAfterLease(finished.upload, delivery)
        : new LeaseLost(`${key} has no item any more`);
    }
    const storedAt = upload.claimed?.storedAt ?? event.storedAt;
    const processedAt = finished.upload.processedAt ?? now();
    metrics.add('UploadsProcessed', 1);
    metrics.add('LeadTime', Math.max(0, processedAt.getTime() - storedAt.getTime()));
  }

  /** Renews the lease with each heartbeat. A table that is away for a while costs nothing as long as the lease still runs. */
  function createLeaseKeeper({ key, attempt, leaseExpiresAt }: Upload): () => Promise<void> {
    let heldUntil = leaseExpiresAt ?? now();
    return async () => {
      let renewed: Transition;
      try {
        renewed = await uploads.renewLease(key, attempt, leaseSeconds);
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
  }

  /** The lease ends with the attempt, so that the next one need not wait for it; the last one leaves FAILED behind. */
  async function giveUp(upload: Upload, delivery: Delivery, error: unknown): Promise<void> {
    const { key, attempt } = upload;
    if (error instanceof LeaseLost) return;
    if (!delivery.isLastReceive || error instanceof DrainLimitReached) {
      await uploads.releaseLease(key, attempt);
      return;
    }
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const failed = await uploads.fail(key, attempt, reason);
    if (failed.applied) metrics.add('ProcessingFailed', 1);
  }

  /** An object under accepted/ that was never claimed: nobody but the acceptor should write there. */
  async function recordStray(event: ObjectCreated): Promise<void> {
    const sighting = await uploads.recordSighting(event.key, SightingKind.stray, event);
    if (sighting.reported) return;
    metrics.add('StrayObjects', 1);
    log.warn(
      { key: event.key, versionId: event.versionId },
      'an accepted object that no upload was claimed for: not processed',
    );
    await uploads.markReported(event.key, SightingKind.stray, event.versionId);
  }

  /** A worker woke up after the user had taken the accepted object away, and copied the same bytes once more. */
  async function removeLateCopy(event: ObjectCreated): Promise<void> {
    await objects.deleteVersion(event.key, event.versionId);
    metrics.add('LateCopiesRemoved', 1);
    log.info({ key: event.key, versionId: event.versionId }, 'late copy removed');
  }

  /** Until the lease ends; longer with each receive, so that a redelivery of long work does not use up what the queue allows. */
  function retryAfterLease(upload: Upload, delivery: Delivery): RetryLater {
    const leftMs = (upload.leaseExpiresAt?.getTime() ?? 0) - now().getTime();
    const leftSeconds = Math.max(1, Math.ceil(leftMs / 1000));
    const waitSeconds = Math.min(MAX_WAIT_SECONDS, leftSeconds * 2 ** Math.max(0, delivery.receiveCount - 2));
    return new RetryLater(
      waitSeconds,
      `another worker holds the lease of ${upload.key} for ${leftSeconds} s`,
    );
  }
}

function isHeldBy(attempt: number, upload: Upload | undefined): boolean {
  return upload?.state === UploadState.processing && upload.attempt === attempt;
}
