import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@upload-once/clock';

/** Far more than any history needs; one that goes on for longer will never come to rest. */
const MAX_STEPS = 20_000;
const EPOCH_MS = Date.parse('2026-01-01T00:00:00.000Z');

/** What is due at the same moment is called in the order in which it was asked for. */
export interface VirtualTime extends Clock {
  /** Lets so much time pass, with all that happens in it. */
  pass(ms: number): Promise<void>;
  /**
   * Lets time pass until nothing is left that could happen.
   * @throws NoRest
   */
  passUntilQuiet(): Promise<void>;
}

/** Something goes on for ever. */
class NoRest extends Error {
  readonly code = 'NoRest';
}

interface Step {
  readonly atMs: number;
  readonly serial: number;
  readonly callback: () => void;
  isCancelled: boolean;
}

/**
 * Time that passes by itself when nothing is left to do at the present moment. One step, then whatever promises come of it, then the
 * next step: the same history always takes the same course.
 */
export function createVirtualTime(onStep: () => void): VirtualTime {
  let nowMs = 0;
  let serial = 0;
  let stepsMade = 0;
  /** By time, the next one last. */
  const steps: Step[] = [];

  function insert(step: Step): void {
    let low = 0;
    let high = steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = steps[middle];
      if (other && (other.atMs > step.atMs || (other.atMs === step.atMs && other.serial > step.serial)))
        low = middle + 1;
      else high = middle;
    }
    steps.splice(low, 0, step);
  }

  async function passUntil(endMs: number): Promise<void> {
    for (;;) {
      const next = steps.at(-1);
      if (!next || next.atMs > endMs) return;
      steps.pop();
      if (next.isCancelled) continue;
      nowMs = next.atMs;
      stepsMade += 1;
      if (stepsMade > MAX_STEPS) throw new NoRest(`no rest after ${MAX_STEPS} steps`);
      next.callback();
      // No time passes: the event loop comes round when no promise and no stream has anything left to do.
      await setImmediate();
      onStep();
    }
  }

  return {
    monotonicMs: () => nowMs,
    now: () => new Date(EPOCH_MS + nowMs),
    after(delayMs, callback) {
      const step = { atMs: nowMs + Math.max(0, delayMs), serial: ++serial, callback, isCancelled: false };
      insert(step);
      return () => {
        step.isCancelled = true;
      };
    },
    async pass(ms) {
      const endMs = nowMs + ms;
      await passUntil(endMs);
      nowMs = endMs;
    },
    passUntilQuiet: () => passUntil(Number.POSITIVE_INFINITY),
  };
}
