import { readFileSync } from 'node:fs';
import { METRICS_NAMESPACE } from '@upload-once/runtime';
import { variablesOf } from '../../scripts/terraform-variables.ts';

const MODULE = new URL('../../terraform/modules/alarms/', import.meta.url);

/** An alarm that Terraform makes, with its defaults. */
export interface Alarm {
  readonly metric: string;
  readonly statistic: 'Sum' | 'Maximum' | 'p99';
  readonly threshold: number;
  readonly periodSeconds: number;
  /** How many periods in a row are at the threshold or above. */
  readonly periods: number;
}

/** @param name as in `code_alarms` of terraform/modules/alarms/alarms.tf, such as "server-errors" */
export function codeAlarm(name: string): Alarm {
  return alarmOf(name, new RegExp(`^ {4}${name} = \\{\\n(.*?)^ {4}\\}$`, 'ms'), thresholdOf);
}

/** @param name of an alarm on what a load balancer, an HTTP API or S3 counts, such as "api-errors" */
export function entryAlarm(name: string): Alarm {
  return alarmOf(name, new RegExp(`^ {6}${name} = \\{\\n(.*?)^ {6}\\}$`, 'ms'), thresholdOf);
}

/** The alarm on reports of versions that were kept apart. */
export function reportAlarm(): Alarm {
  return alarmOf('upload-reports', /^ {4}upload-reports = \{\n(.*?)^ {4}\}$/ms, thresholdOf);
}

/** The alarm on what is in a dead-letter queue; it is the same for each. */
export function deadLetterAlarm(): Alarm {
  return alarmOf('dead-letter', /-dead-letter" => \{\n(.*?)^ {6}\}$/ms, thresholdOf);
}

/** The alarm on the age of a queue's oldest message. @param queue such as "upload_events" */
export function ageAlarm(queue: string): Alarm {
  return alarmOf('age', /-age" => \{\n(.*?)^ {6}\}$/ms, (expression) => {
    if (expression !== 'local.oldest_message_seconds[queue]') throw new Error(`${expression} is of no queue`);
    return oldestMessageSeconds(queue);
  });
}

function alarmOf(name: string, pattern: RegExp, toThreshold: (expression: string) => number): Alarm {
  const file = readFileSync(new URL('alarms.tf', MODULE), 'utf8');
  const [, body] = pattern.exec(file) ?? [];
  if (body === undefined) throw new Error(`terraform/modules/alarms has no alarm ${name}`);
  const attributeOf = (attribute: string) => new RegExp(`^ +${attribute} += (.*)$`, 'm').exec(body)?.[1];
  return {
    metric: JSON.parse(attributeOf('metric') ?? ''),
    statistic: JSON.parse(attributeOf('statistic') ?? ''),
    threshold: toThreshold(attributeOf('threshold') ?? ''),
    periodSeconds: Number(attributeOf('period') ?? 300),
    periods: Number(attributeOf('periods')),
  };
}

function thresholdOf(expression: string): number {
  const [, setting] = /^var\.settings\.(\w+)$/.exec(expression) ?? [];
  if (setting !== undefined) return Number(defaultOf(setting));
  const [, queue] = /^1000 \* local\.oldest_message_seconds\["(\w+)"\]$/.exec(expression) ?? [];
  if (queue !== undefined) return 1000 * oldestMessageSeconds(queue);
  const number = Number(expression);
  if (Number.isNaN(number)) throw new Error(`${expression} is no threshold that can be read`);
  return number;
}

function oldestMessageSeconds(queue: string): number {
  const file = readFileSync(new URL('main.tf', MODULE), 'utf8');
  const [, block = ''] = /oldest_message_seconds = \{\n(.*?)\}/s.exec(file) ?? [];
  const expression = new RegExp(`^ +${queue} += (.*)$`, 'm').exec(block)?.[1] ?? '';
  // Twice the limit of a handler, and two hours at least; a handler's default limit is one hour.
  if (expression.endsWith('max(7200, 2 * var.handler_limit_seconds))')) return 7_200;
  return thresholdOf(expression);
}

function defaultOf(setting: string): string {
  const settings = variablesOf(readFileSync(new URL('variables.tf', MODULE), 'utf8')).find(
    ({ name }) => name === 'settings',
  );
  const found = settings?.attributes.find(({ name }) => name === setting)?.default;
  if (found === undefined) throw new Error(`terraform/modules/alarms has no default for ${setting}`);
  return found;
}

/** A value of the alarm's metric. */
export interface MetricValue {
  readonly atMs: number;
  readonly value: number;
}

/** `isSetOffBy` for lines of a service in the embedded metric format. */
export function isSetOff(alarm: Alarm, service: string, lines: readonly Record<string, unknown>[]): boolean {
  const { metric } = alarm;
  const values: MetricValue[] = [];
  for (const line of lines) {
    const { _aws: about, Service, [metric]: value } = line as { _aws?: EmfHead } & Record<string, unknown>;
    const [directive] = about?.CloudWatchMetrics ?? [];
    if (!about || directive?.Namespace !== METRICS_NAMESPACE || Service !== service || value === undefined)
      continue;
    if (directive.Dimensions[0]?.join() !== 'Environment,Service') continue;
    for (const each of [value as number | number[]].flat())
      values.push({ atMs: about.Timestamp, value: each });
  }
  return isSetOffBy(alarm, values);
}

/**
 * Whether these values set the alarm off, by CloudWatch's rules: the values of each period make one number, by the alarm's statistic. A
 * period without a value does not count (`notBreaching`).
 */
export function isSetOffBy(
  { statistic, threshold, periodSeconds, periods }: Alarm,
  values: readonly MetricValue[],
): boolean {
  const valuesByPeriod = new Map<number, number[]>();
  for (const { atMs, value } of values) {
    const period = Math.floor(atMs / 1000 / periodSeconds);
    valuesByPeriod.set(period, [...(valuesByPeriod.get(period) ?? []), value]);
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

function numberOf(values: readonly number[], statistic: Alarm['statistic']): number {
  if (statistic === 'Sum') return values.reduce((sum, value) => sum + value, 0);
  if (statistic === 'Maximum') return Math.max(...values);
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0;
}
