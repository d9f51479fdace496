import { type Consumer, type Delivery, pause, type Timers } from '@upload-once/queue';
import type { Logger } from './logging.ts';
import { type TaskProtection, TaskProtectionFailed } from './task-protection.ts';

/** What a deployment waits at most for a task that hangs, or could not take its protection back. */
const EXPIRES_IN_MINUTES = 5;
/** Twice in that time: one renewal may fail. */
const ASK_EVERY_SECONDS = 120;

/** Keeps a task that has long work in hand from being stopped in the middle of it. */
export interface LongWork {
  /** The same handler, watched. What comes of protection has no effect on it. */
  watch(handle: (delivery: Delivery) => Promise<void>): (delivery: Delivery) => Promise<void>;
  /** Asks for nothing any more, for a task that stops. A protection that stands ends with the task, or by itself. */
  close(): void;
}

/**
 * As soon as work has been in hand for `protectAfterSeconds` the task is protected and polls no more, until all such work has
 * ended: a task that went on polling would always have some in hand, and a deployment would wait for ever.
 *
 * Polling rests exactly while the last thing heard of the protection was that it is granted. Refused, or without
 * an answer, the task takes messages as ever, and asks again every two minutes; a stretch of that is logged once.
 *
 * @param options.protectAfterSeconds best the time that a stop leaves for work in flight (DRAIN_LIMIT_SECONDS): work that has
 *   taken that long is of the kind that a stop cuts off, and what is shorter needs no protection
 */
export function protectLongWork(options: {
  readonly protectAfterSeconds: number;
  readonly task: TaskProtection;
  readonly polling: Pick<Consumer, 'pause' | 'resume'>;
  readonly log: Logger;
  readonly timers: Timers;
}): LongWork {
  const { protectAfterSeconds, task, polling, log, timers } = options;
  const inHand = new Set<object>();
  let allEnded = new AbortController();
  let isTending = false;
  let isClosed = false;

  function begin(work: object): void {
    inHand.add(work);
    if (!isTending) void tend();
  }

  function end(work: object): void {
    if (inHand.delete(work) && inHand.size === 0) allEnded.abort();
  }

  async function tend(): Promise<void> {
    isTending = true;
    // More of it may have begun while the protection for the first was being taken back.
    while (inHand.size > 0 && !isClosed) {
      allEnded = new AbortController();
      await protectUntil(allEnded.signal);
    }
    isTending = false;
  }

  async function protectUntil(signal: AbortSignal): Promise<void> {
    let isProtected: boolean | undefined;
    let mayBeProtected = false;
    while (!signal.aborted) {
      const was = isProtected;
      const failure = await attempt(() => task.protect(EXPIRES_IN_MINUTES));
      if (isClosed) return;
      isProtected = failure === undefined;
      mayBeProtected ||= failure?.mayHaveTakenEffect ?? true;
      if (failure === undefined) polling.pause();
      else polling.resume();
      if (isProtected !== was) tell(failure);
      await pause(timers, ASK_EVERY_SECONDS * 1000, signal);
    }
    if (isClosed) return;
    if (mayBeProtected) await takeBack(isProtected === true);
    polling.resume();
  }

  async function takeBack(isKnown: boolean): Promise<void> {
    const failure = await attempt(() => task.unprotect());
    if (failure === undefined) {
      log.info('the long work has ended: the task is no longer protected, and polls');
    } else if (isKnown) {
      log.warn(
        `the long work has ended, and the task polls; its protection could not be taken back and ends by itself within ${EXPIRES_IN_MINUTES} minutes: ${failure.message}`,
      );
    }
  }

  function tell(failure: TaskProtectionFailed | undefined): void {
    const facts = { protectAfterSeconds, longWork: inHand.size };
    if (failure === undefined) {
      log.info(facts, 'long work is in hand: the task is protected, and does not poll until that has ended');
    } else {
      log.warn(
        facts,
        `long work goes on unprotected, a scale-in or a deployment may cut it off: ${failure.message}`,
      );
    }
  }

  async function attempt(call: () => Promise<void>): Promise<TaskProtectionFailed | undefined> {
    try {
      await call();
      return undefined;
    } catch (error) {
      return error instanceof TaskProtectionFailed ? error : new TaskProtectionFailed(String(error), true);
    }
  }

  return {
    watch: (handle) => async (delivery) => {
      const work = {};
      const cancel = timers.after(protectAfterSeconds * 1000, () => begin(work));
      try {
        await handle(delivery);
      } finally {
        cancel();
        end(work);
      }
    },
    close() {
      isClosed = true;
      allEnded.abort();
    },
  };
}
