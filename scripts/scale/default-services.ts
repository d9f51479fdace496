import { readFileSync } from 'node:fs';
import { variablesOf } from '../terraform-variables.ts';
import { type PlannedConfiguration, readPolicy } from './scaling-policy.ts';
import type { ScaledService } from './simulate-scaling.ts';

export const DefaultService = {
  urlIssuer: 'url_issuer',
  acceptor: 'acceptor',
  processor: 'processor',
} as const;
export type DefaultService = (typeof DefaultService)[keyof typeof DefaultService];

const read = (file: string) =>
  readFileSync(new URL(`../../terraform/modules/${file}`, import.meta.url), 'utf8');

/** A number that a file of Terraform has once at least, always the same. @throws Error otherwise */
function numberIn(file: string, pattern: RegExp): number {
  const found = new Set([...read(file).matchAll(pattern)].map(([, number = '']) => Number(number)));
  const [number] = found;
  if (number === undefined || found.size > 1)
    throw new Error(`terraform/modules/${file} has ${found.size} of ${pattern}`);
  return number;
}

/** Tasks of a service by default. */
export function defaultTasks(service: DefaultService): Omit<ScaledService, 'policies'> {
  const attributes = variablesOf(read('settings/variables.tf')).find(
    ({ name }) => name === service,
  )?.attributes;
  const number = (name: string, otherwise = Number.NaN) => {
    const value = attributes?.find((attribute) => attribute.name === name)?.default;
    return value === undefined || value === 'null' ? otherwise : Number(value);
  };
  return {
    minTasks: number('min_tasks', 1),
    maxTasks: number('max_tasks'),
    vcpus: number('cpu') / 1024,
    concurrency: number('concurrency'),
  };
}

/** A consumer by default, with its policies: what Terraform plans (terraform/tests/scaling.test.ts compares them). */
export function defaultConsumer(service: Exclude<DefaultService, 'url_issuer'>): ScaledService {
  const tasks = defaultTasks(service);
  const common = {
    scale_out_cooldown: numberIn('service/autoscaling.tf', /scale_out_cooldown = (\d+)/g),
    scale_in_cooldown: numberIn('service/autoscaling.tf', /scale_in_cooldown {2}= (\d+)/g),
    disable_scale_in: false,
  };
  const stat = (id: string, metric_name: string) => ({
    id,
    expression: null,
    metric_stat: [{ stat: 'Average', metric: [{ metric_name }] }],
    return_data: false,
  });
  const cpu: PlannedConfiguration = {
    ...common,
    target_value: cpuTarget(),
    predefined_metric_specification: [{ predefined_metric_type: 'ECSServiceAverageCPUUtilization' }],
    customized_metric_specification: [],
  };
  const metrics = [
    { id: 'pertask', expression: '(waiting + inhand) / running', metric_stat: [], return_data: true },
    stat('waiting', 'ApproximateNumberOfMessagesVisible'),
    stat('inhand', 'ApproximateNumberOfMessagesNotVisible'),
    stat('running', 'RunningTaskCount'),
  ];
  const backlog: PlannedConfiguration = {
    ...common,
    target_value:
      numberIn('settings/main.tf', /coalesce\([\w.]+, ([\d.]+) \* [\w.]+\.concurrency\)/g) *
      tasks.concurrency,
    predefined_metric_specification: [],
    customized_metric_specification: [{ metrics }],
  };
  return { ...tasks, policies: [readPolicy('cpu', cpu), readPolicy('load', backlog)] };
}

/** In percent. */
export function cpuTarget(): number {
  return numberIn('service/autoscaling.tf', /target_value {7}= (\d+)/g);
}
