import { checkMetric } from './check-metric.ts';
import { type GaugeName, METRICS, type MetricDefinition, type MetricName, type Metrics } from './metrics.ts';

/** Upper bounds in seconds: of a response, of a copy, of a handler at work for hours. */
const SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 43_200,
];
const BYTES = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11];
const COUNTS = [1, 2, 3, 5, 10, 25];

const UNITS = {
  Milliseconds: { suffix: '_seconds', factor: 0.001, bounds: SECONDS },
  Bytes: { suffix: '_bytes', factor: 1, bounds: BYTES },
  Count: { suffix: '', factor: 1, bounds: COUNTS },
} as const;

export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** What has been counted under one set of labels. */
interface Series {
  readonly labels: string;
  sum: number;
  count: number;
  /** Of a histogram: how many values lie in each bucket, the last without a bound. */
  readonly buckets: number[];
}

/** Metrics of a process that are asked for. */
export interface OpenMetrics extends Metrics {
  /** All that was counted since the start, as OpenMetrics 1.0. */
  text(): string;
}

/** What a metric is called in OpenMetrics, without the endings of its samples (`_total`, `_bucket`, `_sum`, `_count`). */
export function openMetricsNameOf(name: MetricName): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return `upload_once${words}${UNITS[METRICS[name].unit].suffix}`;
}

/**
 * The same metrics as `createMetrics` writes, kept in memory and given out as text (OpenMetrics 1.0, "Text format"). Milliseconds become
 * seconds. Each metric has the labels `environment` and `service`, and its own dimensions in small letters.
 *
 * All that the service writes begins at 0: Prometheus counts an increase from the first sample that it saw, so one that begins at 1 would
 * hide the first event, and the rare ones are those that matter. A metric with dimensions of its own begins with `begin`, or with its first
 * value.
 */
export function createOpenMetrics(options: { service: string; environment: string }): OpenMetrics {
  const common = { environment: options.environment, service: options.service };
  const all = new Map<MetricName, Map<string, Series>>();
  const gauges = new Map<GaugeName, () => number>();

  for (const name of Object.keys(METRICS) as MetricName[]) {
    const { kind, writtenBy, dimensions }: MetricDefinition = METRICS[name];
    const isOfService = writtenBy.some((writer) => writer === options.service);
    if (isOfService && kind !== 'gauge' && dimensions.length === 0) seriesOf(name, {});
  }

  /** The one under these labels, which begins at 0. */
  function seriesOf(name: MetricName, dimensions: Readonly<Record<string, string>>): Series {
    const own = Object.entries(dimensions).map(([dimension, text]) => [dimension.toLowerCase(), text]);
    const labels = labelsOf({ ...common, ...Object.fromEntries(own) });
    const ofName = all.get(name) ?? new Map<string, Series>();
    all.set(name, ofName);
    const series = ofName.get(labels) ?? {
      labels,
      sum: 0,
      count: 0,
      buckets: Array.from({ length: UNITS[METRICS[name].unit].bounds.length + 1 }, () => 0),
    };
    ofName.set(labels, series);
    return series;
  }

  function add(name: MetricName, value: number, dimensions: Readonly<Record<string, string>> = {}): void {
    const series = seriesOf(name, dimensions);
    const { factor, bounds } = UNITS[METRICS[name].unit];
    const given = value * factor;
    series.sum += given;
    series.count += 1;
    const at = bounds.findIndex((bound) => given <= bound);
    const bucket = at === -1 ? bounds.length : at;
    series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
  }

  return {
    add(name, value, dimensions = {}) {
      checkMetric(name, value, dimensions);
      add(name, value, dimensions);
    },
    addAll(values) {
      const given = Object.entries(values) as [MetricName, number][];
      for (const [name, value] of given) checkMetric(name, value, {});
      for (const [name, value] of given) add(name, value);
    },
    begin(name, dimensions) {
      checkMetric(name, 0, dimensions);
      seriesOf(name, dimensions);
    },
    gauge: (name, read) => void gauges.set(name, read),
    text() {
      const lines = [...all].flatMap(([name, ofName]) => [
        ...headOf(name),
        ...[...ofName.values()].flatMap((series) => samplesOf(name, series)),
      ]);
      for (const [name, read] of gauges) {
        const value = read() * UNITS[METRICS[name].unit].factor;
        lines.push(...headOf(name), `${openMetricsNameOf(name)}{${labelsOf(common)}} ${value}`);
      }
      return `${[...lines, '# EOF'].join('\n')}\n`;
    },
  };
}

function headOf(name: MetricName): string[] {
  const { kind, unit, description }: MetricDefinition = METRICS[name];
  const called = openMetricsNameOf(name);
  const suffix = UNITS[unit].suffix.slice(1);
  return [
    `# TYPE ${called} ${kind}`,
    ...(suffix === '' ? [] : [`# UNIT ${called} ${suffix}`]),
    `# HELP ${called} ${escaped(description)}`,
  ];
}

function samplesOf(name: MetricName, { labels, sum, count, buckets }: Series): string[] {
  const { kind, unit }: MetricDefinition = METRICS[name];
  const called = openMetricsNameOf(name);
  if (kind === 'counter') return [`${called}_total{${labels}} ${sum}`];
  let upTo = 0;
  const bucketLines = [...UNITS[unit].bounds, Number.POSITIVE_INFINITY].map((bound, at) => {
    upTo += buckets[at] ?? 0;
    const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : decimal(bound);
    return `${called}_bucket{${labels},le="${le}"} ${upTo}`;
  });
  return [...bucketLines, `${called}_sum{${labels}} ${sum}`, `${called}_count{${labels}} ${count}`];
}

/** OpenMetrics writes the bounds of buckets as floating-point numbers. */
function decimal(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function labelsOf(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
