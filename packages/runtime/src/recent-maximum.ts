import type { Clock } from '@upload-once/clock';

const SLOT_MS = 10_000;
/** A minute, besides the slot that is filling. */
const FULL_SLOTS = 6;

/**
 * The largest value of the last minute, and of up to ten seconds before. Time alone makes it forget, so it is the same for each reader.
 *
 * @param take returns the largest value since it was called last; 0 or more
 * @param clock its timers run as long as the process
 */
export function createRecentMaximum(clock: Pick<Clock, 'after'>, take: () => number): () => number {
  /** The largest value of each slot, the newest first. */
  const slots = [0];

  function fill(): void {
    slots[0] = Math.max(slots[0] ?? 0, take());
  }

  function beginSlot(): void {
    fill();
    slots.unshift(0);
    slots.length = Math.min(slots.length, 1 + FULL_SLOTS);
    clock.after(SLOT_MS, beginSlot);
  }

  clock.after(SLOT_MS, beginSlot);
  return () => {
    fill();
    return Math.max(...slots);
  };
}
