import type { HandlerRun, HandlerRunner, HandlerWork, Hold, RunEnd } from './handler-runner.ts';
import type { HandlerThread, ThreadRun } from './start-handler-thread.ts';

export interface ThreadRunner extends HandlerRunner {
  /** Starts the threads that uploads share. @throws HandlerNotLoaded */
  open(): Promise<void>;
  /** Ends every thread. Resolves when they have ended. */
  close(): Promise<void>;
}

/**
 * Runs handlers in threads that uploads share, and those that must be alone in a fresh thread each.
 *
 * @param options.threads how many threads are shared. One that has ended is replaced when an upload needs it: a handler that ends each
 *   thread while it is loaded costs a thread for each attempt, and no more
 * @param options.aloneThreads how many uploads are alone at once; others wait
 */
export function createThreadRunner(options: {
  readonly startThread: () => HandlerThread;
  readonly threads: number;
  readonly aloneThreads: number;
}): ThreadRunner {
  const { startThread, threads, aloneThreads } = options;
  let shared: HandlerThread[] = [];
  /** Shared until they took no more uploads; some are still in them. */
  let retired: HandlerThread[] = [];
  const alone = new Set<HandlerThread>();
  /** Those among them that uploads shared before. */
  const replaced = new Set<HandlerThread>();
  const waiting = new Set<() => void>();
  let placesTaken = 0;

  /** A thread that does not answer is blocked, or starting: what could begin elsewhere does not wait for it. */
  function sharedThread(): HandlerThread {
    retired = [...retired, ...shared.filter(({ isEnding }) => isEnding)].filter(({ running }) => running > 0);
    shared = shared.filter(({ isEnding }) => !isEnding);
    if (shared.every(({ isSilent }) => isSilent)) replaceSilent();
    const [best] = [...shared].sort(
      (a, b) =>
        Number(a.isSilent) - Number(b.isSilent) || a.unanswered - b.unanswered || a.running - b.running,
    );
    if (best && (best.running === 0 || shared.length >= threads)) return best;
    const started = startThread();
    shared.push(started);
    return started;
  }

  /**
   * Ends the silent threads that nothing runs in. Where there is none, one of the others takes no more uploads, and has the place of an
   * upload that is alone until what runs in it has ended: so there are never more threads than with uploads that are alone.
   */
  function replaceSilent(): void {
    const idle = shared.filter(({ running }) => running === 0);
    for (const thread of idle) void thread.end();
    shared = shared.filter((thread) => !idle.includes(thread));
    if (shared.length < threads || placesTaken >= aloneThreads) return;
    const [thread] = shared.splice(0, 1);
    if (thread === undefined) return;
    placesTaken += 1;
    alone.add(thread);
    replaced.add(thread);
  }

  function endIfReplaced(thread: HandlerThread): void {
    if (thread.running > 0 || !replaced.delete(thread)) return;
    void thread.end().then(() => {
      alone.delete(thread);
      leavePlace();
    });
  }

  /** Resolves when the run has begun; in another thread where its own does not answer. */
  async function startShared(work: HandlerWork, { signal, assertHeld }: Hold): Promise<ThreadRun> {
    for (;;) {
      assertHeld();
      const thread = sharedThread();
      const run = thread.start(work, true);
      void run.ended.then(() => endIfReplaced(thread));
      const onAbort = () => run.withdraw();
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      const isBegun = await run.begun;
      signal.removeEventListener('abort', onAbort);
      if (isBegun) return run;
      endIfReplaced(thread);
      signal.throwIfAborted();
    }
  }

  async function startFresh(work: HandlerWork, { signal, assertHeld }: Hold): Promise<HandlerRun> {
    await takePlace(signal);
    const thread = startAlone(assertHeld);
    const run = thread.start(work);
    const ended = endAlone(thread, run.ended);
    // The time that a fresh thread takes to load the handler is none of the handler's.
    await settledOrAborted(thread.loaded, signal);
    return {
      ended,
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
    if (next === undefined) placesTaken -= 1;
    else {
      waiting.delete(next);
      next();
    }
  }

  /** Node throws where the system gives it no thread more. */
  function startAlone(assertHeld: () => void): HandlerThread {
    try {
      assertHeld();
      const thread = startThread();
      alone.add(thread);
      return thread;
    } catch (error) {
      leavePlace();
      throw error;
    }
  }

  async function endAlone(thread: HandlerThread, end: Promise<RunEnd>): Promise<RunEnd> {
    const ended = await end;
    await thread.end();
    alone.delete(thread);
    leavePlace();
    return ended;
  }

  return {
    async open() {
      shared = Array.from({ length: threads }, startThread);
      await Promise.all(shared.map(({ loaded }) => loaded));
    },

    async start(work, { isAlone, signal, assertHeld }) {
      signal.throwIfAborted();
      return isAlone ? startFresh(work, { signal, assertHeld }) : startShared(work, { signal, assertHeld });
    },

    async close() {
      await Promise.all([...shared, ...retired, ...alone].map((thread) => thread.end()));
    },
  };
}

async function settledOrAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onAbort = () => resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  work.then(onAbort, onAbort);
  await promise;
  signal.removeEventListener('abort', onAbort);
}
