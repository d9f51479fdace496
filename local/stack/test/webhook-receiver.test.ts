import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startProcess } from '../child-process.ts';
import { urlOf } from '../stack.ts';

const program = fileURLToPath(new URL('../webhook-receiver.ts', import.meta.url));
const receiver = startProcess({
  name: 'webhook-receiver',
  program,
  env: { HOST: '127.0.0.1', PORT: '0' },
  logFile: join(t.testdir(), 'receiver.log'),
});
t.teardown(() => receiver.stop());
const url = await urlOf(receiver);

const post = (path: string, body: object) =>
  fetch(url + path, { method: 'POST', headers: { 'webhook-id': 'msg_1' }, body: JSON.stringify(body) });

t.test('it keeps what it is sent, and shows what has a text in its body', async (t) => {
  t.equal((await fetch(`${url}/readyz`)).status, 204);
  t.equal((await post('/webhooks', { id: 'one' })).status, 204);
  t.equal((await post('/webhooks', { id: 'two' })).status, 204);
  t.match(await (await fetch(`${url}/received?containing=two`)).json(), [
    { headers: { 'webhook-id': 'msg_1' }, body: '{"id":"two"}', status: 204 },
  ]);
  t.match(await (await fetch(`${url}/received`)).json(), [
    { body: '{"id":"one"}' },
    { body: '{"id":"two"}' },
  ]);
});

t.test('it responds as it was asked to, so many times, and only to that', async (t) => {
  await post('/responses', { containing: 'three', status: 500, times: 1 });
  const statuses = [];
  for (const id of ['four', 'three', 'three']) statuses.push((await post('/webhooks', { id })).status);
  t.strictSame(statuses, [204, 500, 204]);
  t.match(await (await fetch(`${url}/received?containing=three`)).json(), [{ status: 500 }, { status: 204 }]);
});

t.test('it knows no other path, and SIGTERM ends it well', async (t) => {
  t.equal((await fetch(`${url}/`)).status, 404);
  receiver.signal('SIGTERM');
  t.strictSame(await receiver.exit, { code: 0, signal: null });
});
