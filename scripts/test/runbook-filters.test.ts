import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { FAILURES, taskEvent } from '../../terraform/tests/moto/task-events.ts';
import { startLocalCloud } from '../../test/support/local-cloud.ts';
import { NO_CREDENTIALS, startServiceProcess } from '../../test/support/service-process.ts';

// The filters of the runbook find what real services write when the alarm's cause is there.

const operations = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const SERVICES = ['url-issuer', 'acceptor', 'processor', 'webhook-sender'];
const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/upload-once.mjs', import.meta.url));
const programOf = (service: string) =>
  fileURLToPath(new URL(`../../services/${service}/src/main.ts`, import.meta.url));

/** Of CloudWatch Logs Insights, what the runbook uses: a line that is JSON has its fields, each line has @message. */
function finds(filter: string, line: string): boolean {
  const fields: Record<string, unknown> = line.startsWith('{') ? JSON.parse(line) : {};
  return filter.split(' or ').some((part) => {
    const [, field = '', operator, operand = ''] = /^(\S+) (like|=|>) (.+)$/.exec(part) ?? [];
    const value = field === '@message' ? line : fields[field];
    if (value === undefined) return false;
    if (operator === '=') return value === JSON.parse(operand);
    if (operator === '>') return Number(value) > Number(operand);
    if (operator === 'like') return new RegExp(operand.slice(1, -1)).test(String(value));
    throw new Error(`${part} is no filter that is known`);
  });
}

function filterOf(alarm: string): string {
  const [, filter] = new RegExp(`^\\| [^|]*\`${alarm}\`[^|]* \\| \`(.+?)\` \\|`, 'm').exec(operations) ?? [];
  if (filter === undefined) throw new Error(`the runbook has no filter for ${alarm}`);
  return filter;
}

const linesOf = (output: string) => output.split('\n').filter((line) => line !== '');
const foundBy = (alarm: string, output: string) =>
  linesOf(output).filter((line) => finds(filterOf(alarm), line));

t.test('task-failures: each wrong setting of a service that ends with 78', async (t) => {
  await Promise.all(
    SERVICES.map(async (service) => {
      const { code, stderr } = await startServiceProcess(t, programOf(service), NO_CREDENTIALS).ended();
      t.equal(code, 78, service);
      const found = foundBy(`${service}-task-failures`, stderr);
      t.ok(found.some((line) => line.startsWith('AWS_REGION: ')));
      t.strictSame(found, linesOf(stderr), service);
      if (service !== 'url-issuer') return;
      for (const alarm of ['load-balancer-errors', 'api-errors']) t.strictSame(foundBy(alarm, stderr), found);
    }),
  );
});

t.test('task-failures: the error of a service that cannot start', async (t) => {
  const cloud = await startLocalCloud(t);
  const env = cloud.envFor(cloud.queues.uploadEvents);
  await cloud.stop();
  const acceptor = startServiceProcess(t, programOf('acceptor'), env);
  t.equal((await acceptor.ended()).code, 1);
  t.match(foundBy('acceptor-task-failures', acceptor.output()), [/acceptor could not start: the queue /]);
});

t.test('age: starts, failed messages, and stops', async (t) => {
  const cloud = await startLocalCloud(t);
  const env = { ...cloud.envFor(cloud.queues.uploadEvents), UPLOADS_TABLE: 'another-table' };
  const acceptor = startServiceProcess(t, programOf('acceptor'), env);
  await acceptor.logged('listening, and polling');
  await cloud.put(await cloud.issue(), 'text');
  await acceptor.logged(/^message failed/);
  await acceptor.stop();
  for (const alarm of ['upload-events-age', 'accepted-events-age', 'webhooks-age']) {
    const messages = foundBy(alarm, acceptor.output()).map((line) => JSON.parse(line).msg);
    for (const message of [/^listening/, /^message failed/, /^acceptor stops$/])
      t.ok(
        messages.some((found) => message.test(found)),
        `${alarm}: ${message}`,
      );
    t.match(messages.at(-1), /^acceptor stops$/, 'the last line says that no task runs');
  }
});

t.test('dead letters and reports: the reason, and the file', async (t) => {
  const cloud = await startLocalCloud(t, { maxReceiveCount: 1 });
  const acceptor = startServiceProcess(t, programOf('acceptor'), cloud.envFor(cloud.queues.uploadEvents));
  await cloud.send(cloud.queues.uploadEvents, 'no event');
  await acceptor.logged(/dead-letter/);
  await cloud.put('uploads/of-no-form', 'text');
  await acceptor.logged(/kept apart/);
  await acceptor.stop();
  t.match(foundBy('upload-events-dead-letter', acceptor.output()), [/"body":"no event"/]);
  t.match(foundBy('upload-reports', acceptor.output()), [/"uploadId":"of-no-form"/]);
});

/** An SQS that denies each call, as to a role without the permission. */
async function startDeniedSqs(t: Test): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(403, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: 'com.amazonaws.sqs#AccessDenied', message: 'not authorized' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

t.test(
  'audit-missing: why an audit has no end, whatever the reason, and nothing of one that has',
  async (t) => {
    const cloud = await startLocalCloud(t);
    const env = {
      ...cloud.envFor(cloud.queues.uploadEvents),
      ENVIRONMENT: 'live',
      RECORD_RETENTION_DAYS: '113',
      WEBHOOK_QUEUE_URL: cloud.queues.webhooks,
    };
    /** As terraform/modules/audit runs it. */
    async function audit(changes: Record<string, string>) {
      const child = spawn(process.execPath, [COMMAND, 'audit', '--json', '--metrics'], {
        env: { PATH: process.env['PATH'], ...env, ...changes },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [stdout, stderr] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close'),
      ]);
      return {
        ended: stdout.includes('"AuditRan":1'),
        found: foundBy('audit-missing', `${stdout}\n${stderr}`),
      };
    }
    t.strictSame(await audit({}), { ended: true, found: [] });
    const causes: Readonly<Record<string, readonly [Record<string, string>, RegExp]>> = {
      'the role may not read a queue': [
        { WEBHOOK_QUEUE_URL: `${await startDeniedSqs(t)}/000000000000/webhooks` },
        /not authorized/,
      ],
      'no such queue is there': [{ WEBHOOK_QUEUE_URL: `${cloud.queues.webhooks}-2` }, /nothing was done: /],
      'the table is not there': [{ UPLOADS_TABLE: 'nowhere' }, /not brought to its end: .*nowhere/],
      'a variable is not set': [{ BUCKET: '' }, /BUCKET/],
    };
    for (const [what, [changes, reason]] of Object.entries(causes)) {
      const { ended, found } = await audit(changes);
      t.notOk(ended, what);
      t.match(found, [reason], what);
    }
  },
);

t.test('what ECS tells of a stop has the fields that the runbook asks for', async (t) => {
  const [, query = ''] = /```\n(fields @timestamp, detail\.group[^`]+)```/.exec(operations) ?? [];
  const asked = (/^fields (.*)$/m.exec(query)?.[1] ?? '').split(', ').filter((name) => name !== '@timestamp');
  t.equal(asked.length, 5);
  const killed = FAILURES['no memory left'];
  if (!killed) throw new Error('there is such a stop');
  const event = { detail: JSON.parse(taskEvent('once', 'service:once-acceptor', killed).Detail) };
  const fieldOf = (path: string) =>
    path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], event);
  for (const path of asked) t.not(fieldOf(path), undefined, path);
  t.match(operations, `| exit code ${fieldOf('detail.containers.0.exitCode')}, \`OutOfMemoryError\``);
});
