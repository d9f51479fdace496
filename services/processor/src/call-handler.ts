import type { Readable } from 'node:stream';
import type { Logger } from '@upload-once/runtime';
import type { ObjectStore } from '@upload-once/uploads';
import type { AcceptedUpload, Handler, HandlerContext } from './handler.ts';
import type { HandlerWork } from './handler-runner.ts';

/** The accepted object is no longer there: somebody has removed or moved it. */
export class AcceptedObjectGone extends Error {
  readonly code = 'AcceptedObjectGone';
}

/**
 * One call of the user's handler, in whatever thread this runs. It settles when the handler has ended, and as the handler does; it
 * never ends before that. What the handler opened is closed when the signal is aborted, and when the handler has ended: a stream
 * that is never read keeps one of the client's connections.
 */
export function createCallHandler(options: {
  readonly handler: Handler;
  readonly objects: Pick<ObjectStore, 'open'>;
  readonly log: Logger;
}) {
  const { handler, objects, log } = options;

  return async function callHandler(
    { upload, attempt, traceId }: HandlerWork,
    signal: AbortSignal,
  ): Promise<void> {
    const { id, key, versionId } = upload;
    const opened: Readable[] = [];
    const accepted: AcceptedUpload = {
      ...upload,
      async open() {
        const object = await objects.open(key, versionId, signal);
        if (!object) throw new AcceptedObjectGone(`${key} has no version ${versionId} any more`);
        // A stream that the handler has not begun to read has no listener yet: its error would end the thread.
        object.body.on('error', () => undefined);
        opened.push(object.body);
        return object;
      },
    };
    const context: HandlerContext = {
      idempotencyKey: id,
      attempt,
      signal,
      log: log.child({ id, attempt, traceId }),
    };
    const breakOff = () => {
      for (const body of opened) body.destroy(signal.reason);
    };
    signal.addEventListener('abort', breakOff, { once: true });
    try {
      await handler(accepted, context);
    } finally {
      signal.removeEventListener('abort', breakOff);
      for (const body of opened) body.destroy();
    }
  };
}
