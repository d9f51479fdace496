import { type Compared, medianOf, ratiosTo } from '../compared.ts';
import { shownRatios } from '../ratios.ts';

/** `cpuMicroseconds` is of a form. */
export type IssuerFigure = 'perSecond' | 'cpuMicroseconds' | 'p50Ms' | 'p99Ms';
/** What `make bench-issuer` writes to bench/results/issuer.json. */
export type IssuerResults = Compared<IssuerFigure>;

export const PLAIN_ISSUER = 'plain issuer';
export const BARE_FASTIFY = 'bare Fastify';

const HEADING = [
  '',
  'forms a second',
  '× the plain issuer',
  'CPU of a form',
  '× the plain issuer',
  'p50',
  'p99',
  '× bare Fastify',
];

/** A heading, and a row for each program. Ratios are the median (least–most) of the rounds. */
export function issuerRows(results: IssuerResults): string[][] {
  const rows = results.results.map(({ name }) => {
    const median = (figure: IssuerFigure) => Math.round(medianOf(results, name, figure)).toLocaleString('en');
    const ratios = (figure: IssuerFigure, baseline: string) =>
      shownRatios(ratiosTo(results, { name, baseline, figure }));
    return [
      name,
      median('perSecond'),
      ratios('perSecond', PLAIN_ISSUER),
      `${median('cpuMicroseconds')} µs`,
      ratios('cpuMicroseconds', PLAIN_ISSUER),
      `${median('p50Ms')} ms`,
      `${median('p99Ms')} ms`,
      ratios('p99Ms', BARE_FASTIFY),
    ];
  });
  return [HEADING, ...rows];
}
