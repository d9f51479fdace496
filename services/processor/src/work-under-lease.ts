import { type Delivery, DrainLimitReached, type ObjectCreated } from '@upload-once/queue';
import { type Logger, type Metrics, redactText } from '@upload-once/runtime';
import type { Transition, Upload, UploadStore } from '@upload-once/uploads';
import { type KeptLease, LeaseLost } from './lease-keeper.ts';

/** An item of DynamoDB has 400 KB at most; a reason is for a person to read. */
const REASON_MAX_CHARACTERS = 1_000;

/**
 * The handler's work on an upload whose lease this worker holds, from the first heartbeat to the record of its end. The last
 * update is conditional on the attempt: `applied` is false when another worker has taken the upload over.
 */
export function createWorkUnderLease(options: {
  readonly uploads: UploadStore;
  readonly runHandler: (upload: Upload, event: ObjectCreated, delivery: Delivery) => Promise<void>;
  readonly keepLease: (upload: Upload) => KeptLease;
  readonly log: Logger;
  readonly metrics: Metrics;
}) {
  const { uploads, runHandler, keepLease, log, metrics } = options;

  return async function workUnderLease(
    upload: Upload,
    event: ObjectCreated,
    delivery: Delivery,
  ): Promise<Transition> {
    const lease = keepLease(upload);
    const stopBeats = delivery.onHeartbeat(lease.renew);
    const signal = AbortSignal.any([delivery.signal, lease.signal]);
    try {
      await runHandler(upload, event, { ...delivery, signal });
    } catch (error) {
      await giveUp(upload, delivery, error);
      throw error;
    } finally {
      stopBeats();
      lease.end();
    }
    const finished = await uploads.finish(upload.key, upload.attempt);
    if (finished.applied) {
      const storedAt = upload.claimed?.storedAt ?? event.storedAt;
      const processedAt = finished.upload.processedAt ?? storedAt;
      metrics.add('UploadsProcessed', 1);
      metrics.add('LeadTime', Math.max(0, processedAt.getTime() - storedAt.getTime()));
    }
    return finished;
  };

  /**
   * The lease ends with the attempt, so that the next one need not wait for it; the last one leaves FAILED behind. A table that is
   * away now must not hide why the handler failed: the lease runs out by itself, and the queue counts on.
   */
  async function giveUp({ key, attempt }: Upload, delivery: Delivery, error: unknown): Promise<void> {
    if (error instanceof LeaseLost) return;
    try {
      if (!delivery.isLastReceive || error instanceof DrainLimitReached) {
        await uploads.releaseLease(key, attempt);
        return;
      }
      const failed = await uploads.fail(key, attempt, reasonOf(error));
      if (failed.applied) metrics.add('ProcessingFailed', 1);
    } catch (err) {
      log.warn({ key, attempt, err }, 'the end of a failed attempt could not be recorded');
    }
  }
}

function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return redactText(reason).slice(0, REASON_MAX_CHARACTERS);
}
