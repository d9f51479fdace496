import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { systemClock } from '@upload-once/clock';
import type { Logger } from '@upload-once/runtime';
import { redactBeginning } from '@upload-once/runtime/bounded-data';
import type { Span } from '@upload-once/tracing';
import { createHandlerSpans } from '@upload-once/tracing/handler-spans';
import type { ObjectStore } from '@upload-once/uploads';
import type { AcceptedUpload, Handler, HandlerContext } from './handler.ts';
import { createHandlerLog } from './handler-log.ts';
import type { HandlerWork } from './handler-runner.ts';

/** The accepted object is no longer there: it was removed or moved. */
export class AcceptedObjectGone extends Error {
  readonly code = 'AcceptedObjectGone';
}

/** More of one upload at once would leave the others of the thread without a connection. */
export const MOST_OPEN_STREAMS = 4;

/** The handler has as many streams open as it may. */
class TooManyStreams extends Error {
  readonly code = 'TooManyStreams';
}

/** The handler calls `open()`, or still reads, although its promise has settled. */
class HandlerHasEnded extends Error {
  readonly code = 'HandlerHasEnded';
}

/**
 * One call of the user's handler, in whatever thread this runs. It settles when the handler's promise settles, and as that does (with an
 * error in the place of `undefined`); it never ends before that. What the handler opened is closed when the signal is aborted, and when the
 * handler has ended; nothing is opened after that. A stream that is never read keeps one of the client's connections, and other uploads need them.
 */
export function createCallHandler(options: {
  readonly handler: Handler;
  readonly objects: Pick<ObjectStore, 'open'>;
  readonly log: Logger;
  /** Takes the handler's own spans; by default there are none. */
  readonly recordSpan?: (span: Span) => void;
}) {
  const { handler, objects, log, recordSpan } = options;

  return async function callHandler(
    { upload, attempt, traceId, place }: HandlerWork,
    signal: AbortSignal,
  ): Promise<void> {
    const { id, key, versionId } = upload;
    const ending = new AbortController();
    const stop = AbortSignal.any([signal, ending.signal]);
    let opening = 0;
    let bodies: Readable[] = [];
    const openOnce = async () => {
      const object = await objects.open(key, versionId, stop).catch((error) => {
        stop.throwIfAborted();
        throw error;
      });
      if (!object) throw new AcceptedObjectGone(`${key} has no version ${versionId} any more`);
      return object;
    };
    const accepted: AcceptedUpload = {
      ...upload,
      async open() {
        stop.throwIfAborted();
        bodies = bodies.filter(({ destroyed, readableEnded }) => !destroyed && !readableEnded);
        if (bodies.length + opening >= MOST_OPEN_STREAMS) {
          throw new TooManyStreams(
            `${key} is open ${MOST_OPEN_STREAMS} times: read each stream to its end, or destroy it, before you open another`,
          );
        }
        opening += 1;
        const object = await openOnce().finally(() => {
          opening -= 1;
        });
        const { body } = object;
        bodies.push(body);
        // A stream that the handler has not begun to read has no listener yet: its error would end the thread.
        body.on('error', () => undefined);
        if (stop.aborted) body.destroy();
        stop.throwIfAborted();
        stop.addEventListener('abort', () => body.destroy(stop.reason), { once: true });
        return object;
      },
    };
    const context: HandlerContext = {
      idempotencyKey: id,
      attempt,
      signal,
      log: createHandlerLog(log, { uploadId: id, attempt, traceId }),
      span: createHandlerSpans({
        place: recordSpan && place,
        record: (span) => recordSpan?.(span),
        redact: redactBeginning,
        clock: systemClock,
        randomBytes,
      }),
    };
    try {
      assertEnded(await handler(accepted, context));
    } catch (error) {
      throw error ?? new Error(`the handler failed with ${error}, which gives no reason`);
    } finally {
      ending.abort(new HandlerHasEnded(`"${key}" is not open any more: its handler has ended`));
    }
  };
}

/** A generator that a handler returns has not run, and a stream may still be under way. */
function assertEnded(result: unknown): void {
  if (typeof result !== 'object' || result === null) return;
  const isReadable = Symbol.asyncIterator in result || ('next' in result && Symbol.iterator in result);
  const { write, getWriter } = result as { readonly write?: unknown; readonly getWriter?: unknown };
  const isWritable = typeof write === 'function' || typeof getWriter === 'function';
  if (!isReadable && !isWritable) return;
  throw new TypeError(
    'the handler returned a stream or a generator, so its work may not have ended: wait for it, such as with "await pipeline(…)", and return nothing',
  );
}
