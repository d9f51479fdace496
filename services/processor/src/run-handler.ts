import type { Readable } from 'node:stream';
import type { Delivery, ObjectCreated } from '@upload-once/queue';
import { type Logger, traceIdOf } from '@upload-once/runtime';
import { type ObjectStore, type Upload, uploadIdOf } from '@upload-once/uploads';
import type { AcceptedUpload, Handler, HandlerContext } from './handler.ts';

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
 * worker's, whether the handler listens to its signal or not. What the handler opened is closed when it has ended: a
 * stream that nobody reads would keep one of the client's connections.
 */
export function createRunHandler(options: {
  readonly handler: Handler;
  readonly objects: ObjectStore;
  readonly log: Logger;
  readonly limitSeconds: number;
  /** Calls back once after so many seconds, unless the function that it gives is called before. */
  readonly startTimer: (seconds: number, callback: () => void) => () => void;
}) {
  const { handler, objects, log, limitSeconds, startTimer } = options;

  return async function runHandler(upload: Upload, event: ObjectCreated, delivery: Delivery): Promise<void> {
    delivery.signal.throwIfAborted();
    const tooSlow = new AbortController();
    const stopTimer = startTimer(limitSeconds, () =>
      tooSlow.abort(
        new HandlerTooSlow(`the handler took longer than ${limitSeconds} seconds (HANDLER_LIMIT_SECONDS)`),
      ),
    );
    const signal = AbortSignal.any([delivery.signal, tooSlow.signal]);
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });

    const id = uploadIdOf(upload.key);
    const opened: Readable[] = [];
    const accepted: AcceptedUpload = {
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
        const object = await objects.open(event.key, event.versionId, signal);
        if (!object) throw new AcceptedObjectGone(`${event.key} has no version ${event.versionId} any more`);
        opened.push(object.body);
        return object;
      },
    };
    const context: HandlerContext = {
      idempotencyKey: id,
      attempt: upload.attempt,
      signal,
      log: log.child({ id, attempt: upload.attempt, traceId: traceIdOf(upload.traceparent) }),
    };
    try {
      // In a function of its own, so that a handler that throws before it gives a promise rejects as well.
      await Promise.race([(async () => handler(accepted, context))(), aborted.promise]);
    } finally {
      stopTimer();
      signal.removeEventListener('abort', onAbort);
      for (const body of opened) body.destroy();
    }
  };
}
