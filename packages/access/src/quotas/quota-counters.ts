/** How many uploads were issued with one key on one day. */
export interface QuotaCounter {
  readonly keyId: string;
  /** The day in UTC, `2030-01-31`. */
  readonly day: string;
}

/** The counters of all keys, shared by all tasks. A counter never goes back; the table removes it when its day is long over. */
export interface QuotaCounters {
  /**
   * Adds units to a counter, all or none: one conditional write, **sent once**. The calls that took effect, at once or not,
   * from any number of tasks, never add up to more than the quota.
   *
   * @param units 1 to `quota`
   * @returns the count after that; undefined when the units did not fit, and none was added. Rejects when there was no
   *   response: they may have been added or not, and adding them again could count them twice.
   */
  add(counter: QuotaCounter, units: number, quota: number): Promise<number | undefined>;

  /** The count as it stands; strongly consistent. */
  used(counter: QuotaCounter): Promise<number>;
}

/** The day of a moment in UTC. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}

const SECONDS_PER_DAY = 86_400;
/** So that yesterday's and last week's use can be looked at. */
const COUNTER_STAYS_DAYS = 8;

/** When the table may remove a counter, in epoch seconds. */
export function counterDeleteAt(day: string): number {
  return Date.parse(day) / 1000 + COUNTER_STAYS_DAYS * SECONDS_PER_DAY;
}

export function assertUnits(units: number, quota: number): void {
  if (!Number.isInteger(units) || units < 1 || units > quota) {
    throw new RangeError(`a counter takes 1 to ${quota} units at once, not ${units}`);
  }
}
