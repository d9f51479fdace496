import type { Logger } from '@upload-once/runtime';
import type { Span } from '@upload-once/tracing';
import type { ObjectStore } from '@upload-once/uploads';
import { createCallHandler } from './call-handler.ts';
import type { Handler } from './handler.ts';
import { type HandlerRunner, HandlerThreadEnded, type RunEnd } from './handler-runner.ts';

/**
 * Runs handlers in the caller's own thread: for tests, and as the baseline of the benchmark. Each run counts as one that is alone.
 * What a handler still does after `kill` has no effect on its run.
 */
export function createInThreadRunner(options: {
  readonly handler: Handler;
  readonly objects: Pick<ObjectStore, 'open'>;
  readonly log: Logger;
  readonly recordSpan?: (span: Span) => void;
}): HandlerRunner {
  const callHandler = createCallHandler(options);
  return {
    async start(work, { signal, assertHeld }) {
      signal.throwIfAborted();
      assertHeld();
      const aborting = new AbortController();
      const { promise: ended, resolve } = Promise.withResolvers<RunEnd>();
      callHandler(work, aborting.signal).then(
        () => resolve({ how: 'resolved' }),
        (error) => resolve({ how: 'rejected', error }),
      );
      return {
        ended,
        abort: (reason) => aborting.abort(reason),
        isHeldUp: false,
        kill: () =>
          resolve({
            how: 'thread-ended',
            error: new HandlerThreadEnded('the handler was ended'),
            blame: 'own',
          }),
      };
    },
  };
}
