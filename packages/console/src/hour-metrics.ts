import type { MetricName } from '@upload-once/runtime';
import type { MetricLine } from './log-line.ts';

/** The counts that the console draws, and the metrics that they are. */
export const COUNTED = {
  issued: 'UploadsIssued',
  accepted: 'UploadsAccepted',
  processed: 'UploadsProcessed',
  duplicates: 'DuplicateUploads',
  identicalDuplicates: 'IdenticalDuplicates',
  refusedRequests: 'RequestsRefused',
  failed: 'ProcessingFailed',
} as const satisfies Record<string, MetricName>;
export type CountName = keyof typeof COUNTED;
export const LEAD_TIME = 'LeadTime' satisfies MetricName;

/** The upper bounds of the histogram's bars, in milliseconds; one more bar has no bound. */
export const LEAD_TIME_BOUNDS_MS = [
  50, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 30_000, 60_000, 300_000,
] as const;

export const HOUR_MINUTES = 60;
const MINUTE_MS = 60_000;
const COUNT_NAMES = Object.keys(COUNTED) as CountName[];

export interface MinuteCounts extends Readonly<Record<CountName, number>> {
  /** Its beginning, in epoch milliseconds. */
  readonly atMs: number;
}

export interface HourMetrics {
  /** 60 minutes, the oldest first. The last one has not ended. */
  readonly minutes: readonly MinuteCounts[];
  /** How many lead times lie above the bound before, and at most at this one. */
  readonly leadTimeCounts: readonly number[];
  /** What the source could not give. Its numbers are 0, or too small. */
  readonly missing?: readonly MissingNumbers[];
}

export interface MissingNumbers {
  readonly name: CountName | 'leadTime';
  /** For a person. */
  readonly why: string;
}

export interface HourCounter {
  add(line: MetricLine): void;
  lastHour(now: Date): HourMetrics;
}

interface Minute {
  readonly counts: Record<CountName, number>;
  readonly leadTimes: number[];
}

/** Counts metric lines by minute. It holds an hour and no more, whatever the lines' times are. */
export function createHourCounter(now: () => Date): HourCounter {
  const minutes = new Map<number, Minute>();

  function minuteAt(atMs: number): Minute | undefined {
    const current = minuteOf(now().getTime());
    const minute = minuteOf(atMs);
    if (minute <= current - HOUR_MINUTES || minute > current + 1) return undefined;
    for (const old of minutes.keys()) if (old <= current - HOUR_MINUTES) minutes.delete(old);
    const found = minutes.get(minute) ?? emptyMinute();
    minutes.set(minute, found);
    return found;
  }

  return {
    add({ at, values }) {
      const minute = minuteAt(at.getTime());
      if (!minute) return;
      for (const name of COUNT_NAMES) minute.counts[name] += sumOf(values[COUNTED[name]] ?? []);
      for (const ms of values[LEAD_TIME] ?? []) {
        const bar = barOf(ms);
        minute.leadTimes[bar] = (minute.leadTimes[bar] ?? 0) + 1;
      }
    },

    lastHour(now) {
      const last = minuteOf(now.getTime());
      const shown = Array.from({ length: HOUR_MINUTES }, (_, at) => last - HOUR_MINUTES + 1 + at);
      return {
        minutes: shown.map((minute) => ({
          atMs: minute * MINUTE_MS,
          ...(minutes.get(minute) ?? emptyMinute()).counts,
        })),
        leadTimeCounts: emptyBars().map((_, bar) =>
          sumOf(shown.map((minute) => minutes.get(minute)?.leadTimes[bar] ?? 0)),
        ),
      };
    },
  };
}

/** The number of the bar that a lead time belongs to. */
export function barOf(ms: number): number {
  const bar = LEAD_TIME_BOUNDS_MS.findIndex((bound) => ms <= bound);
  return bar === -1 ? LEAD_TIME_BOUNDS_MS.length : bar;
}

const minuteOf = (ms: number) => Math.floor(ms / MINUTE_MS);
const emptyBars = () => new Array<number>(LEAD_TIME_BOUNDS_MS.length + 1).fill(0);
const emptyMinute = (): Minute => ({
  counts: Object.fromEntries(COUNT_NAMES.map((name) => [name, 0])) as Record<CountName, number>,
  leadTimes: emptyBars(),
});

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
