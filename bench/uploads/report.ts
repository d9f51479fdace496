import { textTable } from '@upload-once/local-stack/text-table.ts';
import { median } from '../percentile.ts';
import { type Ratios, ratiosOf, shownRatios } from '../ratios.ts';
import type { ServiceFigures, ServiceName, UploadKind, UploadResults } from './results.ts';
import { SERVICES, totalOf } from './totals.ts';

export const CASES = [
  ['form', 'busy'],
  ['form', 'idle'],
  ['put', 'busy'],
  ['put', 'idle'],
] as const;

export function report(results: UploadResults): string {
  return [
    textTable(callRows(results)),
    '',
    '  of one upload, without receives that brought nothing.',
    '',
    textTable(sizeRows(results)),
    '',
    textTable(cpuRows(results)),
    '',
    `  busy, ${results.rounds.length} rounds, median (least–most). The baseline is one PutItem by the AWS SDK: ${medianOf(results, ({ putItemCpuMicroseconds }) => putItemCpuMicroseconds)} µs.`,
    '  local-aws, which stands in for AWS on the other core, limits the uploads a second.',
  ].join('\n');
}

function callRows(results: UploadResults): string[][] {
  const rows = SERVICES.flatMap((service) => {
    const calls = CASES.map(([kind, load]) => callsOf(results[kind][load][service]));
    const names = [...new Set(calls.flatMap((byName) => [...byName.keys()]))];
    return names.map((name) => [service, name, ...calls.map((byName) => shown(byName.get(name)))]);
  });
  return [['', 'calls', ...CASES.map((one) => one.join(', '))], ...rows];
}

function callsOf({ calls }: ServiceFigures): Map<string, number> {
  const all = Object.entries(calls).flatMap(([aws, byOperation]) =>
    Object.entries(byOperation).map(([operation, count]) => [`${aws} ${operation}`, count] as const),
  );
  return new Map(all);
}

function sizeRows(results: UploadResults): string[][] {
  const row = (name: string, of: (figures: ServiceFigures) => number) => [
    name,
    ...CASES.map(([kind, load]) => shown(totalOf(results[kind][load], of))),
  ];
  return [
    ['all three services', ...CASES.map((one) => one.join(', '))],
    row('write units', ({ writeUnits }) => writeUnits),
    row('read units', ({ readUnits }) => readUnits),
    row('lines of log', ({ log }) => log.lines),
    row('bytes of log', ({ log }) => log.bytes),
  ];
}

/** Busy. Ratios are the median (least–most) of the rounds. */
export function cpuRows(results: UploadResults): string[][] {
  const rows = SERVICES.flatMap((service) =>
    (['form', 'put'] as const).map((kind) => {
      return [
        `${service}, ${kind}`,
        `${medianOf(results, (round) => round[kind][service].cpuMicroseconds)} µs`,
        shownRatios(cpuInPutItems(results, service, kind)),
        `${medianOf(results, (round) => round[kind][service].perSecond)}`,
      ];
    }),
  );
  return [['', 'CPU of an upload', '× PutItem', 'uploads a second'], ...rows];
}

/** CPU of an upload as a multiple of one PutItem by the AWS SDK, in each round. */
export function cpuInPutItems({ rounds }: UploadResults, service: ServiceName, kind: UploadKind): Ratios {
  return ratiosOf(
    rounds.map((round) => round[kind][service].cpuMicroseconds),
    rounds.map(({ putItemCpuMicroseconds }) => putItemCpuMicroseconds),
  );
}

function medianOf({ rounds }: UploadResults, of: (round: UploadResults['rounds'][number]) => number): number {
  return Math.round(median(rounds.map(of)));
}

function shown(figure = 0): string {
  return String(Math.round(figure * 100) / 100);
}
