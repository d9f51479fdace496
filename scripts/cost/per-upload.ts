import type { ByService, UploadKind, UploadResults } from '../../bench/uploads/results.ts';
import { callsOf, SERVICES, totalOf } from '../../bench/uploads/totals.ts';
import { BYTES_A_GB, type CostLine, DAYS_A_MONTH, LineName, sum } from './lines.ts';
import type { Load, Parameters } from './parameters.ts';
import { A_WEBHOOK, NO_WEBHOOK } from './webhooks.ts';

const MILLION = 1e6;
const KIB_A_GB = 2 ** 20;
const MIB_A_GB = 2 ** 10;

/** Amazon S3 pricing, "Requests & data retrievals"; deletes cost nothing. */
const WRITE_OPERATIONS = ['CopyObject', 'CreateMultipartUpload', 'UploadPartCopy', 'CompleteMultipartUpload'];
const LIST_OPERATIONS = ['ListObjectVersions', 'ListObjectsV2', 'ListParts'];
const READ_OPERATIONS = ['HeadObject', 'GetObject'];
const FREE_OPERATIONS = ['DeleteObject', 'DeleteObjects', 'AbortMultipartUpload'];

/** The client's own PUT or POST is in no count of a service's calls, nor are the two events that S3 sends to SQS. */
const CLIENTS_WRITES = 1;
const EVENTS_OF_S3 = 2;

/** What API Gateway logs of a request: the fields of terraform/modules/endpoint/api-gateway.tf, filled in. */
const ACCESS_LOG_BYTES = 280;
/** Of a call of SQS with its response, and one message in it: an estimate. */
const SQS_CALL_BYTES = 2_000;
/** Amazon DynamoDB Developer Guide, "DynamoDB item sizes": what each item takes beyond its attributes. */
const ITEM_OVERHEAD_KIB = 100 / 1024;
/** How much of an ingested log CloudWatch stores (Amazon CloudWatch pricing, its examples). */
const LOG_COMPRESSION = 0.15;
/** Elastic Load Balancing pricing: new connections a second in one capacity unit. Each request counts as a new one. */
const CONNECTIONS_A_CAPACITY_UNIT = 25;

export interface PerMillion {
  /** Requests, units, log and data. */
  readonly use: readonly CostLine[];
  /** What is kept afterwards; nothing of the accepted files. */
  readonly storage: readonly CostLine[];
}

/** Dollars for a million uploads of one kind, by what the bench counted. @throws Error for an operation of S3 without a known price */
export function perMillion(
  results: UploadResults,
  kind: UploadKind,
  load: Load,
  parameters: Parameters,
): PerMillion {
  const figures = results[kind][load];
  return { use: use(figures, parameters), storage: storage(figures, kind, parameters) };
}

export function perMillionInAll({ use, storage }: PerMillion): number {
  return sum(use) + sum(storage);
}

function use(
  figures: ByService,
  { prices, egress, profile, hasDomain, hasWebhooks }: Parameters,
): CostLine[] {
  const webhook = hasWebhooks ? A_WEBHOOK : NO_WEBHOOK;
  const s3 = s3Requests(figures);
  const sqs = totalOf(figures, ({ calls }) => callsOf(calls.sqs)) + webhook.sqsCalls;
  const logBytes = totalOf(figures, ({ log }) => log.bytes) + webhook.logBytes;
  const readUnits = totalOf(figures, (one) => one.readUnits) + webhook.readUnits;
  const accessLogBytes = hasDomain ? 0 : ACCESS_LOG_BYTES;
  const dataPrice = egress === 'nat' ? prices.natData : prices.endpointData;
  return [
    { name: LineName.s3Writes, dollars: s3.writes * prices.s3Writes.dollars },
    { name: LineName.s3Reads, dollars: s3.reads * prices.s3Reads.dollars },
    {
      name: LineName.dynamodbWrites,
      dollars: totalOf(figures, ({ writeUnits }) => writeUnits) * prices.dynamodbWrites.dollars,
    },
    {
      name: LineName.dynamodbReads,
      dollars: readUnits * prices.dynamodbReads.dollars,
    },
    { name: 'SQS: requests', dollars: (sqs + EVENTS_OF_S3) * prices.sqsRequests.dollars },
    { name: LineName.api, dollars: hasDomain ? 0 : prices.httpApi.dollars },
    { name: LineName.logs, dollars: gigabytes(logBytes + accessLogBytes) * prices.logsIngested.dollars },
    {
      name: 'Load balancer: capacity units',
      dollars:
        profile === 'small'
          ? 0
          : (MILLION / CONNECTIONS_A_CAPACITY_UNIT / 3600) * prices.loadBalancerCapacity.dollars,
    },
    {
      name: egress === 'nat' ? 'NAT gateways: data' : 'Interface endpoints: data',
      dollars:
        egress === 'public'
          ? 0
          : gigabytes(logBytes + sqs * SQS_CALL_BYTES + webhook.dataBytes) * dataPrice.dollars,
    },
  ];
}

function storage(figures: ByService, kind: UploadKind, parameters: Parameters): CostLine[] {
  const { prices, sizeMib, sourceDays, logRetentionDays, recordRetentionDays, hasBackups } = parameters;
  const itemGb = (MILLION * (itemKib(figures) + ITEM_OVERHEAD_KIB)) / KIB_A_GB;
  const itemPrice = prices.dynamodbStorage.dollars + (hasBackups ? prices.dynamodbBackup.dollars : 0);
  const logGb = gigabytes(totalOf(figures, ({ log }) => log.bytes)) * LOG_COMPRESSION;
  return [
    {
      name: `DynamoDB: items, ${recordRetentionDays} days`,
      dollars: itemGb * (recordRetentionDays / DAYS_A_MONTH) * itemPrice,
    },
    {
      name: `CloudWatch: log lines, ${logRetentionDays} days`,
      dollars: logGb * (logRetentionDays / DAYS_A_MONTH) * prices.logsStored.dollars,
    },
    {
      name: `S3: a PUT's source, ${sizeMib} MiB for ${sourceDays} days`,
      dollars: kind === 'put' ? sizeMib * sourcePerMib(parameters) : 0,
    },
  ];
}

/** A million sources of one MiB each. A form's source is deleted within seconds. */
export function sourcePerMib({ prices, sourceDays }: Pick<Parameters, 'prices' | 'sourceDays'>): number {
  return (MILLION / MIB_A_GB) * (sourceDays / DAYS_A_MONTH) * prices.s3Storage.dollars;
}

function s3Requests(figures: ByService): { readonly writes: number; readonly reads: number } {
  let [writes, reads] = [CLIENTS_WRITES, 0];
  for (const service of SERVICES) {
    for (const [operation, calls] of Object.entries(figures[service].calls.s3)) {
      if ([...WRITE_OPERATIONS, ...LIST_OPERATIONS].includes(operation)) writes += calls;
      else if (READ_OPERATIONS.includes(operation)) reads += calls;
      else if (!FREE_OPERATIONS.includes(operation))
        throw new Error(`scripts/cost/per-upload.ts knows no price for s3:${operation}`);
    }
  }
  return { writes, reads };
}

/** At most: what its last writes were charged for, in whole KiB. */
function itemKib({ processor }: ByService): number {
  const updates = processor.calls.dynamodb['UpdateItem'];
  if (!updates) throw new Error('the bench counted no UpdateItem of the processor');
  return processor.writeUnits / updates;
}

function gigabytes(bytesAnUpload: number): number {
  return (MILLION * bytesAnUpload) / BYTES_A_GB;
}
