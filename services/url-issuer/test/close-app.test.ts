import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { FastifyInstance } from 'fastify';
import t from 'tap';
import { closeApp } from '../src/close-app.ts';
import { appUnderTest, KEY_VALUE } from './app-under-test.ts';

async function listen(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}

function ask(port: number, agent: Agent) {
  const request = get({
    port,
    host: '127.0.0.1',
    path: '/getpresignedurl',
    headers: { 'x-api-key': KEY_VALUE },
    agent,
  });
  return once(request, 'response').then(async ([response]: IncomingMessage[]) => {
    if (!response) throw new Error('no response');
    return {
      status: response.statusCode,
      connection: response.headers.connection,
      body: await text(response),
    };
  });
}

t.test(
  'what is in flight is finished, then its connection is closed, though the client would keep it',
  async (t) => {
    const { app, faults } = await appUnderTest(t);
    const port = await listen(app);
    const agent = new Agent({ keepAlive: true });
    t.teardown(() => agent.destroy());
    const writing = faults.stallNext('before', 'putAll');
    const response = ask(port, agent);
    await writing.reached;
    const closed = closeApp(app, 1_000);
    while (app.server.listening) await new Promise(setImmediate);
    await t.rejects(ask(port, new Agent()), { code: 'ECONNREFUSED' });
    writing.release();
    t.match(await response, { status: 200, connection: 'close' });
    await closed;
  },
);

t.test('an idle connection does not hold it up', async (t) => {
  const { app } = await appUnderTest(t);
  const port = await listen(app);
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  t.match(await ask(port, agent), { status: 200, connection: 'keep-alive' });
  await closeApp(app, 1_000);
});

t.test('what takes longer than the limit is cut off', async (t) => {
  const { app, faults } = await appUnderTest(t);
  const port = await listen(app);
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const writing = faults.stallNext('before', 'putAll');
  const response = t.rejects(ask(port, agent), { code: 'ECONNRESET' });
  await writing.reached;
  await closeApp(app, 0.01);
  await response;
  writing.release();
});
