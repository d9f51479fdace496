// Over 250 lines, and one thing: the runs in one thread for handlers, seen from the main thread by each message and event of it.
import { Worker } from 'node:worker_threads';
import type { Clock } from '@upload-once/clock';
import { fromPlain, toPlain } from '@upload-once/runtime/plain-error';
import type { Span } from '@upload-once/tracing';
import { createAnswerWatch } from './answer-watch.ts';
import { createBeginning, withdraw } from './beginning.ts';
import { crashReason, isOutOfMemory, type ThreadFailure } from './crash-reason.ts';
import {
  type Blame,
  type HandlerRun,
  HandlerThreadEnded,
  type HandlerWork,
  type RunEnd,
} from './handler-runner.ts';
import { HandlerNotLoaded } from './load-handler.ts';
import { LOAD_LIMIT_SECONDS } from './longest-attempt.ts';
import type { FromThread, HandlerOutput, ThreadSettings, ThreadStart, ToThread } from './thread-messages.ts';
import { countOff } from './thread-port.ts';

const PROGRAM = new URL('handler-thread.ts', import.meta.url);

/** A run in a thread, which may have to wait there. */
export interface ThreadRun extends HandlerRun {
  /** Resolves with true when it has begun, or has ended without that; with false when it was withdrawn: it never begins then. */
  readonly begun: Promise<boolean>;
  /** Takes it back. False: it has begun, or has ended. */
  withdraw(): boolean;
}

/** One thread for handlers, seen from the main thread. */
export interface HandlerThread {
  /** How many uploads are in it. */
  readonly running: number;
  /** How many of them it has not answered for yet: it is starting, or blocked. */
  readonly unanswered: number;
  /** It has loaded the handler, and has not answered for a while: it is blocked. */
  readonly isSilent: boolean;
  /** It can take no more uploads. */
  readonly isEnding: boolean;
  /**
   * It ends as soon as no upload is in it, and should take no more: it was asked to, or a run settled after its signal was aborted, and a
   * part of that handler may go on.
   */
  readonly isRetired: boolean;
  /** Resolves when the handler is loaded. @throws HandlerNotLoaded */
  readonly loaded: Promise<void>;
  /** Resolves when it has ended, or could not be ended. */
  readonly exited: Promise<void>;
  /** @param isMovable the run is withdrawn where the thread is silent before it has begun it; by default it stays */
  start(work: HandlerWork, isMovable?: boolean): ThreadRun;
  /** See `isRetired`. */
  retire(): void;
  /** Ends it with all that runs in it. Resolves when it has ended. */
  end(): Promise<void>;
}

export interface HandlerThreadOptions {
  readonly settings: ThreadSettings;
  /** The limit of its heap (V8's old generation) in MiB; Node's own without one. */
  readonly heapMib?: number;
  /** Takes what the handler logged or printed. `written` is to be called when it is written: until then the handler waits with more. */
  readonly onOutput: (output: HandlerOutput, written: () => void) => void;
  /** Takes the spans of its handlers. */
  readonly onSpan?: (span: Span) => void;
  /** Called when it was silent and responds again. */
  readonly onAnswer?: () => void;
  /** How long it may take to end. One that ends by itself, whose `exit` listener blocks for example, is ended then. */
  readonly endLimitSeconds: number;
  /** Called when it has not ended so long after it was asked to, which only a call that blocks outside of JavaScript can do. */
  readonly onEndLimit: () => void;
  readonly clock: Pick<Clock, 'after'>;
}

interface Run {
  readonly resolve: (end: RunEnd) => void;
  readonly begun: PromiseWithResolvers<boolean>;
  readonly isMovable: boolean;
  withdraw(): boolean;
  isBegun: boolean;
  /** The thread has read that the run's signal is aborted: its event loop is not blocked. */
  isAborting: boolean;
  isKiller: boolean;
  isHeldUp: boolean;
  /** The handler's promise has settled so, but the run ends with the thread. */
  settled: RunEnd | undefined;
}

/**
 * Starts a thread for handlers. All that it says comes by one port, which Node empties before it reports that the thread has ended:
 * a log line, or the end of a run, is not lost by what comes after it.
 */
export function startHandlerThread(options: HandlerThreadOptions): HandlerThread {
  const { settings, heapMib, onOutput, endLimitSeconds, onEndLimit, clock } = options;
  const underWay = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(PROGRAM, {
    name: 'handler',
    workerData: { settings, underWay } satisfies ThreadStart,
    ...(heapMib !== undefined && { resourceLimits: { maxOldGenerationSizeMb: heapMib } }),
  });
  const runs = new Map<number, Run>();
  const loaded = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<void>();
  let started = 0;
  let withdrawn = 0;
  let notLoaded: HandlerNotLoaded | undefined;
  let failure: ThreadFailure | undefined;
  let isTerminated = false;
  let isRetired = false;
  let cancelEndLimit: (() => void) | undefined;
  let hasExited = false;
  let isLoaded = false;

  const say = (message: ToThread) => worker.postMessage(message);
  const answers = createAnswerWatch({
    ask: () => say({ type: 'ask' }),
    isNeeded: () => isLoaded && runs.size > 0,
    /** What has not begun can begin elsewhere. */
    onSilence() {
      for (const run of runs.values()) {
        run.isHeldUp ||= run.settled === undefined;
        if (run.isMovable) run.withdraw();
      }
    },
    onAnswer: options.onAnswer ?? (() => undefined),
    clock,
  });

  function terminate(): void {
    if (hasExited || isTerminated) return;
    isTerminated = true;
    cancelEndLimit?.();
    cancelEndLimit = clock.after(endLimitSeconds * 1000, giveUpEnding);
    void worker.terminate();
  }

  /** It ends by itself; its `exit` listeners have some time for it. */
  function fail(why: ThreadFailure): void {
    failure ??= why;
    if (!isTerminated) cancelEndLimit ??= clock.after(endLimitSeconds * 1000, terminate);
  }

  /** The service ends now. What can't be told from its neighbours stays open: no attempt of it has ended. */
  function giveUpEnding(): void {
    const [run, ...others] = runs.values();
    if (run && others.length === 0 && started - withdrawn === 1) {
      const error = new HandlerThreadEnded('its thread could not be ended');
      run.resolve({ how: 'thread-ended', error, blame: 'own', isStuck: true });
    }
    exited.resolve();
    onEndLimit();
  }

  function failToLoad(message: string): void {
    notLoaded = new HandlerNotLoaded(message);
    loaded.reject(notLoaded);
    terminate();
  }

  const cancelLoadLimit = clock.after(LOAD_LIMIT_SECONDS * 1000, () =>
    failToLoad(`can't load "${settings.handlerName}": that takes longer than ${LOAD_LIMIT_SECONDS} seconds`),
  );
  loaded.promise.catch(() => undefined).finally(cancelLoadLimit);

  worker.on('message', (message: FromThread) => {
    if ('text' in message) return onOutput(message, () => countOff(message, underWay));
    if (message.type === 'loaded') {
      isLoaded = true;
      answers.watch();
      return loaded.resolve();
    }
    if (message.type === 'here') return answers.answered();
    if (message.type === 'span') return options.onSpan?.(message.span);
    if (message.type === 'crashed') return fail({ error: fromPlain(message.thrown) });
    if (message.type === 'not-loaded') return failToLoad(message.message);
    const run = runs.get(message.runId);
    if (run === undefined) return;
    if (message.type === 'begun') {
      run.isBegun = true;
      run.begun.resolve(true);
    }
    if (message.type === 'aborting') run.isAborting = true;
    if (message.type !== 'ended') return;
    run.settled = message.thrown
      ? { how: 'rejected', error: fromPlain(message.thrown) }
      : { how: 'resolved', ...(run.isAborting && { isAfterAbort: true }) };
    settle(message.runId, run, run.settled);
  });

  /**
   * A handler that settles because its signal was aborted (`Promise.race`) may have left work behind, and only the end of its thread
   * ends that. Alone there, its run ends with the thread. Those beside it go on, and that run does not wait for them.
   */
  function settle(runId: number, run: Run, end: RunEnd): void {
    isRetired ||= run.isAborting;
    const isLast = endIfLeft();
    if (run.isAborting && isLast) return;
    runs.delete(runId);
    run.resolve(end);
  }

  /** Ends a retired thread in which no handler runs. Says whether none does. */
  function endIfLeft(): boolean {
    const isLeft = [...runs.values()].every(({ settled }) => settled !== undefined);
    if (isRetired && isLeft) terminate();
    return isLeft;
  }

  worker.on('error', (error) => fail({ error }));

  // It may have been the end of a run, which would not end otherwise.
  worker.on('messageerror', (error) => {
    failure ??= { error, isUnreadable: true };
    terminate();
  });

  worker.on('exit', (exitCode) => {
    hasExited = true;
    cancelEndLimit?.();
    answers.stop();
    const isKilled = failure === undefined && isTerminated;
    const error = new HandlerThreadEnded(
      isKilled
        ? 'its thread was ended: a handler did not heed its signal'
        : crashReason(failure, exitCode, heapMib),
      failure && !isOutOfMemory(failure) ? { cause: failure.error } : undefined,
    );
    loaded.reject(new HandlerNotLoaded(`can't load "${settings.handlerName}": ${error.message}`));
    for (const run of runs.values()) {
      const unsettled: RunEnd = notLoaded
        ? { how: 'rejected', error: notLoaded }
        : { how: 'thread-ended', error, blame: blameOf(run, isKilled) };
      run.resolve(run.settled ?? unsettled);
    }
    runs.clear();
    exited.resolve();
  });

  /** A thread that only ever had one upload was ended by that one, also where an earlier upload left something behind in others. */
  function blameOf(run: Run, isKilled: boolean): Blame {
    if (started - withdrawn === 1) return 'own';
    if (!isKilled || [...runs.values()].some(({ isKiller, isAborting }) => isKiller && !isAborting))
      return 'unknown';
    return run.isKiller ? 'own' : 'neighbour';
  }

  return {
    get running() {
      return runs.size;
    },
    get unanswered() {
      return [...runs.values()].filter(({ isBegun }) => !isBegun).length;
    },
    get isSilent() {
      return answers.isSilent;
    },
    get isEnding() {
      return hasExited || isTerminated || failure !== undefined;
    },
    get isRetired() {
      return isRetired;
    },
    loaded: loaded.promise,
    exited: exited.promise,
    start(work, isMovable = false) {
      const runId = ++started;
      const { promise: ended, resolve } = Promise.withResolvers<RunEnd>();
      const beginning = createBeginning();
      const begun = Promise.withResolvers<boolean>();
      void ended.then(() => begun.resolve(true));
      const run: Run = {
        resolve,
        begun,
        isMovable,
        isBegun: false,
        isAborting: false,
        isKiller: false,
        isHeldUp: false,
        settled: undefined,
        withdraw() {
          if (!runs.has(runId) || !withdraw(beginning)) return false;
          runs.delete(runId);
          withdrawn += 1;
          begun.resolve(false);
          endIfLeft();
          return true;
        },
      };
      runs.set(runId, run);
      say({ type: 'run', runId, work, beginning });
      answers.watch();
      return {
        ended,
        begun: begun.promise,
        withdraw: run.withdraw,
        get isHeldUp() {
          return run.isHeldUp;
        },
        abort: (reason) => say({ type: 'abort', runId, reason: toPlain(reason) }),
        kill() {
          if (!runs.has(runId)) return;
          run.isKiller = true;
          terminate();
        },
      };
    },
    retire() {
      isRetired = true;
      endIfLeft();
    },
    async end() {
      terminate();
      await exited.promise;
    },
  };
}
