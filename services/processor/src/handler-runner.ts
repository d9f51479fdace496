import type { SpanPlace } from '@upload-once/tracing';
import type { AcceptedUpload } from './handler.ts';

/** The facts of one attempt at an upload, as data that can go to another thread. */
export interface HandlerWork {
  readonly upload: Omit<AcceptedUpload, 'open'>;
  readonly attempt: number;
  readonly traceId: string;
  /** The span of the run, for spans of the handler's own; absent where none is recorded. */
  readonly place?: SpanPlace;
}

/** The thread in which a handler ran has ended before the handler did; `message` says why. */
export class HandlerThreadEnded extends Error {
  readonly code = 'HandlerThreadEnded';
}

/**
 * Who ended a thread, seen from one of the uploads in it. `own`: this upload's handler did, for certain. `neighbour`: another one
 * did, for certain. `unknown`: one of several did, and it is unknown which.
 */
export type Blame = 'own' | 'neighbour' | 'unknown';

export type RunEnd =
  | {
      readonly how: 'resolved';
      /** The handler could see that its signal was aborted: it may have broken off, and returned. */
      readonly isAfterAbort?: true;
    }
  | { readonly how: 'rejected'; readonly error: unknown }
  | {
      readonly how: 'thread-ended';
      readonly error: HandlerThreadEnded;
      readonly blame: Blame;
      /** The thread could not be ended, so the service ends. */
      readonly isStuck?: boolean;
    };

/** One run of the handler. */
export interface HandlerRun {
  /**
   * Resolves when the handler's promise has settled, or its thread has ended or could not be ended; never rejects.
   *
   * If the promise settles after the signal was aborted, a part of the handler may go on. Where no other upload is in the thread, this
   * resolves when the thread has ended. Where others are in it, this resolves at once, and the thread ends as soon as it is empty: until then
   * what the handler left behind can run beside the next attempt. So can what it leaves behind without such a signal.
   */
  readonly ended: Promise<RunEnd>;
  /**
   * Its thread did not respond for a while, at any time of the run: a handler may have taken the time of those beside it. A block of less than
   * two seconds can go unnoticed. The value is the same for the handler that blocks and for the others.
   */
  readonly isHeldUp: boolean;
  /** Aborts the handler's signal, with an equal reason. The handler goes on until it ends by itself. */
  abort(reason: unknown): void;
  /** Ends the handler's thread, with all that runs in it. For a handler that does not heed its signal. */
  kill(): void;
}

/** Whose work an upload is: this worker's, until the signal is aborted. */
export interface Hold {
  readonly signal: AbortSignal;
  /** @throws where the work is no longer this worker's, also before a timer has noticed it */
  assertHeld(): void;
}

/** Where handlers run: in threads of their own, or in tests in the same thread. */
export interface HandlerRunner {
  /**
   * Begins a run, as soon as there is a thread for it, which has loaded the handler. Resolves when the run has begun; one that is alone,
   * when it was given to its thread.
   * @param options.isAlone in a fresh thread that no other upload is in, before or beside it
   * @param options.signal ends the wait; it is not the handler's signal
   * @param options.assertHeld called right before a thread is given the run, which it is not where this throws
   * @throws the signal's reason, where it was aborted before the run began; what `assertHeld` throws; HandlerNotLoaded
   */
  start(work: HandlerWork, options: { readonly isAlone: boolean } & Hold): Promise<HandlerRun>;
}
