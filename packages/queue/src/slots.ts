import type { Clock } from '@upload-once/clock';

/** How long a poll waits for ten free slots, at most. */
export const GATHER_SLOTS_MS = 5;
/** How many deliveries may have stepped aside, for each slot: what is in memory has a bound. */
const ASIDE_PER_SLOT = 4;

/** A delivery, as far as its slot is concerned. */
interface Work {
  readonly ended: Promise<void>;
}

/** The places of a consumer for messages at work. */
export interface Slots<W extends Work> {
  readonly free: number;
  /** What has a slot, and what has stepped aside. */
  readonly work: ReadonlySet<W>;
  /** Gives it a slot until it ends. */
  take(work: W): void;
  /** Frees its slot, unless too many have stepped aside. No effect on what has ended. */
  stepAside(work: W): void;
  /** Resolves when a slot gets free, or with `wake`. */
  change(): Promise<void>;
  wake(): void;
  /** Resolves when `enough` slots are free, after GATHER_SLOTS_MS, or when `isOver` at a change. */
  gather(enough: number, isOver: () => boolean): Promise<void>;
}

export function createSlots<W extends Work>(options: {
  readonly count: number;
  readonly clock: Pick<Clock, 'after'>;
}): Slots<W> {
  const { count, clock } = options;
  const work = new Set<W>();
  /** Those among them that take no slot. */
  const aside = new Set<W>();
  let changed = Promise.withResolvers<void>();

  const free = () => count - (work.size - aside.size);

  function wake(): void {
    changed.resolve();
    changed = Promise.withResolvers();
  }

  return {
    get free() {
      return free();
    },
    work,

    take(one) {
      work.add(one);
      void one.ended.then(() => {
        work.delete(one);
        aside.delete(one);
        wake();
      });
    },

    stepAside(one) {
      if (!work.has(one) || aside.size >= count * ASIDE_PER_SLOT) return;
      aside.add(one);
      wake();
    },

    change: () => changed.promise,
    wake,

    async gather(enough, isOver) {
      let isLate = false;
      const cancel = clock.after(GATHER_SLOTS_MS, () => {
        isLate = true;
        wake();
      });
      while (!isLate && !isOver() && free() < enough) await changed.promise;
      cancel();
    },
  };
}
