import { textTable } from '@upload-once/local-stack/text-table.ts';
import { percentile } from '../percentile.ts';
import { type Ratios, ratiosOf } from '../ratios.ts';
import type { ByService, ServiceFigures, ServiceName, UploadKind, UploadResults } from './results.ts';

const SERVICES: readonly ServiceName[] = ['url-issuer', 'acceptor', 'processor'];
const CASES = [
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

function totalOf(services: ByService, of: (figures: ServiceFigures) => number): number {
  return SERVICES.reduce((total, name) => total + of(services[name]), 0);
}

function cpuRows(results: UploadResults): string[][] {
  const rows = SERVICES.flatMap((service) =>
    (['form', 'put'] as const).map((kind) => {
      const { median, least, most } = cpuInPutItems(results, service, kind);
      return [
        `${service}, ${kind}`,
        `${medianOf(results, (round) => round[kind][service].cpuMicroseconds)} µs`,
        `${median.toFixed(1)} (${least.toFixed(1)}–${most.toFixed(1)})`,
        `${medianOf(results, (round) => round[kind][service].perSecond)}`,
      ];
    }),
  );
  return [['', 'CPU of an upload', '× PutItem', 'uploads a second'], ...rows];
}

function cpuInPutItems({ rounds }: UploadResults, service: ServiceName, kind: UploadKind): Ratios {
  return ratiosOf(
    rounds.map((round) => round[kind][service].cpuMicroseconds),
    rounds.map(({ putItemCpuMicroseconds }) => putItemCpuMicroseconds),
  );
}

function medianOf({ rounds }: UploadResults, of: (round: UploadResults['rounds'][number]) => number): number {
  return Math.round(percentile(rounds.map(of), 50));
}

function shown(figure = 0): string {
  return String(Math.round(figure * 100) / 100);
}
