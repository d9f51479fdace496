import { type Compared, comparedRows, medianOf } from '../compared.ts';
import { median } from '../percentile.ts';

/** CPU of an upload, in microseconds. */
export type TraceFigure = 'issuer' | 'acceptor' | 'processor' | 'all';
/** CPU of the acceptor's calls for one message. */
export interface UnsampledRound {
  readonly unwatchedMicroseconds: number;
  readonly watchedMicroseconds: number;
}

/** What `make bench-traces` writes to bench/results/traces.json. */
export type TraceResults = Compared<TraceFigure>;

/** And to bench/results/unsampled.json. */
export interface UnsampledResults {
  /** See `machineLine`. */
  readonly machine: string;
  readonly rounds: readonly UnsampledRound[];
}

export const NO_TRACES = 'no traces';

export function traceRows(results: TraceResults): string[][] {
  return comparedRows(results, NO_TRACES, [
    { title: 'CPU of an upload', figure: 'all', unit: 'µs' },
    { title: 'url-issuer', figure: 'issuer', unit: 'µs' },
    { title: 'acceptor', figure: 'acceptor', unit: 'µs' },
    { title: 'processor', figure: 'processor', unit: 'µs' },
  ]);
}

/** What the watch over a message costs where its upload is not sampled, as microseconds and as a share of the acceptor's CPU of an upload. */
export function unsampledCost(
  { rounds }: UnsampledResults,
  traces: TraceResults,
): { readonly microseconds: number; readonly share: number } {
  const microseconds = median(
    rounds.map(
      ({ watchedMicroseconds, unwatchedMicroseconds }) => watchedMicroseconds - unwatchedMicroseconds,
    ),
  );
  return { microseconds, share: microseconds / medianOf(traces, NO_TRACES, 'acceptor') };
}
