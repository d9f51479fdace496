import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { METRICS, METRICS_NAMESPACE, type MetricName } from '@upload-once/runtime';
import t from 'tap';

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

/** The metrics that Terraform knows, each with the services that it believes to write it. */
function writtenBy(): Map<string, string[]> {
  const block = /^ {2}written_by = \{\n(?<lines>.*?)^ {2}\}/ms.exec(read('terraform/modules/alarms/main.tf'));
  const lines = block?.groups?.['lines']?.matchAll(/^ {4}(?<name>\w+) *= \[(?<services>.*)\]$/gm) ?? [];
  return new Map(
    [...lines].map(({ groups }) => [
      groups?.['name'] ?? '',
      [...(groups?.['services'] ?? '').matchAll(/"([a-z-]+)"/g)].map((match) => match[1] ?? '').sort(),
    ]),
  );
}

t.test('Terraform knows the metrics of the code, and no others', async (t) => {
  t.strictSame([...writtenBy().keys()].sort(), names);
  t.match(read('terraform/modules/alarms/main.tf'), `namespace = "${METRICS_NAMESPACE}"`);
});

t.test(
  'every metric stands in an alarm or on the dashboard, and none that the code does not write',
  async (t) => {
    const alarms = [
      ...read('terraform/modules/alarms/alarms.tf').matchAll(
        /^ {4}[a-z-]+ = \{\n {6}metric += "(?<name>\w+)"$/gm,
      ),
    ].map((match) => match.groups?.['name'] ?? '');
    const dashboard = read('terraform/modules/alarms/dashboard.tf');
    const shown = [
      ...[...dashboard.matchAll(/ metrics = \[(?<list>[^\]]*)\]/g)].flatMap((match) =>
        [...(match.groups?.['list'] ?? '').matchAll(/"(\w+)"/g)].map((name) => name[1] ?? ''),
      ),
      ...[...dashboard.matchAll(/MetricName=\\"(\w+)\\"/g)].map((match) => match[1] ?? ''),
    ];
    t.ok(alarms.length > 0, 'there are alarms on metrics of the code');
    t.strictSame([...new Set([...alarms, ...shown])].sort(), names);
  },
);

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

t.test('the services that Terraform names for a metric are those that write it', async (t) => {
  const shared = read('packages/worker/src/*.ts');
  const sources = new Map(
    ['url-issuer', ...CONSUMERS].map((service) => [service, read(`services/${service}/src/**/*.ts`)]),
  );
  for (const [name, services] of writtenBy()) {
    const named = new RegExp(`\\b${name}\\b`);
    const writing = [...sources]
      .filter(
        ([service, source]) => named.test(source) || (CONSUMERS.includes(service) && named.test(shared)),
      )
      .map(([service]) => service);
    t.strictSame(services, writing.sort(), name);
  }
});

t.test('nowhere else in Terraform is a metric of the code named by hand', async (t) => {
  const others = globSync('terraform/**/*.tf', { cwd: repository })
    .filter((file) => !file.includes('/.terraform/') && !file.startsWith('terraform/modules/alarms/'))
    .filter((file) => readFileSync(`${repository}/${file}`, 'utf8').includes(`"${METRICS_NAMESPACE}"`));
  t.strictSame(others, [], 'they would escape this comparison');
});
