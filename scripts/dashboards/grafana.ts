import { METRICS, type MetricDefinition, type MetricName, openMetricsNameOf } from '@upload-once/runtime';
import { PANELS, type Panel, type Statistic } from './panels.ts';

export const GRAFANA_DASHBOARD = 'docs/grafana-dashboard.json';

const WIDTH = 12;
const HEIGHT = 8;
const IN_ROW = 2;
const RANGE = '[$__rate_interval]';
const LABELS = '{environment="$environment"}';

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
}

/**
 * The panels as a dashboard of Grafana (Grafana documentation, "Dashboard JSON model") over what METRICS_PORT gives to Prometheus. Panels
 * of what AWS alone measures are left out.
 */
export function grafanaDashboard(): string {
  const panels = PANELS.flatMap((panel) => {
    const targets = targetsOf(panel);
    return targets.length === 0 ? [] : { panel, targets };
  }).map(({ panel, targets }, at) => ({
    id: at + 1,
    type: 'timeseries',
    title: panel.title.replace(' (ms)', ''),
    datasource: { type: 'prometheus', uid: '$datasource' },
    gridPos: {
      x: (at % IN_ROW) * WIDTH,
      y: Math.floor(at / IN_ROW) * HEIGHT,
      w: WIDTH,
      h: HEIGHT,
    },
    fieldConfig: { defaults: { unit: unitOf(panel), min: 0 }, overrides: [] },
    targets: targets.map((target, index) => ({ ...target, refId: refIdOf(index) })),
  }));
  const dashboard = {
    title: 'upload-once',
    uid: 'upload-once',
    tags: ['upload-once'],
    timezone: 'browser',
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' },
        {
          name: 'environment',
          type: 'query',
          label: 'Environment',
          datasource: { type: 'prometheus', uid: '$datasource' },
          query: 'label_values(upload_once_event_loop_delay_seconds, environment)',
          refresh: 2,
        },
      ],
    },
    panels,
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}

function targetsOf({ metrics, split, statistics }: Panel): Target[] {
  return [
    ...metrics.flatMap((name) => statistics.map((statistic) => targetOf(name, statistic, 'service'))),
    ...split.flatMap((name) =>
      statistics.map((statistic) => targetOf(name, statistic, dimensionOf(name).toLowerCase())),
    ),
  ];
}

function targetOf(name: MetricName, statistic: Statistic, by: string): Target {
  return { expr: expressionOf(name, statistic, by), legendFormat: `${name} {{${by}}} ${statistic}` };
}

function expressionOf(name: MetricName, statistic: Statistic, by: string): string {
  const called = openMetricsNameOf(name);
  const { kind }: MetricDefinition = METRICS[name];
  if (kind === 'gauge') {
    if (statistic !== 'Maximum' && statistic !== 'Average') throw impossible(name, statistic);
    return `${statistic === 'Maximum' ? 'max' : 'avg'} by (${by}) (${called}${LABELS})`;
  }
  const increaseOf = (sample: string) => `sum by (${by}) (increase(${called}_${sample}${LABELS}${RANGE}))`;
  if (statistic === 'Sum') return increaseOf(kind === 'counter' ? 'total' : 'sum');
  if (kind === 'counter') throw impossible(name, statistic);
  if (statistic === 'Average') return `${increaseOf('sum')} / ${increaseOf('count')}`;
  const quantile = { Maximum: 1, p50: 0.5, p99: 0.99 }[statistic];
  return `histogram_quantile(${quantile}, sum by (le, ${by}) (rate(${called}_bucket${LABELS}${RANGE})))`;
}

function impossible(name: MetricName, statistic: Statistic): Error {
  return new Error(`${name} is a ${METRICS[name].kind}, which has no ${statistic}`);
}

function dimensionOf(name: MetricName): string {
  const [dimension] = METRICS[name].dimensions;
  if (dimension === undefined) throw new Error(`${name} has no dimension of its own`);
  return dimension;
}

/** Grafana's name of a unit. */
function unitOf({ metrics, split }: Panel): string {
  const [first] = [...metrics, ...split];
  const { unit } = METRICS[first ?? 'UploadsIssued'];
  return { Milliseconds: 's', Bytes: 'bytes', Count: 'short' }[unit];
}

function refIdOf(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}
