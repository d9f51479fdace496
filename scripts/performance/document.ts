import { copyRows, floodRows, growthRows, memoryRows, smallRows } from '../../bench/acceptor/report.ts';
import { callRows } from '../../bench/calls/report.ts';
import { smallFilesRows } from '../../bench/client/report.ts';
import { consumerRows } from '../../bench/consumer/report.ts';
import { formsRows, halfPeakRows, issuerRows } from '../../bench/issuer/report.ts';
import { peersRows } from '../../bench/peers/report.ts';
import { type Results, readResults } from '../../bench/read-results.ts';
import { startUpRows } from '../../bench/start-up/report.ts';
import { traceRows, unsampledCost } from '../../bench/traces/report.ts';
import { CASES, cpuRows } from '../../bench/uploads/report.ts';
import type { ServiceFigures, UploadResults } from '../../bench/uploads/results.ts';
import { callsOf, SERVICES, totalOf } from '../../bench/uploads/totals.ts';
import { withGeneratedPart } from '../generated-part.ts';
import { markdownTable } from '../markdown-table.ts';
import { CHARTS } from './charts.ts';

const PARTS: Readonly<Record<keyof Results, (results: Results) => string[]>> = {
  issuer: ({ issuer }) => [
    markdownTable(issuerRows(issuer)),
    '![Forms a second on one core, as a multiple of the plain issuer](bench-issuer.svg)',
  ],
  'issuer-half-peak': ({ 'issuer-half-peak': halfPeak }) => [markdownTable(halfPeakRows(halfPeak))],
  'issuer-idempotency': (results) => [markdownTable(formsRows(results['issuer-idempotency']))],
  peers: ({ peers }) => [markdownTable(peersRows(peers))],
  calls: ({ calls }) => [markdownTable(callRows(calls))],
  consumer: ({ consumer }) => [
    markdownTable(consumerRows(consumer)),
    '![Messages a second, as a multiple of sqs-consumer](bench-consumer.svg)',
  ],
  uploads: ({ uploads }) => [
    markdownTable(uploadRows(uploads)),
    'CPU of an upload, busy:',
    markdownTable(cpuRows(uploads)),
    '![CPU of an upload, as a multiple of one PutItem by the AWS SDK](bench-uploads.svg)',
  ],
  flood: ({ flood }) => [
    markdownTable(floodRows(flood)),
    `One acceptor accepts ${Math.round(flood.capacity)} uploads a second. Half of that arrives: ${short(flood.perSecond.others)} a second of others, ${short(flood.perSecond.flood)} a second beside them, ${flood.duplicates} in all with one form.`,
  ],
  large: ({ large }) => [
    markdownTable(copyRows(large)),
    `Lead time of small uploads, ${large.smallPerSecond} a second:`,
    markdownTable(smallRows(large)),
  ],
  growth: ({ growth }) => [markdownTable(growthRows(growth)), markdownTable(memoryRows(growth))],
  'start-up': (results) => [markdownTable(startUpRows(results['start-up']))],
  traces: ({ traces }) => [markdownTable(traceRows(traces))],
  unsampled: ({ unsampled, traces }) => {
    const { microseconds, share } = unsampledCost(unsampled, traces);
    return [
      `Whole services vary more than 5 % of traces cost. So what tracing costs for a message whose upload is not sampled is measured separately, with the acceptor's calls: it takes ${microseconds.toFixed(1)} µs of CPU, ${(share * 100).toFixed(2)} % of the acceptor's for an upload.`,
    ];
  },
  'client-small-files': (results) => [markdownTable(smallFilesRows(results['client-small-files']))],
};

/** docs/performance.md with its tables renewed. @throws Error when the document has no place for one */
export function withPerformanceTables(document: string, results = readResults()): string {
  return Object.entries(PARTS).reduce((renewed, [name, contentOf]) => {
    const measured = results[name as keyof Results];
    return withGeneratedPart(renewed, {
      begin: `<!-- ${name}: made by \`make docs\` from bench/results/${name}.json -->`,
      end: `<!-- end of ${name} -->`,
      text: `\n${[...contentOf(results), `Measured on ${measured.machine}.`].join('\n\n')}\n`,
    });
  }, document);
}

/** README.md with its table of peers renewed. */
export function withPeersTable(readme: string, { peers } = readResults()): string {
  return withGeneratedPart(readme, {
    begin: '<!-- made by `make docs` from bench/results/peers.json -->',
    end: '<!-- end of it -->',
    text: `\n${markdownTable(peersRows(peers))}\n`,
  });
}

/** The charts of docs/, by the name of their file. */
export function performanceCharts(results = readResults()): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(CHARTS).map(([file, chartOf]) => [file, chartOf(results)]));
}

/** Calls of S3 + DynamoDB + SQS of each service, and units and log of all. */
function uploadRows(results: UploadResults): string[][] {
  const row = (name: string, cell: (kind: 'form' | 'put', load: 'busy' | 'idle') => string) => [
    name,
    ...CASES.map(([kind, load]) => cell(kind, load)),
  ];
  const inAll = (of: (figures: ServiceFigures) => number) => (kind: 'form' | 'put', load: 'busy' | 'idle') =>
    short(totalOf(results[kind][load], of));
  return [
    [
      'calls of S3 + DynamoDB + SQS',
      ...CASES.map(([kind, load]) => `${kind === 'form' ? 'form' : 'PUT'}, ${load}`),
    ],
    ...SERVICES.map((service) => row(service, (kind, load) => calls(results[kind][load][service]))),
    row(
      'DynamoDB: write units',
      inAll(({ writeUnits }) => writeUnits),
    ),
    row(
      'DynamoDB: read units',
      inAll(({ readUnits }) => readUnits),
    ),
    row(
      'log of all services: lines',
      inAll(({ log }) => log.lines),
    ),
    row(
      'log of all services: kB',
      inAll(({ log }) => log.bytes / 1_000),
    ),
  ];
}

function calls({ calls: { s3, dynamodb, sqs } }: ServiceFigures): string {
  return [s3, dynamodb, sqs].map((byOperation) => short(callsOf(byOperation))).join(' + ');
}

function short(figure: number): string {
  return String(Math.round(figure * 100) / 100);
}
