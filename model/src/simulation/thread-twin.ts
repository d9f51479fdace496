import {
  type Blame,
  HandlerThreadEnded,
  type HandlerWork,
  type RunEnd,
} from '../../../services/processor/src/handler-runner.ts';
import type { HandlerThread } from '../../../services/processor/src/start-handler-thread.ts';

/** A thread of handlers, seen from one of them. */
export interface InThread {
  readonly isEnded: boolean;
  /** What a handler does that throws outside its promise: it ends all that runs beside it. */
  crash(): void;
  onEnd(callback: () => void): void;
}

/** A handler's thread in virtual time. What has ended with it runs no further where the handler looks at `isEnded`. */
export function createThreadTwin(
  call: (work: HandlerWork, signal: AbortSignal, thread: InThread) => Promise<void>,
): HandlerThread {
  const runs = new Set<{ resolve: (end: RunEnd) => void; isKiller: boolean }>();
  const onEnd: (() => void)[] = [];
  let started = 0;
  let isEnded = false;

  function end(blame: (run: { isKiller: boolean }) => Blame): void {
    if (isEnded) return;
    isEnded = true;
    for (const callback of onEnd) callback();
    const error = new HandlerThreadEnded('the thread has ended');
    for (const run of runs)
      run.resolve({ how: 'thread-ended', error, blame: started === 1 ? 'own' : blame(run) });
    runs.clear();
  }

  const inThread: InThread = {
    get isEnded() {
      return isEnded;
    },
    crash: () => end(() => 'unknown'),
    onEnd: (callback) => void onEnd.push(callback),
  };

  return {
    get running() {
      return runs.size;
    },
    unanswered: 0,
    get isEnding() {
      return isEnded;
    },
    loaded: Promise.resolve(),
    start(work) {
      started += 1;
      const aborting = new AbortController();
      const { promise: ended, resolve } = Promise.withResolvers<RunEnd>();
      const run = { resolve, isKiller: false };
      runs.add(run);
      const settle = (how: RunEnd) => {
        if (isEnded) return;
        runs.delete(run);
        resolve(how);
      };
      call(work, aborting.signal, inThread).then(
        () => settle({ how: 'resolved' }),
        (error) => settle({ how: 'rejected', error }),
      );
      return {
        ended,
        isHeldUp: false,
        abort: (reason) => aborting.abort(reason),
        kill() {
          if (!runs.has(run)) return;
          run.isKiller = true;
          end(({ isKiller }) => (isKiller ? 'own' : 'neighbour'));
        },
      };
    },
    async end() {
      end(() => 'unknown');
    },
  };
}
