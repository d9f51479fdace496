import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { METRICS } from '@upload-once/runtime';
import t from 'tap';
import { documentedOutcomes } from '../../test/support/documented-outcomes.ts';
import { pathWith } from '../../test/support/fake-programs.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${repository}/${path}`, 'utf8');
const operations = read('docs/operations.md');

/** The names of all alarms that Terraform can make, without the installation's own before them. */
function alarmNames(): string[] {
  const alarms = ['alarms', 'daily'].map((name) => read(`terraform/modules/alarms/${name}.tf`)).join('\n');
  const writers = new Map<string, readonly string[]>(
    Object.entries(METRICS).map(([name, { writtenBy }]) => [name, writtenBy]),
  );
  const ofTheCode = [...alarms.matchAll(/^ {4}([a-z-]+) = \{\n {6}metric += "(\w+)"/gm)].flatMap(
    ([, alarm = '', metric = '']) => (writers.get(metric) ?? []).map((service) => `${service}-${alarm}`),
  );
  const ofTheQueues = [...alarms.matchAll(/"\$\{replace\(queue, "_", "-"\)\}-([a-z-]+)" =>/g)].flatMap(
    ([, alarm]) => ['upload-events', 'accepted-events', 'webhooks'].map((queue) => `${queue}-${alarm}`),
  );
  const ofTheEntry = [...alarms.matchAll(/ == null \? \{\} : \{\n {6}([a-z-]+) = \{/g)].map(
    (match) => match[1] ?? '',
  );
  const ofTheTasks = [...alarms.matchAll(/"\$\{service\}-([a-z-]+)" => \{\n {6}namespace/g)].flatMap(
    ([, alarm]) =>
      ['url-issuer', 'acceptor', 'processor', 'webhook-sender'].map((service) => `${service}-${alarm}`),
  );
  const ofTheReports = [...alarms.matchAll(/ = \{\n {4}([a-z-]+) = \{\n {6}namespace/g)].map(
    (match) => match[1] ?? '',
  );
  return [...ofTheCode, ...ofTheReports, ...ofTheQueues, ...ofTheEntry, ...ofTheTasks].sort();
}

t.test('every alarm has its place in the runbook, and no other has', async (t) => {
  const alarms = operations.slice(operations.indexOf('\n## Alarms'), operations.indexOf('\n## After'));
  const described = [...alarms.matchAll(/^### (.*)$/gm)].flatMap((match) =>
    (match[1] ?? '').split(/, | and /),
  );
  t.ok(alarmNames().length >= 13, 'there are as many as there were');
  t.strictSame(described.sort(), alarmNames());
});

t.test(
  'where to look is asked of outputs that Terraform has, and nothing is left at a default',
  async (t) => {
    const exported = /```sh\n(unalias tf .*?)```/s.exec(operations)?.[1] ?? '';
    const outputs = [...read('terraform/outputs.tf').matchAll(/^output "(\w+)"/gm)].map(([, name]) => name);
    const asked = [...operations.matchAll(/\$\(tf (\w+)/g)].map(([, name]) => name);
    t.ok(asked.length > 0);
    t.strictSame(
      asked.filter((name) => !outputs.includes(name)),
      [],
    );
    const helps = ['audit', 'operator'].map((name) => read(`packages/cli/src/commands/${name}-options.ts`));
    const variables = helps.flatMap((help) =>
      [...help.matchAll(/\(default: \$(\w+)/g)].map(([, name]) => name),
    );
    t.strictSame(
      variables.filter((name) => !new RegExp(`^export ${name}=\\$\\(tf `, 'm').test(exported)),
      [],
    );
    t.equal(variables.length, 6);
    t.match(exported, /^export UPLOAD_ONCE_NAME=\$\(tf name /m, 'the console has its log groups');
  },
);

t.test('the names are set in a shell that has an alias `tf` too', async (t) => {
  const [, names = ''] = /```sh\n(unalias tf .*?)```/s.exec(operations) ?? [];
  const PATH = `${await pathWith(t, { terraform: 'echo "$*"', jq: 'cat' })}:/usr/bin:/bin`;
  // Without the end of a recursion the shell would not end.
  const script = `FUNCNEST=20\nalias tf=terraform\n${names}\necho "$BUCKET"`;
  const shell = spawnSync('bash', ['--norc', '-O', 'expand_aliases', '-c', script], {
    env: { PATH },
    encoding: 'utf8',
  });
  t.equal(shell.stdout, '-chdir=terraform output -json bucket\n', shell.stderr);
});

t.test('the permissions are valid JSON, and those of the calls that the commands make', async (t) => {
  const policy = JSON.parse(read('docs/operator-policy.json'));
  const allowed = policy.Statement.flatMap(({ Action }: { Action: string[] }) => Action);
  const sources = [
    'packages/cli/src/repair/dead-letter-queue.ts',
    'packages/cli/src/repair/queue-pair.ts',
    'packages/queue/src/redrive-policy.ts',
    'packages/queue/src/send-messages.ts',
    'packages/queue/src/delete-batcher.ts',
    'packages/uploads/src/s3/s3-event-rules.ts',
    'packages/uploads/src/s3/s3-object-listing.ts',
    'packages/console/src/sources/sqs-queues.ts',
    'packages/console/src/sources/cloudwatch-logs.ts',
    'packages/console/src/sources/cloudwatch-metrics.ts',
    'packages/console/src/sources/xray-traces.ts',
  ].map(read);
  const called = new Set(
    sources.flatMap((source) => [...source.matchAll(/new (\w+)Command\(/g)].map((m) => m[1])),
  );
  // The Service Authorization Reference calls batches by the single action, and two of S3's calls by names of its own.
  const actionOf: Record<string, string> = {
    GetQueueAttributes: 'sqs:GetQueueAttributes',
    ReceiveMessage: 'sqs:ReceiveMessage',
    ChangeMessageVisibilityBatch: 'sqs:ChangeMessageVisibility',
    SendMessageBatch: 'sqs:SendMessage',
    DeleteMessageBatch: 'sqs:DeleteMessage',
    GetBucketNotificationConfiguration: 's3:GetBucketNotification',
    ListObjectVersions: 's3:ListBucketVersions',
    DescribeLogGroups: 'logs:DescribeLogGroups',
    FilterLogEvents: 'logs:FilterLogEvents',
    StartLiveTail: 'logs:StartLiveTail',
    GetMetricData: 'cloudwatch:GetMetricData',
    BatchGetTraces: 'xray:BatchGetTraces',
  };
  t.strictSame([...called].sort(), Object.keys(actionOf).sort());
  for (const action of Object.values(actionOf)) t.ok(allowed.includes(action), action);
  // Of the table's and the bucket's other calls: Scan, Query, BatchGetItem, UpdateItem; HeadObject, and 404 for what is missing.
  for (const action of ['dynamodb:Scan', 'dynamodb:Query', 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem']) {
    t.ok(allowed.includes(action), action);
  }
  for (const action of ['s3:GetObject', 's3:ListBucket']) t.ok(allowed.includes(action), action);
  // adopt reads versions, and writes an item that is lost.
  for (const action of ['dynamodb:GetItem', 'dynamodb:PutItem', 's3:GetObjectVersion'])
    t.ok(allowed.includes(action), action);
  t.equal(new Set(allowed).size, 21, 'and no other');
  const resources = policy.Statement.flatMap(({ Resource }: { Resource: string[] }) => Resource);
  for (const resource of resources.filter((name: string) => name.includes(':table/')))
    t.match(resource, /\/NAME-uploads\*$/, 'a restored table too: its name begins alike (docs/recovery.md)');
});

t.test('each alarm is set off in a test by its real cause', async (t) => {
  const files = [
    ...globSync('{services,packages}/*/test/{alarms,process,signed-uploads}.test.ts', { cwd: repository }),
    'scripts/test/dead-letter-expiry.test.ts',
    'terraform/tests/moto.test.ts',
  ];
  const titles = [
    ...files
      .map(read)
      .join('\n')
      .matchAll(/t\.test\(\s*['`]alarm ([a-z-]+): /g),
  ].map(([, name = '']) => name);
  // No stand-in of S3 copies to another region, so none fails to.
  for (const alarm of alarmNames().filter((name) => name !== 'replication-failures'))
    t.ok(
      titles.some((name) => alarm === name || alarm.endsWith(`-${name}`)),
      alarm,
    );
});

/** The services in whose log group the runbook looks for the cause of an alarm. */
function logGroupsOf(alarm: string): string[] {
  const [, list = ''] = /SERVICE is in the alarm's\nname, or it is:\n\n(.*?)\n\n/s.exec(operations) ?? [];
  const named = [...list.matchAll(/^- `([a-z-]+)` for (.*)$/gm)].flatMap(([, service = '', alarms = '']) =>
    [...alarms.matchAll(/`([a-z-]+)(-…)?`/g)].map(([, name = '', isPrefix]) => ({
      service,
      isOf: isPrefix ? alarm.startsWith(`${name}-`) : alarm === name,
    })),
  );
  const own = ['url-issuer', 'acceptor', 'processor', 'webhook-sender', 'audit'].filter((service) =>
    alarm.startsWith(`${service}-`),
  );
  return [...own, ...named.filter(({ isOf }) => isOf).map(({ service }) => service)];
}

/** What the services can write as a message. */
const sources = globSync('{services,packages}/*/src/**/*.ts', { cwd: repository }).map(read).join('\n');

t.test('the runbook has a filter, a view and a command for each alarm', async (t) => {
  const rows = [
    ...operations.matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| (`.+?`|none: .+?) \| (.+?) \| (.+?) \|$/gm),
  ].flatMap(([, alarms = '', ...cells]) =>
    [...alarms.matchAll(/`([a-z-]+)`/g)].map(([, alarm = '']) => ['', alarm, ...cells]),
  );
  t.strictSame(rows.map(([, alarm = '']) => alarm).sort(), alarmNames());
  const commands = ['npx upload-once ', 'aws ', 'make deploy'];
  for (const [, alarm, filter = '', view = '', command = ''] of rows) {
    t.ok(['Queues', 'Uploads', 'Upload by id', 'Audit'].includes(view), `${alarm}: ${view}`);
    t.ok(
      command.startsWith('none: ') || commands.some((name) => command.startsWith(`\`${name}`)),
      `${alarm}: ${command}`,
    );
    if (filter.startsWith('none: ')) {
      t.ok(
        ['uploads-refused', 'replication-failures'].includes(alarm ?? ''),
        `${alarm}: no log has the cause`,
      );
      t.strictSame(logGroupsOf(alarm ?? ''), []);
      continue;
    }
    for (const part of filter.slice(1, -1).split(' or ')) {
      const [, words] = /^(?:msg|@message) like \/([^:^].+)\/$/.exec(part) ?? [];
      if (words !== undefined) t.ok(sources.includes(words), `${alarm}: a message has "${words}"`);
      else
        t.match(
          part,
          /^(level = "fatal"|durationMs > \d+|ispresent\(kind\)|@message like \/\^upload-once\/|@message like \/: expected \/)$/,
          alarm ?? '',
        );
    }
    t.equal(logGroupsOf(alarm ?? '').length, 1, `${alarm}: the service whose log group it is`);
  }
});

t.test('the query for all lines about an upload asks for fields that lines have', async (t) => {
  const [, query = ''] = /```\n(fields [^`]+)```/.exec(operations) ?? [];
  const [, list = ''] = /^fields (.*)$/m.exec(query) ?? [];
  const asked = list.split(', ').filter((name) => !name.startsWith('@'));
  t.ok(asked.length > 8);
  t.match(query, '\n| filter uploadId = "ID" or @message like /"ID"/\n');
  const [, documented = ''] = /## Logs\n(.*?)\n\*\*All lines about/s.exec(operations) ?? [];
  const ofPino = ['service', 'msg', 'err.message', 'receiveCount', 'reason'];
  for (const name of asked) {
    t.ok(ofPino.includes(name) || documented.includes(`\`${name}\``), `${name} is described`);
    if (!ofPino.slice(0, 3).includes(name)) t.match(sources, new RegExp(`\\b${name}\\b`), name);
  }
});

t.test('every outcome in the code of a service is listed for it, and tested by its cause', async (t) => {
  const documented = documentedOutcomes();
  t.strictSame([...documented.keys()], ['url-issuer', 'acceptor', 'processor', 'webhook-sender']);
  for (const [service, outcomes] of documented) {
    const code = globSync(`services/${service}/src/**/*.ts`, { cwd: repository })
      .filter((path) => !path.includes('/trace-'))
      .map(read)
      .join('\n');
    const written = [...code.matchAll(/\boutcome: '([a-z-]+)'/g)].map(([, outcome = '']) => outcome);
    t.strictSame(
      written.filter((outcome) => !outcomes.includes(outcome)),
      [],
      service,
    );
    t.match(read(`services/${service}/test/outcomes.test.ts`), `documentedOutcomes().get('${service}')`);
  }
});
