import type { UploadResults } from '../../bench/uploads/results.ts';
import { totalOf } from '../../bench/uploads/totals.ts';
import { BYTES_A_GB, sum } from './lines.ts';
import type { Parameters } from './parameters.ts';
import { fixedPart } from './per-month.ts';
import { perMillion, sourcePerMib } from './per-upload.ts';
import { amount, type Table } from './tables.ts';

/** What could still be saved, and what would be lost. The first rows are settings of Terraform; the others would be changes of the code. */
export function savingsTable(results: UploadResults, parameters: Parameters): Table {
  const { prices, installation } = parameters;
  const figures = results.form[parameters.load];
  const { acceptor, processor } = figures;
  const perMib = sourcePerMib(parameters);
  const months = (changed: Partial<Parameters>) =>
    sum(fixedPart(parameters)) - sum(fixedPart({ ...parameters, ...changed }));
  const fewerTasks = {
    ...installation,
    tasks: { ...installation.tasks, 'url-issuer': { ...installation.tasks['url-issuer'], minTasks: 1 } },
  };
  const storageOf = (changed: Partial<Parameters>) =>
    sum(perMillion(results, 'form', parameters.load, { ...parameters, ...changed }).storage);
  const records = storageOf({}) - storageOf({ recordRetentionDays: installation.shortestRecordDays });
  const logBytes = totalOf(figures, ({ log }) => log.bytes);
  const logs = ((1e6 * logBytes) / BYTES_A_GB) * prices.logsIngested.dollars;
  return [
    ['saving', 'dollars', 'what it costs'],
    [
      `\`storage.record_retention_days = ${installation.shortestRecordDays}\``,
      perMillionUploads(records),
      'no promise, while the queues keep their default retentions',
    ],
    [
      '`storage.point_in_time_recovery = false`',
      perMillionUploads(storageOf({}) - storageOf({ hasBackups: false })),
      'you cannot restore the tables',
    ],
    [
      '`log_level = "warn"`',
      `< ${perMillionUploads(logs)}`,
      'no line says what became of an upload; metrics and alarms stay',
    ],
    [
      '`url_issuer.min_tasks = 1`',
      perMonth(months({ installation: fewerTasks })),
      'no forms while the only task is replaced or its zone fails',
    ],
    [
      'your own `network.vpc` with endpoints',
      perMonth(months({ installation: { ...installation, interfaceEndpoints: 0 } })),
      'nothing, if you have them anyway',
    ],
    [
      'delete a PUT’s source with its acceptance',
      `${perMillionUploads(perMib)}, a MiB of each`,
      'the URL works again until it expires: S3 would store what it now refuses',
    ],
    [
      'claim a form’s version without a list',
      perMillionUploads((acceptor.calls.s3['ListObjectVersions'] ?? 0) * prices.s3Writes.dollars),
      'P1: the version whose event comes first would count, not the oldest. A PUT needs no list while its source cannot have been replaced',
    ],
    [
      'process under `uploads/`, without a copy',
      perMillionUploads((acceptor.calls.s3['CopyObject'] ?? 0) * prices.s3Writes.dollars),
      'P2: the lifecycle and later uploads reach what your handler reads',
    ],
    [
      'no lease',
      perMillionUploads(prices.dynamodbWrites.dollars),
      'two workers can process an upload at once, and a frozen one can finish it late',
    ],
    [
      'eventually consistent reads',
      perMillionUploads(((acceptor.readUnits + processor.readUnits) / 2) * prices.dynamodbReads.dollars),
      'P5: an upload whose item does not show yet would be recorded as an orphan',
    ],
  ];
}

function perMillionUploads(dollars: number): string {
  return `${amount(dollars)} a million`;
}

function perMonth(dollars: number): string {
  return `${amount(dollars)} a month`;
}
