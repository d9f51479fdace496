import { medianOf, ratiosTo } from '../compared.ts';
import { type IssuerFigure, type IssuerResults, PLAIN_ISSUER, URL_ISSUER } from '../issuer/report.ts';
import { shownRatios } from '../ratios.ts';

/** A peer records nothing. */
const RECORDS: Readonly<Record<string, string>> = {
  [PLAIN_ISSUER]: 'its key',
  [URL_ISSUER]: 'its whole life',
};

const HEADING = [
  '',
  'records of an upload',
  'forms a second',
  '× the plain issuer',
  'CPU of a form',
  '× the plain issuer',
];

/** A heading, and a row for each. Ratios are the median (least–most) of the rounds. */
export function peersRows(results: IssuerResults): string[][] {
  const rows = results.results.map(({ name }) => {
    const median = (figure: IssuerFigure) => Math.round(medianOf(results, name, figure)).toLocaleString('en');
    const ratios = (figure: IssuerFigure) =>
      shownRatios(ratiosTo(results, { name, baseline: PLAIN_ISSUER, figure }));
    return [
      name,
      RECORDS[name] ?? 'nothing',
      median('perSecond'),
      ratios('perSecond'),
      `${median('cpuMicroseconds')} µs`,
      ratios('cpuMicroseconds'),
    ];
  });
  return [HEADING, ...rows];
}
