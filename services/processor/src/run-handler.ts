import type { Delivery, ObjectCreated } from '@upload-once/queue';
import { type Logger, traceIdOf } from '@upload-once/runtime';
import { type ObjectStore, type Upload, uploadIdOf } from '@upload-once/uploads';
import type { Handler } from './handler.ts';

/** The accepted object is no longer there: somebody has removed or moved it. */
export class AcceptedObjectGone extends Error {
  readonly code = 'AcceptedObjectGone';
}

/** The handler took longer than HANDLER_LIMIT_SECONDS. */
export class HandlerTooSlow extends Error {
  readonly code = 'HandlerTooSlow';
}

/**
 * Calls the user's handler for one accepted object, bounded in time. It rejects as soon as the work is no longer this
 * worker's, whether the handler listens to its signal or not.
 */
export function createRunHandler(options: {
  readonly handler: Handler;
  readonly objects: ObjectStore;
  readonly log: Logger;
  readonly limitSeconds: number;
  /** A signal that is aborted after so many seconds. */
  readonly timeLimit: (seconds: number) => AbortSignal;
}) {
  const { handler, objects, log, limitSeconds, timeLimit } = options;

  return async function runHandler(upload: Upload, event: ObjectCreated, delivery: Delivery): Promise<void> {
    const tooSlow = timeLimit(limitSeconds);
    const signal = AbortSignal.any([delivery.signal, tooSlow]);
    const aborted = Promise.withResolvers<never>();
    const onAbort = () =>
      aborted.reject(
        tooSlow.aborted
          ? new HandlerTooSlow(`the handler took longer than ${limitSeconds} seconds (HANDLER_LIMIT_SECONDS)`)
          : delivery.signal.reason,
      );
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();

    const id = uploadIdOf(upload.key);
    const work = async () =>
      handler(
        {
          id,
          bucket: event.bucket,
          key: event.key,
          versionId: event.versionId,
          sizeBytes: event.sizeBytes,
          eTag: event.eTag,
          metadata: upload.metadata,
          issuedAt: upload.issuedAt,
          storedAt: upload.claimed?.storedAt ?? event.storedAt,
          async open() {
            const opened = await objects.open(event.key, event.versionId, signal);
            if (!opened)
              throw new AcceptedObjectGone(`${event.key} has no version ${event.versionId} any more`);
            return opened;
          },
        },
        {
          idempotencyKey: id,
          attempt: upload.attempt,
          signal,
          log: log.child({ id, attempt: upload.attempt, traceId: traceIdOf(upload.traceparent) }),
        },
      );
    try {
      await Promise.race([work(), aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  };
}
