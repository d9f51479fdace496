import type { Clock } from '@upload-once/clock';
import { checkMetric } from './check-metric.ts';
import {
  type GaugeName,
  METRICS,
  METRICS_NAMESPACE,
  type MetricName,
  type Metrics,
  type MetricValues,
} from './metrics.ts';

/** What the format takes of one metric in one line. It takes 100 metrics in a line too: METRICS has fewer. */
const MAX_VALUES = 100;
const GATHER_MS = 1_000;
/** As often as CloudWatch shows a value. */
const GAUGES_MS = 60_000;

type Dimensions = Readonly<Record<string, string>>;

/** The values that wait for their line. */
interface Gathered {
  readonly dimensions: Dimensions;
  /** Of the first of them: the line has one time for all. */
  readonly at: Date;
  readonly values: Partial<Record<MetricName, number[]>>;
}

/** Metrics of a process, which says when it ends. */
export interface ProcessMetrics extends Metrics {
  /** Writes what was gathered. Whatever comes from now on is written at once. */
  end(): void;
}

/**
 * Metrics as lines of the embedded metric format (Amazon CloudWatch User Guide, "Specification: Embedded metric
 * format"): whatever ships the log lines ships the metrics, no call to CloudWatch is made.
 *
 * Values that are gathered come at most a second later, in a line for each set of dimensions that has arrays of values. There is no line
 * where there is no value, and one more for each 100 values. All values of a line get the time of its first one. Gauges are read with a
 * line of gathered values without dimensions of their own, once a minute and at the end.
 *
 * @param options.service the dimension Service
 * @param options.environment the dimension Environment
 * @param options.write takes one line, with its line feed
 */
export function createMetrics(options: {
  service: string;
  environment: string;
  clock: Pick<Clock, 'now' | 'after'>;
  write: (line: string) => void;
}): ProcessMetrics {
  const { service, environment, clock } = options;
  const waiting = new Map<string, Gathered>();
  const gauges = new Map<GaugeName, () => number>();
  let cancelTimer: (() => void) | undefined;
  let isEnding = false;
  let gaugesAtMs = Number.NEGATIVE_INFINITY;

  function write(
    values: Partial<Record<MetricName, number | number[]>>,
    dimensions: Dimensions,
    at: Date,
  ): void {
    const all = { Environment: environment, Service: service, ...dimensions };
    const names = Object.keys(values) as MetricName[];
    const document = {
      _aws: {
        Timestamp: at.getTime(),
        CloudWatchMetrics: [
          {
            Namespace: METRICS_NAMESPACE,
            Dimensions: [Object.keys(all)],
            Metrics: names.map((name) => ({ Name: name, Unit: METRICS[name].unit })),
          },
        ],
      },
      ...all,
      ...values,
    };
    options.write(`${JSON.stringify(document)}\n`);
  }

  function writeWaiting(): void {
    cancelTimer?.();
    cancelTimer = undefined;
    for (const { values, dimensions, at } of waiting.values()) {
      const isOfAll = Object.keys(dimensions).length === 0;
      const isTime = isEnding || at.getTime() - gaugesAtMs >= GAUGES_MS;
      if (isOfAll && isTime) {
        gaugesAtMs = at.getTime();
        write({ ...values, ...gaugeValues() }, dimensions, at);
      } else write(values, dimensions, at);
    }
    waiting.clear();
  }

  function gaugeValues(): Partial<Record<MetricName, number>> {
    return Object.fromEntries([...gauges].map(([name, read]) => [name, read()]));
  }

  function gather(given: readonly [MetricName, number][], dimensions: Dimensions): void {
    const set = Object.values(dimensions).join();
    const gathered = waiting.get(set) ?? { dimensions, at: clock.now(), values: {} };
    for (const [name, value] of given) {
      gathered.values[name] ??= [];
      gathered.values[name].push(value);
    }
    if (given.some(([name]) => gathered.values[name]?.length === MAX_VALUES)) {
      waiting.delete(set);
      write(gathered.values, dimensions, gathered.at);
      return;
    }
    waiting.set(set, gathered);
    cancelTimer ??= clock.after(GATHER_MS, writeWaiting);
  }

  function add(values: MetricValues, dimensions: Dimensions = {}): void {
    const given = Object.entries(values) as [MetricName, number][];
    for (const [name, value] of given) {
      checkMetric(name, value, dimensions);
    }
    const canWait = ([name]: [MetricName, number]) => METRICS[name].isGathered && !isEnding;
    const gathered = given.filter(canWait);
    const atOnce = given.filter((each) => !canWait(each));
    if (gathered.length > 0) gather(gathered, dimensions);
    if (atOnce.length > 0) write(Object.fromEntries(atOnce), dimensions, clock.now());
  }

  return {
    add: (name, value, dimensions) => add({ [name]: value }, dimensions),
    addAll: (values) => add(values),
    begin: (name, dimensions) => checkMetric(name, 0, dimensions),
    gauge: (name, read) => void gauges.set(name, read),
    end() {
      isEnding = true;
      writeWaiting();
    },
  };
}
