import { type Compared, comparedRows } from '../compared.ts';
import { percentile } from '../percentile.ts';

export type LeadTimeFigure = 'medianMs' | 'p99Ms';
/** Of one round. */
export type LeadTimes = Readonly<Record<LeadTimeFigure, number>>;

/** What `make bench-flood` writes to bench/results/flood.json. */
export interface FloodResults extends Compared<LeadTimeFigure> {
  /** Uploads a second that one acceptor accepts. */
  readonly capacity: number;
  /** Arrivals a second: of others, and of the flood or the forms in its place. */
  readonly perSecond: { readonly others: number; readonly flood: number };
  /** Of one form. */
  readonly duplicates: number;
}

/** What `make bench-large` writes to bench/results/large.json. */
export interface LargeResults {
  readonly machine: string;
  /** By size in GiB: from S3's storing to ACCEPTED, beside one CopyObject. */
  readonly copies: readonly { readonly gib: number; readonly results: Compared<'seconds'>['results'] }[];
  /** How many small uploads arrive. */
  readonly smallPerSecond: number;
  /** Their lead times. */
  readonly small: Compared<LeadTimeFigure>['results'];
}

/** Of an upload. */
export type GrowthFigure = 'calls' | 'conflicts' | 'copiesMadeTwice';

/** What `make bench-growth` writes to bench/results/growth.json. */
export interface GrowthResults extends Compared<GrowthFigure> {
  /** Of an acceptor, with few and with many messages in flight. */
  readonly memory: readonly { readonly inFlight: number; readonly mib: readonly number[] }[];
}

export const FORMS_USED_ONCE = 'beside forms used once';
export const ONE_FORM = 'beside one form used again and again';
export const COPY_OBJECT = 'one CopyObject';
export const ACCEPTOR = 'acceptor';
export const ALONE = 'alone';
export const BESIDE_LARGE = 'beside large ones';

const LEAD_TIMES = [
  { title: 'median', figure: 'medianMs', unit: 'ms' },
  { title: 'p99', figure: 'p99Ms', unit: 'ms' },
] as const;

export function leadTimesOf(times: readonly number[]): LeadTimes {
  return { medianMs: percentile(times, 50), p99Ms: percentile(times, 99) };
}

/** Lead times of others. */
export function floodRows(results: FloodResults): string[][] {
  return comparedRows(results, FORMS_USED_ONCE, LEAD_TIMES);
}

export function copyRows({ machine, copies }: LargeResults): string[][] {
  return copies.flatMap(({ gib, results }, at) => {
    const seconds = { title: 'time', figure: 'seconds', unit: 's', digits: 1 } as const;
    const [heading = [], ...rows] = comparedRows({ machine, results }, COPY_OBJECT, [seconds]);
    const named = rows.map(([name, ...cells]) => [`${gib} GiB, ${name}`, ...cells]);
    return at === 0 ? [heading, ...named] : named;
  });
}

/** Lead times of small uploads. */
export function smallRows({ machine, small }: LargeResults): string[][] {
  return comparedRows({ machine, results: small }, ALONE, LEAD_TIMES);
}

/** The baseline is the first. */
export function growthRows(results: GrowthResults): string[][] {
  return comparedRows(results, results.results[0]?.name ?? '', [
    { title: 'calls', figure: 'calls', digits: 2 },
    { title: 'conflicts', figure: 'conflicts', digits: 3, hasNoRatio: true },
    { title: 'copies made twice', figure: 'copiesMadeTwice', digits: 3, hasNoRatio: true },
  ]);
}

/** And of each message in flight, by the difference of both. */
export function memoryRows({ machine, memory }: GrowthResults): string[][] {
  const [few, many] = memory.map(({ inFlight, mib }) => ({
    name: `${inFlight} in flight`,
    inFlight,
    mib,
    rounds: mib.map((one) => ({ mib: one })),
  }));
  if (!few || !many) throw new RangeError('the memory was not measured');
  const kib = many.mib.map(
    (mib, round) => ((mib - (few.mib[round] ?? Number.NaN)) * 1_024) / (many.inFlight - few.inFlight),
  );
  const column = { title: 'memory of an acceptor', figure: 'mib', unit: 'MiB' } as const;
  const [heading = [], fewRow = [], manyRow = []] = comparedRows(
    { machine, results: [few, many] },
    few.name,
    [column],
  );
  return [
    [...heading, 'a message more'],
    [...fewRow, ''],
    [...manyRow, `${percentile(kib, 50).toFixed(0)} KiB`],
  ];
}
