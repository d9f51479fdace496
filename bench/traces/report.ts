import { type Compared, comparedRows } from '../compared.ts';

/** CPU of an upload, in microseconds. */
export type TraceFigure = 'issuer' | 'acceptor' | 'processor' | 'all';
/** What `make bench-traces` writes to bench/results/traces.json. */
export type TraceResults = Compared<TraceFigure>;

export const NO_TRACES = 'no traces';

export function traceRows(results: TraceResults): string[][] {
  return comparedRows(results, NO_TRACES, [
    { title: 'CPU of an upload', figure: 'all', unit: 'µs' },
    { title: 'url-issuer', figure: 'issuer', unit: 'µs' },
    { title: 'acceptor', figure: 'acceptor', unit: 'µs' },
    { title: 'processor', figure: 'processor', unit: 'µs' },
  ]);
}
