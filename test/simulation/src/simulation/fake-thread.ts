import type { Clock } from '@upload-once/clock';
import { ANSWER_SECONDS } from '../../../../services/processor/src/answer-watch.ts';
import {
  type Blame,
  HandlerThreadEnded,
  type HandlerWork,
  type RunEnd,
} from '../../../../services/processor/src/handler-runner.ts';
import type { HandlerThread } from '../../../../services/processor/src/start-handler-thread.ts';

/** A thread of handlers, seen from one of them. */
export interface InThread {
  /** Resolves when the thread is free: at once, after a block, or never, where the thread has ended. */
  goesOn(): Promise<void>;
  /** What a handler does that computes, or waits for a child process: nothing in its thread goes on meanwhile. */
  block(seconds: number): void;
  onBlock(callback: (seconds: number) => void): void;
  /** What a handler does that throws outside its promise: it ends all that runs beside it. */
  crash(): void;
  onEnd(callback: () => void): void;
}

interface Run {
  readonly resolve: (end: RunEnd) => void;
  readonly isMovable: boolean;
  withdraw(): boolean;
  isBegun: boolean;
  isAborting: boolean;
  isKiller: boolean;
  isHeldUp: boolean;
}

/** A handler's thread in virtual time. A handler in it runs no further than it lets it, where the handler awaits `goesOn`. */
export function createFakeThread(options: {
  readonly call: (work: HandlerWork, signal: AbortSignal, thread: InThread) => Promise<void>;
  readonly onAnswer: () => void;
  readonly clock: Pick<Clock, 'after'>;
}): HandlerThread {
  const { call, onAnswer, clock } = options;
  const exited = Promise.withResolvers<void>();
  const runs = new Set<Run>();
  const onEnd: (() => void)[] = [];
  const onBlock: ((seconds: number) => void)[] = [];
  let started = 0;
  let isEnded = false;
  let isRetired = false;
  let isSilent = false;
  let blocked: Promise<void> | undefined;

  function end(blame: (run: Run) => Blame): void {
    if (isEnded) return;
    isEnded = true;
    for (const callback of onEnd) callback();
    const error = new HandlerThreadEnded('the thread has ended');
    for (const run of runs)
      run.resolve({ how: 'thread-ended', error, blame: started === 1 ? 'own' : blame(run) });
    runs.clear();
    exited.resolve();
  }

  function endIfLeft(): void {
    if (isRetired && runs.size === 0) end(() => 'unknown');
  }

  function blameOf({ isKiller }: Run): Blame {
    if ([...runs].some((run) => run.isKiller && !run.isAborting)) return 'unknown';
    return isKiller ? 'own' : 'neighbour';
  }

  async function goesOn(): Promise<void> {
    while (blocked) await blocked;
    if (isEnded) await new Promise<never>(() => undefined);
  }

  /** What is posted to a thread, or by it, waits while it is blocked. */
  function post(message: () => void): void {
    if (blocked === undefined && !isEnded) message();
    else void goesOn().then(message);
  }

  function block(seconds: number): void {
    for (const callback of onBlock) callback(seconds);
    const { promise, resolve } = Promise.withResolvers<void>();
    blocked = promise;
    const markHeldUp = () => {
      if (blocked !== promise || isEnded) return;
      isSilent = true;
      for (const run of runs) {
        run.isHeldUp = true;
        if (run.isMovable) run.withdraw();
      }
      clock.after(ANSWER_SECONDS * 1000, markHeldUp);
    };
    clock.after(ANSWER_SECONDS * 1000, markHeldUp);
    clock.after(seconds * 1000, () => {
      blocked = undefined;
      const wasSilent = isSilent;
      isSilent = false;
      resolve();
      if (wasSilent) onAnswer();
    });
  }

  const inThread: InThread = {
    goesOn,
    block,
    onBlock: (callback) => void onBlock.push(callback),
    crash: () => end(() => 'unknown'),
    onEnd: (callback) => void onEnd.push(callback),
  };

  return {
    get running() {
      return runs.size;
    },
    get unanswered() {
      return [...runs].filter(({ isBegun }) => !isBegun).length;
    },
    get isSilent() {
      return isSilent;
    },
    get isEnding() {
      return isEnded;
    },
    get isRetired() {
      return isRetired;
    },
    loaded: Promise.resolve(),
    exited: exited.promise,
    start(work, isMovable = false) {
      started += 1;
      const aborting = new AbortController();
      const { promise: ended, resolve } = Promise.withResolvers<RunEnd>();
      const begun = Promise.withResolvers<boolean>();
      void ended.then(() => begun.resolve(true));
      let isWithdrawn = false;
      const run: Run = {
        resolve,
        isMovable,
        isBegun: false,
        isAborting: false,
        isKiller: false,
        isHeldUp: false,
        withdraw() {
          if (run.isBegun || !runs.delete(run)) return false;
          isWithdrawn = true;
          started -= 1;
          begun.resolve(false);
          endIfLeft();
          return true;
        },
      };
      runs.add(run);
      const settle = (how: RunEnd) =>
        post(() => {
          runs.delete(run);
          resolve(how);
          isRetired ||= run.isAborting;
          endIfLeft();
        });
      post(() => {
        if (isWithdrawn) return;
        run.isBegun = true;
        begun.resolve(true);
        call(work, aborting.signal, inThread).then(
          () => settle({ how: 'resolved', ...(run.isAborting && { isAfterAbort: true }) }),
          (error) => settle({ how: 'rejected', error }),
        );
      });
      return {
        ended,
        begun: begun.promise,
        withdraw: run.withdraw,
        get isHeldUp() {
          return run.isHeldUp;
        },
        abort: (reason) =>
          post(() => {
            run.isAborting = true;
            aborting.abort(reason);
          }),
        kill() {
          if (!runs.has(run)) return;
          run.isKiller = true;
          end(blameOf);
        },
      };
    },
    retire() {
      isRetired = true;
      endIfLeft();
    },
    async end() {
      end(() => 'unknown');
    },
  };
}
