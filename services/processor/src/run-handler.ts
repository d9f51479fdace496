import type { Clock } from '@upload-once/clock';
import type { ObjectCreated } from '@upload-once/queue';
import { type Logger, traceIdOf } from '@upload-once/runtime';
import { filenameOf, type Upload, uploadIdOf } from '@upload-once/uploads';
import type { HandlerRunner, HandlerWork, Hold, RunEnd } from './handler-runner.ts';

/** The handler took longer than HANDLER_LIMIT_SECONDS. */
export class HandlerTooSlow extends Error {
  readonly code = 'HandlerTooSlow';
}

/** The same, and its thread could not be ended: the service ends. */
export class HandlerStuck extends Error {
  readonly code = 'HandlerStuck';
}

/**
 * How long a handler may go on when its work is no longer this worker's. The next worker may begin by then, and a consumer that stops
 * gives a message back two seconds after it has aborted the signal.
 */
const LOST_GRACE_SECONDS = 1;

/** A thread is ended under an upload at most so often before that upload runs alone, where nothing can end it but itself. */
export const MAX_BYSTANDER_ENDS = 2;

/** Keys are some hundred bytes long. Where more are to be remembered, the oldest ones are forgotten. */
const MAX_REMEMBERED = 1_000;

/**
 * One attempt of the user's handler at an accepted object, bounded in time. It settles when the run has ended (`HandlerRun.ended`
 * says when that is), so that lease and message are given to no other attempt before.
 *
 * - Where the limit passes or the work is no longer this worker's, the handler's signal is aborted, and the attempt fails with the
 *   signal's reason whatever the handler makes of it. A handler that does not end within its grace is ended with its thread.
 * - In a thread that did not respond for a while, a handler beside it may have taken the time. There the limit and an error of the
 *   handler do not fail the attempt: a time-out of its own may have passed, also for a request whose response came in time. A handler that resolves
 *   before its thread reads that the signal is aborted has done its work. Any other one runs again, alone: one that resolves later may
 *   have stopped because of the signal. This also excuses the handler that blocks, and a block that was over long before. Both cost one
 *   run more, because a run that is alone is never excused.
 * - An upload whose thread ends under it runs again, within the same attempt: alone, where its own handler may have
 *   ended the thread. So only the handler that ends a thread by itself fails, and none that ran beside it.
 * - Each run has the whole limit. There are three runs at most.
 */
export function createRunHandler(options: {
  readonly runner: HandlerRunner;
  readonly log: Logger;
  readonly limitSeconds: number;
  /** How long a handler may go on after its limit, before its thread is ended. */
  readonly graceSeconds: number;
  readonly clock: Pick<Clock, 'after'>;
}) {
  const { runner, log, limitSeconds, graceSeconds, clock } = options;
  const runsAlone = createRecentKeys(MAX_REMEMBERED);

  /** @param isSuspect whether the attempt before has ended without a word: its handler may have ended the process */
  return async function runHandler(
    upload: Upload,
    event: ObjectCreated,
    hold: Hold,
    isSuspect: boolean,
  ): Promise<void> {
    const { key, attempt } = upload;
    const work = workOf(upload, event);
    const uploadId = work.upload.id;
    let isAlone = isSuspect || runsAlone.has(key);
    let bystanderEnds = 0;
    for (;;) {
      const { end, failure, isHeldUp } = await runOnce(work, hold, isAlone);
      if (end.how === 'thread-ended' && end.blame === 'own') runsAlone.add(key);
      // A neighbour that blocks the thread makes every handler in it late and deaf.
      const isBlocked = isHeldUp || (end.how === 'thread-ended' && end.blame === 'unknown');
      // A time-out of the handler's own can have passed meanwhile as well.
      const isLate = failure instanceof HandlerTooSlow || (failure === undefined && end.how === 'rejected');
      const isExcused = isLate && isBlocked && !isAlone && !isStuck(end);
      if (failure !== undefined && !isExcused) throw isStuck(end) ? stuckAfter(failure) : failure;
      const isDone = end.how === 'resolved' && !end.isAfterAbort;
      if (isExcused && !isDone) {
        isAlone = true;
        log.warn(
          { uploadId, attempt, err: end.how === 'resolved' ? failure : end.error },
          'the thread of a handler was blocked: it runs again, alone',
        );
        continue;
      }
      if (end.how === 'resolved') return;
      if (end.how === 'rejected' || end.blame === 'own') throw end.error;
      if (end.blame === 'neighbour') bystanderEnds += 1;
      isAlone = isAlone || end.blame === 'unknown' || bystanderEnds === MAX_BYSTANDER_ENDS;
      log.warn(
        { uploadId, attempt, isAlone, err: end.error },
        'the thread of a handler has ended: it runs again',
      );
    }
  };

  /** `failure` is why the signal was aborted, where it was. */
  async function runOnce(
    work: HandlerWork,
    { signal, assertHeld }: Hold,
    isAlone: boolean,
  ): Promise<{ end: RunEnd; failure: unknown; isHeldUp: boolean }> {
    signal.throwIfAborted();
    const run = await runner.start(work, { isAlone, signal, assertHeld });
    let failure: unknown;
    const breakOff = (reason: unknown, seconds: number) => {
      failure ??= reason;
      run.abort(reason);
      timers.push(clock.after(seconds * 1000, run.kill));
    };
    const onLost = () => breakOff(signal.reason, LOST_GRACE_SECONDS);
    const timers = [
      clock.after(limitSeconds * 1000, () => {
        const message = `the handler took longer than ${limitSeconds} seconds (HANDLER_LIMIT_SECONDS)`;
        breakOff(new HandlerTooSlow(message), graceSeconds);
      }),
    ];
    signal.addEventListener('abort', onLost, { once: true });
    if (signal.aborted) onLost();
    const end = await run.ended;
    signal.removeEventListener('abort', onLost);
    for (const cancel of timers) cancel();
    return { end, failure, isHeldUp: run.isHeldUp };
  }
}

function isStuck(end: RunEnd): boolean {
  return end.how === 'thread-ended' && end.isStuck === true;
}

function stuckAfter(cause: unknown): HandlerStuck {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HandlerStuck(`${reason}, and its thread could not be ended: does it wait for a child process?`, {
    cause,
  });
}

function workOf(upload: Upload, event: ObjectCreated): HandlerWork {
  const filename = filenameOf(upload);
  return {
    upload: {
      id: uploadIdOf(upload.key),
      bucket: event.bucket,
      key: event.key,
      versionId: event.versionId,
      sizeBytes: event.sizeBytes,
      eTag: event.eTag,
      ...(filename !== undefined && { filename }),
      metadata: upload.metadata,
      issuedAt: upload.issuedAt,
      storedAt: upload.claimed?.storedAt ?? event.storedAt,
    },
    attempt: upload.attempt,
    traceId: traceIdOf(upload.traceparent),
  };
}

function createRecentKeys(most: number) {
  const keys = new Set<string>();
  return {
    has: (key: string) => keys.has(key),
    add(key: string): void {
      keys.delete(key);
      keys.add(key);
      const [oldest] = keys;
      if (keys.size > most && oldest !== undefined) keys.delete(oldest);
    },
  };
}
