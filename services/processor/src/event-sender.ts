import type { Clock } from '@upload-once/clock';
import type { Logger, Metrics } from '@upload-once/runtime';
import { type Upload, type UploadEvents, UploadEventType, uploadIdOf } from '@upload-once/uploads';

/** Gives the sender of webhooks the outcome of an upload. Without webhooks it calls nothing. */
export interface EventSender {
  /**
   * Called before the message of an upload that is PROCESSED is acknowledged, by each delivery that finds it so: the worker that recorded
   * it may have ended since. Rejects where the queue is not known to have the event. The message then comes back, and it is sent again.
   */
  processed(upload: Upload, acceptedVersionId: string): Promise<void>;
  /**
   * Called before FAILED is recorded, with the last receive: after that nothing reads the message again. Never rejects. An event that
   * could not be sent is logged and counted, and keeps nothing from being recorded.
   */
  failed(upload: Upload, acceptedVersionId: string, clientReason: string | undefined): Promise<void>;
}

export function createEventSender(options: {
  /** Undefined: there are no webhooks. */
  readonly webhookEvents?: UploadEvents;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Pick<Clock, 'now'>;
}): EventSender {
  const { webhookEvents, log, metrics, clock } = options;
  return {
    async processed({ key, processedAt = clock.now() }, acceptedVersionId) {
      await webhookEvents?.send({ type: UploadEventType.processed, key, acceptedVersionId, at: processedAt });
    },

    async failed({ key, attempt }, acceptedVersionId, reason) {
      const event = { type: UploadEventType.failed, key, acceptedVersionId, at: clock.now(), attempt };
      try {
        await webhookEvents?.send(reason === undefined ? event : { ...event, reason });
      } catch (err) {
        metrics.add('WebhookEventsLost', 1);
        const facts = { uploadId: uploadIdOf(key), attempt, err };
        log.error(facts, 'the event upload.failed could not be sent: no webhook reports it');
      }
    },
  };
}
