import { type Clock, pause } from '@upload-once/clock';
import { type Delivery, DrainLimitReached, type ObjectCreated, VisibilityLost } from '@upload-once/queue';
import { type Logger, type Metrics, redactBeginning, textOfThrown, traceIdOf } from '@upload-once/runtime';
import { toPlain } from '@upload-once/runtime/plain-error';
import {
  type Transition,
  type Upload,
  UploadState,
  type UploadStore,
  uploadIdOf,
} from '@upload-once/uploads';
import type { EventSender } from './event-sender.ts';
import type { Hold } from './handler-runner.ts';
import { type KeptLease, LeaseLost, RETRIES_PER_LEASE } from './lease-keeper.ts';
import { HandlerStuck } from './run-handler.ts';

/** An item of DynamoDB has 400 KB at most; a reason is for a person to read. */
const REASON_MAX_CHARACTERS = 1_000;
const CLIENT_REASON_MAX_CHARACTERS = 500;

/** A table that is back is not left waiting because leases are long. */
const RETRY_MAX_SECONDS = 5;

/**
 * The handler's work on an upload whose lease this worker holds, from the first heartbeat to the record of its end. The last
 * update is conditional on the attempt: `applied` is false when another worker has taken the upload over.
 */
export function createWorkUnderLease(options: {
  readonly uploads: UploadStore;
  readonly runHandler: (
    upload: Upload,
    event: ObjectCreated,
    hold: Hold,
    isSuspect: boolean,
  ) => Promise<void>;
  readonly keepLease: (upload: Upload) => KeptLease;
  readonly sendEvent: Pick<EventSender, 'failed'>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly leaseSeconds: number;
  readonly clock: Pick<Clock, 'now' | 'after'>;
}) {
  const { uploads, runHandler, keepLease, sendEvent, log, metrics, leaseSeconds, clock } = options;

  return async function workUnderLease(
    upload: Upload,
    event: ObjectCreated,
    delivery: Delivery,
    isSuspect: boolean,
  ): Promise<Transition> {
    const beganAt = clock.now();
    const lease = keepLease(upload);
    const stopBeats = delivery.onHeartbeat(lease.renew);
    const signal = AbortSignal.any([delivery.signal, lease.signal]);
    try {
      await runHandler(upload, event, { signal, assertHeld: lease.assertHeld }, isSuspect)
        .catch(async (error) => {
          await giveUp(upload, event, delivery, beganAt, error);
          throw error;
        })
        .finally(stopBeats);
      const finished = await recordEnd(upload, signal);
      if (finished.applied) {
        const storedAt = storedAtOf(upload, event);
        const facts = factsOf(upload, event, beganAt, finished.upload.processedAt ?? storedAt);
        log.info({ ...facts, outcome: 'processed' }, 'upload processed');
        const { leadTimeMs: LeadTime, durationMs: HandlerTime } = facts;
        metrics.addAll({ UploadsProcessed: 1, LeadTime, HandlerTime });
      }
      return finished;
    } finally {
      lease.end();
    }
  };

  /**
   * Repeated for as long as the lease still runs, because the handler has done its work: if the message were given back, it would do all of it
   * once more. Nothing renews the lease any more, so that this ends; the last try comes with the signal.
   */
  async function recordEnd({ key, attempt }: Upload, signal: AbortSignal): Promise<Transition> {
    for (;;) {
      const isLastTry = signal.aborted;
      try {
        const finished = await uploads.finish(key, attempt);
        const { upload } = finished;
        // Only this worker can finish this attempt: an earlier try was carried out, and its response was lost.
        const isDone = upload?.state === UploadState.processed && upload.attempt === attempt;
        return isDone ? { applied: true, upload } : finished;
      } catch (err) {
        if (isLastTry) throw err;
        log.warn(
          { uploadId: uploadIdOf(key), attempt, err },
          'the end of the work could not be recorded yet',
        );
      }
      await pause(clock, Math.min(leaseSeconds / RETRIES_PER_LEASE, RETRY_MAX_SECONDS) * 1000, signal);
    }
  }

  /**
   * The lease ends with the attempt, so that the next one need not wait for it; the last one leaves FAILED behind, where it was
   * the handler that failed. A table that is away now must not hide why the handler failed: the lease runs out by itself, and
   * the queue counts on.
   */
  async function giveUp(
    upload: Upload,
    event: ObjectCreated,
    delivery: Delivery,
    beganAt: Date,
    error: unknown,
  ): Promise<void> {
    const { key, attempt } = upload;
    if (error instanceof LeaseLost) return;
    try {
      await delivery.renewReceiveLimit();
      if (!delivery.isLastReceive || isNoFailure(error)) {
        // Left to run out, the lease shows the next attempt that this one has ended the process: it runs alone.
        if (error instanceof HandlerStuck) return;
        await uploads.releaseLease(key, attempt);
        return;
      }
      const clientFailureReason = clientReasonOf(error);
      await sendEvent.failed(upload, event.versionId, clientFailureReason);
      const failed = await uploads.fail(key, attempt, {
        failureReason: reasonOf(error),
        clientFailureReason,
      });
      if (!failed.applied) return;
      metrics.add('ProcessingFailed', 1);
      const facts = factsOf(upload, event, beganAt, clock.now());
      log.warn({ ...facts, outcome: 'failed' }, 'upload failed');
    } catch (err) {
      log.warn(
        { uploadId: uploadIdOf(key), attempt, err },
        'the end of a failed attempt could not be recorded',
      );
    }
  }
}

function storedAtOf(upload: Upload, event: ObjectCreated): Date {
  return upload.claimed?.storedAt ?? event.storedAt;
}

/** What the line about the end of an attempt has. */
function factsOf(upload: Upload, event: ObjectCreated, beganAt: Date, endedAt: Date) {
  const msSince = (time: Date) => Math.max(0, endedAt.getTime() - time.getTime());
  return {
    uploadId: uploadIdOf(upload.key),
    versionId: event.versionId,
    attempt: upload.attempt,
    traceId: traceIdOf(upload.traceparent),
    durationMs: msSince(beganAt),
    leadTimeMs: msSince(storedAtOf(upload, event)),
  };
}

/** The service stops, or SQS gives the message to another worker: the handler itself has not failed. */
function isNoFailure(error: unknown): boolean {
  return error instanceof DrainLimitReached || error instanceof VisibilityLost;
}

/** Never throws, whatever was thrown: an attempt whose end is not recorded leaves a dead letter that nothing explains. */
function reasonOf(error: unknown): string {
  return redactBeginning(textOfThrown(error, { isNamed: true }), REASON_MAX_CHARACTERS).toWellFormed();
}

/** What the handler has for the upload's client: its error's `clientMessage`. Any other text of an error can tell of the inside. */
function clientReasonOf(error: unknown): string | undefined {
  const plain = toPlain(error);
  const message = plain.kind === 'error' ? plain.properties['clientMessage'] : undefined;
  if (typeof message !== 'string' || message === '') return undefined;
  return redactBeginning(message, CLIENT_REASON_MAX_CHARACTERS).toWellFormed();
}
