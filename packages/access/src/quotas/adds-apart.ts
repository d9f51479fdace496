/**
 * Amazon DynamoDB Developer Guide, "Best practices for designing and using partition keys effectively": a partition takes 1,000 write units a
 * second, and so does an item. The rest is for writes that do not come evenly.
 */
const ADDS_A_SECOND = 800;
/** A task that sees this little of the units has more than a hundred others beside it. */
const MOST_APART_MS = 250;
/** So long units are counted before the distance changes. */
const WINDOW_MS = 1_000;

/** How far apart one task's writes to one counter have to be, so that those of all tasks together are not too many. */
export interface AddsApart {
  /** After each write that the table confirmed. @param usedByAll the count after it */
  note(units: number, usedByAll: number): void;
  /** Of the next writes, in milliseconds. 0 while all tasks together take no more units than an item takes writes. */
  readonly apartMs: number;
}

/**
 * No task knows the others. But the counter has grown by what all have taken, so the task's share of that is its share of the writes that the
 * item takes. Writes that are further apart take more units each; none is counted otherwise.
 */
export function createAddsApart(monotonicMs: () => number): AddsApart {
  let apartMs = 0;
  let window: { readonly sinceMs: number; readonly usedByAll: number } | undefined;
  let own = 0;

  return {
    get apartMs() {
      return apartMs;
    },
    note(units, usedByAll) {
      const nowMs = monotonicMs();
      own += units;
      const passedMs = window === undefined ? 0 : nowMs - window.sinceMs;
      if (window !== undefined && passedMs < WINDOW_MS) return;
      if (window !== undefined) {
        const byAll = Math.max(own, usedByAll - window.usedByAll);
        const isHot = byAll / passedMs > ADDS_A_SECOND / 1000;
        apartMs = isHot ? Math.min(MOST_APART_MS, (1000 / ADDS_A_SECOND) * (byAll / own)) : 0;
      }
      window = { sinceMs: nowMs, usedByAll };
      own = 0;
    },
  };
}
