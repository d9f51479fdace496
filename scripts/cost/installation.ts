import { readFileSync } from 'node:fs';
import { METRICS, type ServiceName as WriterName } from '@upload-once/runtime';
import type { ServiceName } from '../../bench/uploads/results.ts';
import { variablesOf } from '../terraform-variables.ts';

/** What Terraform makes by default, as far as it is paid for whether it is used or not. */
export interface Installation {
  readonly tasks: Readonly<Record<ServiceName, Tasks>>;
  /** Those of the webhook-sender, where there are webhooks. */
  readonly webhookTasks: Tasks;
  /** AWS services that the tasks reach by an interface endpoint. */
  readonly interfaceEndpoints: number;
  /** Which part of the uploads has a trace, where there is tracing. */
  readonly tracedShare: number;
  /** How long the source of a PUT stays that is left to both rules of the lifecycle. */
  readonly lifecycleDays: number;
  /** The least record retention that modules/storage takes, with the default retentions of the queues. */
  readonly shortestRecordDays: number;
}

export const PROFILES = ['standard', 'small'] as const;
export type Profile = (typeof PROFILES)[number];

export const EGRESSES = ['endpoints', 'nat', 'public'] as const;
export type Egress = (typeof EGRESSES)[number];

export interface Tasks {
  readonly minTasks: number;
  readonly vcpu: number;
  readonly memoryGib: number;
}

export interface Defaults {
  /** From the upload of a PUT to the removal of its source by the lifecycle. */
  readonly sourceDays: number;
  readonly logRetentionDays: number;
  readonly recordRetentionDays: number;
  readonly architecture: 'ARM64' | 'X86_64';
  readonly egress: Egress;
  readonly zones: '2' | '3';
  readonly hasBackups: boolean;
}

/** Those that each upload writes, once for each service; the others are paid for only in an hour that has something to count. */
export const METRICS_OF_AN_UPLOAD: readonly string[] = metricsOfEachUpload(
  (service) => service !== 'webhook-sender',
);

/** The metrics that CloudWatch charges for where each upload writes them, by name and service. */
export function metricsOfEachUpload(isWriter: (service: WriterName) => boolean): string[] {
  return Object.entries(METRICS).flatMap(([name, { isOfEachUpload, writtenBy }]) =>
    isOfEachUpload ? writtenBy.filter(isWriter).map((service) => `${name} ${service}`) : [],
  );
}

/** modules/alarms, without a domain and without the bucket's request metrics; each on one metric. */
export const ALARMS = 22;

/** Auto Scaling makes two alarms a policy: CPU and the url-issuer's requests have one metric each, the backlog of each consumer has three. */
export const SCALING_ALARM_METRICS = 2 * (2 * 1 + 2 * (1 + 3));

/** The same with the small profile: no load balancer has an alarm, and the url-issuer's requests are two metrics. */
export const SMALL_ALARM_METRICS = ALARMS - 1 + SCALING_ALARM_METRICS + 2;

/**
 * What Container Insights writes for a cluster on Fargate: 10 metrics of CPU, memory, network and storage for the cluster, each service
 * and each task definition; 5 more a service; 3 more for the cluster (Amazon CloudWatch User Guide, "Amazon ECS Container Insights
 * metrics"; an older copy of that page lacks the two of ephemeral storage among the 10). Counted by hand, not confirmed by a bill.
 */
export function insightsMetrics(services: number): number {
  return 10 * (1 + 2 * services) + 5 * services + 3;
}

export const INSIGHTS_METRICS = insightsMetrics(3);

/** AFTER_EXPIRY_MS in services/acceptor/src/remove-after-expiry.ts. */
const SOURCE_AFTER_EXPIRY_SECONDS = 3_600;

function hundredthsOf(days: number): number {
  return Math.ceil(days * 100) / 100;
}

/** A version becomes noncurrent when the first rule puts a delete marker before it; the second rule counts from that day. */
export function installationOf(profile: Profile): Installation & { readonly defaults: Defaults } {
  const root = settingsIn('variables.tf');
  const storage = attributesIn('modules/storage/variables.tf', 'settings');
  const network = attributesIn('modules/network/variables.tf', 'settings');
  const retentions =
    Number(storage('message_retention_days')) + Number(storage('dead_letter_retention_days'));
  const formSeconds = Number(
    attributesIn('modules/settings/variables.tf', 'url_issuer')('form_lifetime_seconds'),
  );
  const tasks = (variable: string): Tasks => {
    const part = attributesIn('modules/settings/variables.tf', variable);
    return {
      // Null has its default in modules/settings/main.tf.
      minTasks: part('min_tasks') === 'null' ? 1 : Number(part('min_tasks')),
      vcpu: Number(part('cpu')) / 1024,
      memoryGib: Number(part('memory')) / 1024,
    };
  };
  return {
    tasks: {
      'url-issuer': tasks('url_issuer'),
      acceptor: tasks('acceptor'),
      processor: profile === 'small' ? { ...tasks('processor'), ...smallProcessor() } : tasks('processor'),
    },
    webhookTasks: tasks('webhooks'),
    interfaceEndpoints: interfaceEndpoints(),
    tracedShare: Number(attributesIn('modules/settings/variables.tf', 'tracing')('sample_ratio')),
    lifecycleDays: Number(storage('uploads_expire_days')) + Number(storage('noncurrent_expire_days')),
    shortestRecordDays: 4 * retentions + 1,
    defaults: {
      sourceDays: hundredthsOf((formSeconds + SOURCE_AFTER_EXPIRY_SECONDS) / 86_400),
      logRetentionDays: Number(root('log_retention_days')),
      recordRetentionDays: Number(storage('record_retention_days')),
      architecture: JSON.parse(root('architecture')),
      egress: profile === 'small' ? 'public' : JSON.parse(network('egress')),
      zones: network('zones') as '2' | '3',
      hasBackups: storage('point_in_time_recovery') === 'true',
    },
  };
}

/** From terraform/profile.tf. */
function smallProcessor(): Pick<Tasks, 'vcpu' | 'memoryGib'> {
  const [, cpu, memory] =
    /processor = \{ spot = true, cpu = (\d+), memory = (\d+),/.exec(read('profile.tf')) ?? [];
  if (cpu === undefined) throw new Error('terraform/profile.tf has no size of the small processor');
  return { vcpu: Number(cpu) / 1024, memoryGib: Number(memory) / 1024 };
}

/** What a processor's task gets beside its memory of the standard profile, where there is tracing: from terraform/profile.tf. */
export function tracedProcessorGib(): number {
  const [, memory] =
    /processor = \{ memory = var\.profile == "small" \? \d+ : (\d+) \}/.exec(read('profile.tf')) ?? [];
  if (memory === undefined)
    throw new Error('terraform/profile.tf has no memory of the processor with tracing');
  return Number(memory) / 1024 - installationOf('standard').tasks.processor.memoryGib;
}

function interfaceEndpoints(): number {
  const [, list] = /interface_endpoints = setunion\(\[(.*?)\]/.exec(read('modules/network/main.tf')) ?? [];
  if (list === undefined) throw new Error('terraform/modules/network/main.tf names no interface endpoints');
  return list.split(',').length;
}

function settingsIn(file: string): (name: string) => string {
  return defaultOf(file, variablesOf(read(file)));
}

function attributesIn(file: string, variable: string): (name: string) => string {
  const found = variablesOf(read(file)).find(({ name }) => name === variable);
  return defaultOf(`${file}, ${variable}`, found?.attributes ?? []);
}

function defaultOf(
  where: string,
  variables: readonly { readonly name: string; readonly default: string | undefined }[],
): (name: string) => string {
  return (name) => {
    const found = variables.find((variable) => variable.name === name)?.default;
    if (found === undefined) throw new Error(`terraform/${where} has no default for ${name}`);
    return found;
  };
}

function read(file: string): string {
  return readFileSync(new URL(`../../terraform/${file}`, import.meta.url), 'utf8');
}
