import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  createOpenMetrics,
  type GaugeName,
  METRICS,
  METRICS_NAMESPACE,
  type MetricDefinition,
  type MetricName,
} from '@upload-once/runtime';
import t from 'tap';
import { GRAFANA_DASHBOARD, grafanaDashboard } from '../dashboards/grafana.ts';
import { PANELS } from '../dashboards/panels.ts';
import { terraformFiles } from '../dashboards/terraform-files.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const names = Object.keys(METRICS).sort();
const CONSUMERS = ['acceptor', 'processor', 'webhook-sender'];

function read(pattern: string): string {
  const files = globSync(pattern, { cwd: repository }).filter((file) => !file.includes('/.terraform/'));
  return files
    .sort()
    .map((file) => readFileSync(`${repository}/${file}`, 'utf8'))
    .join('\n');
}

t.test('Terraform and Grafana have what `make docs` makes of the metrics and panels', async (t) => {
  for (const [file, text] of Object.entries(terraformFiles())) t.equal(read(file), text, file);
  t.equal(read(GRAFANA_DASHBOARD), grafanaDashboard());
  t.match(read('terraform/modules/alarms/main.tf'), `namespace  = "${METRICS_NAMESPACE}"`);
});

t.test(
  'every panel and alarm is about metrics of the code, and every metric is in one of them',
  async (t) => {
    const alarms = [
      ...read('terraform/modules/alarms/alarms.tf').matchAll(
        /^ {4}[a-z-]+ = \{\n {6}metric += "(?<name>\w+)"$/gm,
      ),
    ].map((match) => match.groups?.['name'] ?? '');
    t.ok(alarms.length > 0, 'there are alarms on metrics of the code');
    const shown = PANELS.flatMap(({ metrics, split }) => [...metrics, ...split]);
    t.strictSame([...new Set(shown)].sort(), names, 'panels');
    for (const alarm of alarms) t.ok(names.includes(alarm), alarm);
    for (const { metrics, split } of PANELS) {
      for (const name of metrics) t.strictSame(METRICS[name].dimensions, [], name);
      for (const name of split) t.equal(METRICS[name].dimensions.length, 1, name);
    }
  },
);

t.test('both dashboards have the same panels, but for what AWS alone measures', async (t) => {
  const { panels } = JSON.parse(grafanaDashboard()) as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  const ofTheCode = PANELS.filter(({ metrics, split }) => metrics.length + split.length > 0);
  t.strictSame(
    panels.map(({ title }) => title),
    ofTheCode.map(({ title }) => title.replace(' (ms)', '')),
  );
  const samples = samplesOfEveryMetric();
  for (const { title, targets } of panels) {
    for (const { expr } of targets) {
      const [sample] = /upload_once_\w+/.exec(expr) ?? [];
      t.ok(samples.has(sample ?? ''), `${title}: ${expr}`);
    }
  }
});

/** The names of all samples that GET /metrics can give. */
function samplesOfEveryMetric(): Set<string> {
  const metrics = createOpenMetrics({ service: 'acceptor', environment: 'test' });
  for (const name of names as MetricName[]) {
    const { kind, dimensions }: MetricDefinition = METRICS[name];
    if (kind === 'gauge') metrics.gauge(name as GaugeName, () => 1);
    else metrics.add(name, 1, Object.fromEntries(dimensions.map((dimension) => [dimension, 'x'])));
  }
  return new Set([...metrics.text().matchAll(/^(upload_once_\w+)\{/gm)].map(([, sample]) => sample ?? ''));
}

t.test('on AWS no port for metrics is opened, or listened on', async (t) => {
  t.notMatch(read('terraform/**/*.tf'), /METRICS_PORT\s*=/);
  const rules = read('terraform/**/*.tf').matchAll(
    /^resource "aws_vpc_security_group_ingress_rule" "(?<name>\w+)" \{\n(?<body>.*?)^\}/gms,
  );
  const ports = [...rules].map(({ groups }) => [
    groups?.['name'],
    /^ {2}from_port += (.*)$/m.exec(groups?.['body'] ?? '')?.[1],
    /^ {2}to_port += (.*)$/m.exec(groups?.['body'] ?? '')?.[1],
  ]);
  t.ok(ports.length >= 4);
  for (const [name, from, to] of ports) {
    t.equal(from, to, `${name} opens one port`);
    t.match(from, /^(443|80|local\.container_port)$/, name ?? '');
  }
});

t.test('a metric whose values may be lost in a crash has no alarm, but on a percentile', async (t) => {
  const alarms = [
    ...read('terraform/modules/alarms/alarms.tf').matchAll(
      /^ {4}[a-z-]+ = \{\n {6}metric += "(?<name>\w+)"\n {6}statistic += "(?<statistic>\w+)"$/gm,
    ),
  ].flatMap(({ groups }) => (groups ? [groups] : []));
  t.ok(alarms.length > 0);
  for (const { name, statistic } of alarms) {
    const isGathered = METRICS[name as MetricName].isGathered;
    t.ok(
      !isGathered || /^p\d/.test(statistic ?? ''),
      `${name} is gathered, and an alarm needs its ${statistic}`,
    );
  }
  const ofPromise: readonly MetricName[] = [
    'DuplicateUploads',
    'OrphanObjects',
    'RevokedUploads',
    'StoredBeforeRevocation',
    'MessagesDeadLettered',
    'ProcessingFailed',
  ];
  for (const name of ofPromise) t.notOk(METRICS[name].isGathered, name);
});

t.test('the services that are said to write a metric are those that write it', async (t) => {
  const ofAll = read('packages/runtime/src/start-metrics.ts');
  const ofConsumers = read('packages/worker/src/*.ts');
  const sources = new Map([
    ...['url-issuer', ...CONSUMERS].map(
      (service) =>
        [
          service,
          read(`services/${service}/src/**/*.ts`) + ofAll + (CONSUMERS.includes(service) ? ofConsumers : ''),
        ] as const,
    ),
    ['audit', read('packages/cli/src/commands/audit-metrics.ts')] as const,
  ]);
  for (const name of names as MetricName[]) {
    const named = new RegExp(`\\b${name}\\b`);
    const writing = [...sources].filter(([, source]) => named.test(source)).map(([service]) => service);
    t.strictSame([...METRICS[name].writtenBy].sort(), writing.sort(), name);
  }
});

t.test('nowhere else in Terraform is a metric of the code named by hand', async (t) => {
  const others = globSync('terraform/**/*.tf', { cwd: repository })
    .filter((file) => !file.includes('/.terraform/') && !file.startsWith('terraform/modules/alarms/'))
    .filter((file) => readFileSync(`${repository}/${file}`, 'utf8').includes(`"${METRICS_NAMESPACE}"`));
  t.strictSame(others, [], 'they would escape this comparison');
});
