import { type Clock, pause } from '@upload-once/clock';
import type { Consumer, Delivery } from '@upload-once/queue';
import type { Logger } from '@upload-once/runtime';
import { type TaskProtection, TaskProtectionFailed } from './task-protection.ts';

/**
 * Longer than it takes to ask again: ECS may refuse a renewal just when it matters, while more tasks are protected than a
 * scale-in leaves (DEPLOYMENT_BLOCKED). Also what a deployment waits at most for a task that has lost its agent.
 */
const EXPIRES_IN_MINUTES = 60;
const ASK_EVERY_SECONDS = 120;

/** Keeps a task that has long work in flight from being stopped in the middle of it. */
export interface LongWork {
  /** The same handler, watched. What comes of protection has no effect on it. */
  watch(handle: (delivery: Delivery) => Promise<void>): (delivery: Delivery) => Promise<void>;
  /** Asks for nothing any more, for a task that stops. A protection that stands ends with the task, or by itself. */
  close(): void;
}

/**
 * As soon as work has been in flight for `protectAfterSeconds` the task is protected and polls no more, until all such work has
 * ended: a task that went on polling would always have some in flight, and a deployment would wait for ever.
 *
 * Polling rests exactly while a protection stands that was granted. Refused, or without a response, the task takes messages
 * as ever, and asks again every two minutes; a stretch of that is logged once.
 *
 * @param options.protectAfterSeconds best the time that a stop leaves for work in flight (DRAIN_LIMIT_SECONDS): work that has
 *   taken that long is of the kind that a stop cuts off, and what is shorter needs no protection
 */
export function protectLongWork(options: {
  readonly protectAfterSeconds: number;
  readonly task: TaskProtection;
  readonly polling: Pick<Consumer, 'pause' | 'resume'>;
  readonly log: Logger;
  readonly clock: Clock;
}): LongWork {
  const { protectAfterSeconds, task, polling, log, clock } = options;
  const inFlight = new Set<object>();
  let changed = new AbortController();
  let isTending = false;
  let isClosed = false;
  /** Until when the confirmed protection stands, and until when an unconfirmed one could; by `clock.monotonicMs()`. */
  let standsUntilMs = 0;
  let mayStandUntilMs = 0;

  function begin(work: object): void {
    if (inFlight.add(work).size === 1) changed.abort();
    if (!isTending) void tend();
  }

  function end(work: object): void {
    if (inFlight.delete(work) && inFlight.size === 0) changed.abort();
  }

  async function tend(): Promise<void> {
    isTending = true;
    // More of it may have begun while the protection for the first was being taken back.
    while (inFlight.size > 0 && !isClosed) {
      const wasProtected = await protectWhileLong();
      await takeBack(wasProtected);
      if (!isClosed) polling.resume();
    }
    isTending = false;
  }

  async function protectWhileLong(): Promise<boolean> {
    let isProtected: boolean | undefined;
    while (inFlight.size > 0 && !isClosed) {
      changed = new AbortController();
      const untilMs = clock.monotonicMs() + EXPIRES_IN_MINUTES * 60_000;
      const failure = await attempt(() => task.protect(EXPIRES_IN_MINUTES));
      if (isClosed) break;
      if (failure === undefined) standsUntilMs = untilMs;
      if (failure?.mayHaveTakenEffect ?? true) mayStandUntilMs = untilMs;
      const was = isProtected;
      isProtected = clock.monotonicMs() < standsUntilMs;
      if (isProtected) polling.pause();
      else polling.resume();
      if (isProtected !== was) report(failure);
      await pause(clock, ASK_EVERY_SECONDS * 1000, changed.signal);
    }
    return isProtected === true;
  }

  async function takeBack(wasProtected: boolean): Promise<void> {
    let isReported = !wasProtected;
    while (inFlight.size === 0 && !isClosed && clock.monotonicMs() < mayStandUntilMs) {
      changed = new AbortController();
      const failure = await attempt(() => task.unprotect());
      if (isClosed) return;
      if (failure === undefined) {
        standsUntilMs = mayStandUntilMs = 0;
        log.info('the long work has ended: the task is no longer protected, and polls');
        continue;
      }
      polling.resume();
      if (!isReported) reportRemains(failure);
      isReported = true;
      await pause(clock, ASK_EVERY_SECONDS * 1000, changed.signal);
    }
  }

  function reportRemains(failure: TaskProtectionFailed): void {
    log.warn(
      `the long work has ended, and the task polls; its protection could not be taken back yet and holds up deployments for up to ${EXPIRES_IN_MINUTES} minutes: ${failure.message}`,
    );
  }

  function report(failure: TaskProtectionFailed | undefined): void {
    const facts = { protectAfterSeconds, longWork: inFlight.size };
    if (failure === undefined) {
      log.info(
        facts,
        'long work is in flight: the task is protected, and does not poll until that has ended',
      );
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
      const cancel = clock.after(protectAfterSeconds * 1000, () => begin(work));
      try {
        await handle(delivery);
      } finally {
        cancel();
        end(work);
      }
    },
    close() {
      isClosed = true;
      changed.abort();
    },
  };
}
