import { type Compared, comparedRows, medianOf, ratiosTo } from '../compared.ts';
import { shownRatios } from '../ratios.ts';

/** `cpuMicroseconds` is of a form. */
export type IssuerFigure = 'perSecond' | 'cpuMicroseconds' | 'p50Ms' | 'p99Ms';
/** What `make bench-idempotency` and `make bench-peers` write to bench/results. */
export type IssuerResults = Compared<IssuerFigure>;
/** What `make bench-issuer` writes to bench/results/issuer.json. `callsPerForm` is of DynamoDB. */
export type CountedIssuerResults = Compared<IssuerFigure | 'callsPerForm'>;

export type HalfPeakFigure = 'perSecond' | 'p50Ms' | 'p99Ms';
/** What `make bench-half-peak` writes to bench/results/issuer-half-peak.json. */
export type HalfPeakResults = Compared<HalfPeakFigure>;

export const URL_ISSUER = 'url-issuer';
export const PLAIN_ISSUER = 'plain issuer';
export const BARE_FASTIFY = 'bare Fastify';

const HEADING = [
  '',
  'forms a second',
  '× the plain issuer',
  'CPU of a form',
  '× the plain issuer',
  'calls of DynamoDB',
  'p50',
  'p99',
  '× bare Fastify',
];

/** A heading, and a row for each program. Ratios are the median (least–most) of the rounds. */
export function issuerRows(results: CountedIssuerResults): string[][] {
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
      medianOf(results, name, 'callsPerForm').toFixed(2),
      `${median('p50Ms')} ms`,
      `${median('p99Ms')} ms`,
      ratios('p99Ms', BARE_FASTIFY),
    ];
  });
  return [HEADING, ...rows];
}

/** The same beside the plain issuer alone. */
export function formsRows(results: IssuerResults): string[][] {
  return comparedRows(results, PLAIN_ISSUER, [
    { title: 'forms a second', figure: 'perSecond' },
    { title: 'CPU of a form', figure: 'cpuMicroseconds', unit: 'µs' },
    { title: 'p99', figure: 'p99Ms', unit: 'ms' },
  ]);
}

export function halfPeakRows(results: HalfPeakResults): string[][] {
  return comparedRows(results, BARE_FASTIFY, [
    { title: 'forms a second', figure: 'perSecond', hasNoRatio: true },
    { title: 'p50', figure: 'p50Ms', unit: 'ms', digits: 1 },
    { title: 'p99', figure: 'p99Ms', unit: 'ms', digits: 1 },
  ]);
}
