import { readFileSync } from 'node:fs';
import { percentile } from '../../bench/percentile.ts';
import type { ServiceName, UploadResults } from '../../bench/uploads/results.ts';
import { SERVICES, totalOf } from '../../bench/uploads/totals.ts';
import { variablesOf } from '../terraform-variables.ts';
import { cpuTarget, DefaultService, defaultTasks } from './default-services.ts';

/** AWS's limits, by its pages. Those that Service Quotas raises are an account's defaults. */
export const AWS = {
  /** Amazon S3 User Guide, "Best practices design patterns: optimizing Amazon S3 performance": PUT, COPY, POST and DELETE, at least. */
  s3WritesOfARange: 3_500,
  /** Amazon DynamoDB Developer Guide, "Understanding DynamoDB warm throughput in different scenarios". */
  newTableWriteUnits: 4_000,
  /** Amazon DynamoDB Developer Guide, "Quotas in Amazon DynamoDB": a table on demand. */
  tableWriteUnits: 40_000,
  /** Amazon SQS Developer Guide, "Amazon SQS standard queue quotas". */
  messagesInFlight: 120_000,
  /** Amazon API Gateway Developer Guide, "Quotas". */
  apiRequests: 10_000,
  /** Amazon ECS Developer Guide, "AWS Fargate service quotas": a new account's. */
  fargateVcpus: 6,
} as const;

/** packages/text/src/upload-id.ts. */
const SHARDS = 32;
/** packages/access/src/quotas: units of one ADD, and ADDs of one counter a second. */
const UNITS_OF_AN_ADD = 25;
const ADDS_A_SECOND = 800;
/** The client's POST, and the deletion of what it stored. */
const WRITES_UNDER_UPLOADS = 2;
/** For what depends on the handler. */
const HANDLER_SECONDS = 1;

/** What ends first, and what lifts it. */
export interface Limit {
  readonly part: string;
  readonly uploadsPerSecond: number;
  readonly lifted: string;
}

const NAMES = {
  'url-issuer': DefaultService.urlIssuer,
  acceptor: DefaultService.acceptor,
  processor: DefaultService.processor,
} as const satisfies Record<ServiceName, DefaultService>;

/** CPU of an upload by form, in seconds of the bench's cores. */
export function cpuSecondsOf({ rounds }: UploadResults, service: ServiceName): number {
  return (
    percentile(
      rounds.map(({ form }) => form[service].cpuMicroseconds),
      50,
    ) / 1e6
  );
}

/** The vCPUs that a rate of uploads needs, at the CPU that scaling aims at. */
export function vcpusFor(results: UploadResults, service: ServiceName, uploadsPerSecond: number): number {
  return (uploadsPerSecond * cpuSecondsOf(results, service)) / (cpuTarget() / 100);
}

/** All limits of the default installation, the lowest first. */
export function limitsOf(results: UploadResults): Limit[] {
  const { busy } = results.form;
  const writeUnits = totalOf(busy, (figures) => figures.writeUnits);
  const copies = busy.acceptor.calls.s3['CopyObject'] ?? Number.NaN;
  const allVcpus = SERVICES.reduce((sum, service) => sum + vcpusFor(results, service, 1), 0);
  const processor = defaultTasks(DefaultService.processor);
  const ofTasks = SERVICES.map((service) => {
    const { maxTasks, vcpus } = defaultTasks(NAMES[service]);
    return {
      part: `${service}: CPU of ${maxTasks} tasks of ${vcpus} vCPU`,
      uploadsPerSecond: (maxTasks * vcpus) / vcpusFor(results, service, 1),
      lifted: `\`${NAMES[service]}.max_tasks\`, \`cpu\``,
    };
  });
  const limits: Limit[] = [
    ...ofTasks,
    {
      part: `processor: ${processor.maxTasks * processor.concurrency} uploads at once, with a handler of ${HANDLER_SECONDS} second`,
      uploadsPerSecond: (processor.maxTasks * processor.concurrency) / HANDLER_SECONDS,
      lifted: '`processor.max_tasks`, `concurrency`',
    },
    {
      part: `Fargate: ${AWS.fargateVcpus} vCPUs, the quota of a new account`,
      uploadsPerSecond: AWS.fargateVcpus / allVcpus,
      lifted: 'Service Quotas; `fargate_vcpu_quota` warns',
    },
    {
      part: `DynamoDB: ${AWS.newTableWriteUnits} write units a second of a new table`,
      uploadsPerSecond: AWS.newTableWriteUnits / writeUnits,
      lifted: '[warm throughput](#a-table-that-is-warm)',
    },
    {
      part: `DynamoDB: ${AWS.tableWriteUnits} write units a second, the quota of a table`,
      uploadsPerSecond: AWS.tableWriteUnits / writeUnits,
      lifted: 'Service Quotas',
    },
    {
      part: `API Gateway: \`endpoint.throttle_rate\``,
      uploadsPerSecond: throttleRate(),
      lifted: '`endpoint.throttle_rate`, `throttle_burst`',
    },
    {
      part: `API Gateway: ${AWS.apiRequests} requests a second, the quota of an account`,
      uploadsPerSecond: AWS.apiRequests,
      lifted: 'Service Quotas, or `endpoint.domain_name`; `api_request_quota` warns',
    },
    {
      part: 'S3: one range of keys under `uploads/`',
      uploadsPerSecond: AWS.s3WritesOfARange / WRITES_UNDER_UPLOADS,
      lifted: '`url_issuer.sharded_keys`',
    },
    {
      part: 'S3: one range of keys under `accepted/`',
      uploadsPerSecond: AWS.s3WritesOfARange / copies,
      lifted: '`url_issuer.sharded_keys`',
    },
    {
      part: `S3: ${SHARDS} ranges under \`uploads/\`, with sharded keys`,
      uploadsPerSecond: (SHARDS * AWS.s3WritesOfARange) / WRITES_UNDER_UPLOADS,
      lifted: 'another installation',
    },
    {
      part: 'Daily quota of one API key: one item',
      uploadsPerSecond: UNITS_OF_AN_ADD * ADDS_A_SECOND,
      lifted: 'several API keys',
    },
    {
      part: `SQS: ${AWS.messagesInFlight} messages in flight, with a handler of ${HANDLER_SECONDS} second`,
      uploadsPerSecond: AWS.messagesInFlight / HANDLER_SECONDS,
      lifted: 'a faster handler, another installation',
    },
  ];
  return limits.toSorted((a, b) => a.uploadsPerSecond - b.uploadsPerSecond);
}

function throttleRate(): number {
  const file = readFileSync(
    new URL('../../terraform/modules/endpoint/variables.tf', import.meta.url),
    'utf8',
  );
  const settings = variablesOf(file).find(({ name }) => name === 'settings')?.attributes;
  return Number(settings?.find(({ name }) => name === 'throttle_rate')?.default);
}
