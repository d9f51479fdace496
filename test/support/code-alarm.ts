import { readFileSync } from 'node:fs';
import { METRICS_NAMESPACE } from '@upload-once/runtime';
import { variablesOf } from '../../scripts/terraform-variables.ts';

const MODULE = new URL('../../terraform/modules/alarms/', import.meta.url);

/** An alarm that Terraform makes on a metric of the code, with its defaults. */
export interface CodeAlarm {
  readonly metric: string;
  readonly statistic: 'Sum' | 'Maximum' | 'p99';
  readonly threshold: number;
  readonly periodSeconds: number;
  /** How many periods in a row are at the threshold or above. */
  readonly periods: number;
}

/** @param name as in `code_alarms` of terraform/modules/alarms/alarms.tf, such as "server-errors" */
export function codeAlarm(name: string): CodeAlarm {
  const file = readFileSync(new URL('alarms.tf', MODULE), 'utf8');
  const [, body] = new RegExp(`^ {4}${name} = \\{\\n(.*?)^ {4}\\}$`, 'ms').exec(file) ?? [];
  if (body === undefined) throw new Error(`terraform/modules/alarms has no alarm ${name}`);
  const attributeOf = (attribute: string) => new RegExp(`^ {6}${attribute} += (.*)$`, 'm').exec(body)?.[1];
  return {
    metric: JSON.parse(attributeOf('metric') ?? ''),
    statistic: JSON.parse(attributeOf('statistic') ?? ''),
    threshold: thresholdOf(attributeOf('threshold') ?? ''),
    periodSeconds: Number(attributeOf('period') ?? 300),
    periods: Number(attributeOf('periods')),
  };
}

function thresholdOf(expression: string): number {
  const [, setting] = /^var\.settings\.(\w+)$/.exec(expression) ?? [];
  if (setting !== undefined) return Number(defaultOf(setting));
  // main.tf has twice the limit of a handler, and two hours at least; a handler's default limit is one hour.
  if (expression === '1000 * local.oldest_message_seconds["accepted_events"]') return 7_200_000;
  const number = Number(expression);
  if (Number.isNaN(number)) throw new Error(`${expression} is no threshold that can be read`);
  return number;
}

function defaultOf(setting: string): string {
  const settings = variablesOf(readFileSync(new URL('variables.tf', MODULE), 'utf8')).find(
    ({ name }) => name === 'settings',
  );
  const found = settings?.attributes.find(({ name }) => name === setting)?.default;
  if (found === undefined) throw new Error(`terraform/modules/alarms has no default for ${setting}`);
  return found;
}

/**
 * Whether these lines in the embedded metric format set the alarm off, by CloudWatch's rules: the values of each period make one number,
 * by the alarm's statistic. A period without a value does not count (`notBreaching`).
 */
export function isSetOff(
  { metric, statistic, threshold, periodSeconds, periods }: CodeAlarm,
  service: string,
  lines: readonly Record<string, unknown>[],
): boolean {
  const valuesByPeriod = new Map<number, number[]>();
  for (const line of lines) {
    const { _aws: about, Service, [metric]: value } = line as { _aws?: EmfHead } & Record<string, unknown>;
    const [directive] = about?.CloudWatchMetrics ?? [];
    if (!about || directive?.Namespace !== METRICS_NAMESPACE || Service !== service || value === undefined)
      continue;
    if (directive.Dimensions[0]?.join() !== 'Environment,Service') continue;
    const period = Math.floor(about.Timestamp / 1000 / periodSeconds);
    valuesByPeriod.set(period, [
      ...(valuesByPeriod.get(period) ?? []),
      ...[value as number | number[]].flat(),
    ]);
  }
  const isBreaching = (period: number) => {
    const values = valuesByPeriod.get(period);
    return values !== undefined && numberOf(values, statistic) >= threshold;
  };
  return [...valuesByPeriod.keys()].some((period) =>
    Array.from({ length: periods }, (_, before) => period - before).every(isBreaching),
  );
}

interface EmfHead {
  readonly Timestamp: number;
  readonly CloudWatchMetrics: readonly {
    readonly Namespace: string;
    readonly Dimensions: readonly (readonly string[])[];
  }[];
}

function numberOf(values: readonly number[], statistic: CodeAlarm['statistic']): number {
  if (statistic === 'Sum') return values.reduce((sum, value) => sum + value, 0);
  if (statistic === 'Maximum') return Math.max(...values);
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0;
}
