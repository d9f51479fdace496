import type { HandlerRun, HandlerRunner, HandlerWork, Hold } from './handler-runner.ts';
import type { HandlerThread, ThreadRun } from './start-handler-thread.ts';

export interface ThreadRunner extends HandlerRunner {
  /** Starts the threads that uploads share. @throws HandlerNotLoaded */
  open(): Promise<void>;
  /** Ends every thread. Resolves when they have ended. */
  close(): Promise<void>;
}

/**
 * Runs handlers in threads that uploads share, and those that must be alone in a fresh thread each. There are never more threads than
 * `threads` and `aloneThreads` together, with those that are ending.
 *
 * @param options.startThread starts a thread; it calls back when the thread responds again after it was silent
 * @param options.threads how many threads are shared. One that has ended is replaced when an upload needs it: a handler that ends each
 *   thread while it is loaded costs a thread for each attempt, and no more
 * @param options.aloneThreads how many places there are beside them: for an upload that is alone, or for a thread that uploads shared and
 *   that takes no more of them
 */
export function createThreadRunner(options: {
  readonly startThread: (onAnswer: () => void) => HandlerThread;
  readonly threads: number;
  readonly aloneThreads: number;
}): ThreadRunner {
  const { startThread, threads, aloneThreads } = options;
  let shared: HandlerThread[] = [];
  const inPlaces = new Set<HandlerThread>();
  const waiting = new Set<() => void>();
  let placesTaken = 0;
  let changed = Promise.withResolvers<void>();

  /** A thread responds again or has ended, or a place is free: what waits for a shared thread looks again. */
  function notifyChange(): void {
    changed.resolve();
    changed = Promise.withResolvers();
  }

  function addShared(): HandlerThread {
    const thread = startThread(notifyChange);
    shared.push(thread);
    void thread.exited.then(() => {
      shared = shared.filter((other) => other !== thread);
      notifyChange();
    });
    return thread;
  }

  /** Undefined: each thread is silent, which means blocked, or ending, and no other one may be started. */
  function sharedThread(): HandlerThread | undefined {
    for (const thread of shared.filter(({ isEnding, isRetired }) => isEnding || isRetired)) retire(thread);
    if (shared.every(({ isEnding, isSilent }) => isEnding || isSilent)) replaceSilent();
    const [best] = shared
      .filter(({ isEnding, isSilent }) => !isEnding && !isSilent)
      .sort(
        (a, b) =>
          Number(a.isRetired) - Number(b.isRetired) || a.unanswered - b.unanswered || a.running - b.running,
      );
    return best?.running === 0 || shared.length >= threads ? best : addShared();
  }

  /** Ends the silent threads that nothing runs in. Where there is none, one of the others is retired. */
  function replaceSilent(): void {
    if (shared.length < threads) return;
    const silent = shared.filter(({ isEnding }) => !isEnding);
    for (const thread of silent.filter(({ running }) => running === 0)) {
      void thread.end();
      retire(thread);
    }
    const [first] = silent;
    if (first && shared.length >= threads) retire(first);
  }

  /** Another thread can be started for it, while what runs in it goes on to its end. Without a free place it stays as it is. */
  function retire(thread: HandlerThread): void {
    if (placesTaken >= aloneThreads) return;
    placesTaken += 1;
    shared = shared.filter((other) => other !== thread);
    keepPlace(thread);
    thread.retire();
  }

  function keepPlace(thread: HandlerThread): void {
    inPlaces.add(thread);
    void thread.exited.then(() => {
      inPlaces.delete(thread);
      leavePlace();
    });
  }

  /**
   * Resolves when the run has begun. A run whose thread falls silent before that is withdrawn, and waits here until there is a thread
   * that answers: nothing is posted to a blocked one, and `assertHeld` is asked again before the run can begin.
   */
  async function startShared(work: HandlerWork, { signal, assertHeld }: Hold): Promise<ThreadRun> {
    for (;;) {
      assertHeld();
      const thread = sharedThread();
      const run = thread && (await beginIn(thread, work, signal));
      if (run) return run;
      if (thread) signal.throwIfAborted();
      else await orAborted(changed.promise, signal);
    }
  }

  /** Undefined: it was withdrawn. */
  async function beginIn(
    thread: HandlerThread,
    work: HandlerWork,
    signal: AbortSignal,
  ): Promise<ThreadRun | undefined> {
    const run = thread.start(work, true);
    const onAbort = () => run.withdraw();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const isBegun = await run.begun;
    signal.removeEventListener('abort', onAbort);
    return isBegun ? run : undefined;
  }

  /** The time that a fresh thread takes to load the handler is none of the handler's; the lease can be lost in it. */
  async function startFresh(work: HandlerWork, { signal, assertHeld }: Hold): Promise<HandlerRun> {
    await takePlace(signal);
    const thread = startAlone(assertHeld);
    try {
      await orAborted(thread.loaded, signal);
      assertHeld();
    } catch (error) {
      void thread.end();
      throw error;
    }
    const run = thread.start(work);
    return {
      ended: run.ended.then(async (end) => {
        await thread.end();
        return end;
      }),
      abort: run.abort,
      kill: run.kill,
      get isHeldUp() {
        return run.isHeldUp;
      },
    };
  }

  async function takePlace(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (placesTaken < aloneThreads) {
      placesTaken += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => {
      waiting.delete(resolve);
      reject(signal.reason);
    };
    waiting.add(resolve);
    signal.addEventListener('abort', onAbort, { once: true });
    await promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  function leavePlace(): void {
    const [next] = waiting;
    if (next === undefined) {
      placesTaken -= 1;
      notifyChange();
    } else {
      waiting.delete(next);
      next();
    }
  }

  /** Node throws where the system gives it no thread more. */
  function startAlone(assertHeld: () => void): HandlerThread {
    try {
      assertHeld();
      const thread = startThread(() => undefined);
      keepPlace(thread);
      return thread;
    } catch (error) {
      leavePlace();
      throw error;
    }
  }

  return {
    async open() {
      for (let count = 0; count < threads; count += 1) addShared();
      await Promise.all(shared.map(({ loaded }) => loaded));
    },

    async start(work, { isAlone, signal, assertHeld }) {
      signal.throwIfAborted();
      return isAlone ? startFresh(work, { signal, assertHeld }) : startShared(work, { signal, assertHeld });
    },

    async close() {
      await Promise.all([...shared, ...inPlaces].map((thread) => thread.end()));
    },
  };
}

/** Settles as `work` does; rejects with the signal's reason where that is aborted before. */
async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  await Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener('abort', onAbort));
}
