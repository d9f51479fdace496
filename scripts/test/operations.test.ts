import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { METRICS } from '@upload-once/runtime';
import t from 'tap';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${repository}/${path}`, 'utf8');
const operations = read('docs/operations.md');

/** The names of all alarms that Terraform can make, without the installation's own before them. */
function alarmNames(): string[] {
  const alarms = read('terraform/modules/alarms/alarms.tf');
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
    const exported = /```sh\n(tf\(\).*?)```/s.exec(operations)?.[1] ?? '';
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
  },
);

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
  };
  t.strictSame([...called].sort(), Object.keys(actionOf).sort());
  for (const action of Object.values(actionOf)) t.ok(allowed.includes(action), action);
  // Of the table's and the bucket's other calls: Scan, BatchGetItem, UpdateItem; HeadObject, and 404 for what is missing.
  for (const action of ['dynamodb:Scan', 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem']) {
    t.ok(allowed.includes(action), action);
  }
  for (const action of ['s3:GetObject', 's3:ListBucket']) t.ok(allowed.includes(action), action);
  t.equal(new Set(allowed).size, 12, 'and no other');
});
