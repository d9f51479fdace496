import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type MetricDataQuery,
  type MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import { METRICS, METRICS_NAMESPACE } from '@upload-once/runtime/metrics';
import { printable } from '@upload-once/text/printable';
import {
  COUNTED,
  type CountName,
  HOUR_MINUTES,
  LEAD_TIME,
  LEAD_TIME_BOUNDS_MS,
  type MinuteCounts,
  type MissingNumbers,
} from '../hour-metrics.ts';
import type { MetricSource } from '../ports.ts';

const MINUTE_MS = 60_000;
const PERIOD_SECONDS = 60;
/** A SEARCH is billed by each metric that it finds: some 24 to 40 in all, $0.0004 at most (Amazon CloudWatch pricing, GetMetricData). */
const REFRESH_SECONDS = 60;
const COUNT_NAMES = Object.keys(COUNTED) as CountName[];
const BARS = [...LEAD_TIME_BOUNDS_MS.keys(), LEAD_TIME_BOUNDS_MS.length];

/** The last hour by one GetMetricData. CloudWatch has a metric a minute or two after its service wrote it. */
export function createCloudWatchMetrics(options: {
  readonly client: CloudWatchClient;
  /** The services' ENVIRONMENT. */
  readonly environment: string;
  readonly now: () => Date;
}): MetricSource {
  const { client, environment, now } = options;

  return {
    name: `CloudWatch, ${METRICS_NAMESPACE}, Environment ${environment}`,
    refreshSeconds: REFRESH_SECONDS,

    async lastHour() {
      const end = Math.floor(now().getTime() / MINUTE_MS) * MINUTE_MS;
      const start = end - (HOUR_MINUTES - 1) * MINUTE_MS;
      const results: MetricDataResult[] = [];
      let NextToken: string | undefined;
      do {
        const page = await client.send(
          new GetMetricDataCommand({
            MetricDataQueries: [
              ...COUNT_NAMES.map((name) => countQuery(name, environment)),
              ...BARS.map((bar) => barQuery(bar, environment)),
            ],
            StartTime: new Date(start),
            EndTime: new Date(end + MINUTE_MS),
            ...(NextToken !== undefined && { NextToken }),
          }),
        );
        results.push(...(page.MetricDataResults ?? []));
        NextToken = page.NextToken;
      } while (NextToken !== undefined);

      const minutes = Array.from({ length: HOUR_MINUTES }, (_, at) => {
        const atMs = start + at * MINUTE_MS;
        const counts = COUNT_NAMES.map((name) => [name, valueAt(results, name, atMs)]);
        return { atMs, ...Object.fromEntries(counts) } as MinuteCounts;
      });
      const leadTimeCounts = BARS.map((bar) =>
        results
          .filter(({ Id }) => Id === `bar${bar}`)
          .reduce((sum, { Values = [] }) => sum + total(Values), 0),
      );
      const missing = [...COUNT_NAMES, 'leadTime' as const].flatMap((name) => missingOf(results, name));
      return { minutes, leadTimeCounts, ...(missing.length > 0 && { missing }) };
    },
  };
}

/** Over all services, and over all values of a metric's own dimension. */
function countQuery(name: CountName, environment: string): MetricDataQuery {
  const metric = COUNTED[name];
  const dimensions = ['Environment', 'Service', ...METRICS[metric].dimensions].join(',');
  const search = `{${METRICS_NAMESPACE},${dimensions}} MetricName="${metric}" Environment="${environment}"`;
  return {
    Id: name,
    Expression: `SUM(SEARCH('${search}', 'Sum', ${PERIOD_SECONDS}))`,
    Period: PERIOD_SECONDS,
  };
}

/** How many values lie between two bounds (Amazon CloudWatch User Guide, "CloudWatch statistics definitions", Trimmed count). */
function barQuery(bar: number, environment: string): MetricDataQuery {
  const [from, to] = [LEAD_TIME_BOUNDS_MS[bar - 1] ?? '', LEAD_TIME_BOUNDS_MS[bar] ?? ''];
  return {
    Id: `bar${bar}`,
    MetricStat: {
      Metric: {
        Namespace: METRICS_NAMESPACE,
        MetricName: LEAD_TIME,
        Dimensions: [
          { Name: 'Environment', Value: environment },
          { Name: 'Service', Value: 'processor' },
        ],
      },
      Period: PERIOD_SECONDS,
      Stat: `TC(${from}:${to})`,
    },
  };
}

/** A result can go on over pages: the last part says how it ended (Amazon CloudWatch API Reference, "MetricDataResult"). */
function missingOf(results: readonly MetricDataResult[], name: MissingNumbers['name']): MissingNumbers[] {
  const ids = name === 'leadTime' ? BARS.map((bar) => `bar${bar}`) : [name];
  for (const id of ids) {
    const { StatusCode = 'Complete', Messages = [] } = results.findLast(({ Id }) => Id === id) ?? {};
    if (StatusCode === 'Complete') continue;
    const texts = Messages.flatMap(({ Value }) => Value ?? []);
    return [{ name, why: printable(['CloudWatch responded with', StatusCode, ...texts].join(' ')) }];
  }
  return [];
}

function valueAt(results: readonly MetricDataResult[], id: string, atMs: number): number {
  let sum = 0;
  for (const { Id, Timestamps = [], Values = [] } of results) {
    if (Id !== id) continue;
    for (const [at, time] of Timestamps.entries()) if (time.getTime() === atMs) sum += Values[at] ?? 0;
  }
  return sum;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
