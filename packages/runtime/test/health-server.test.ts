import { type AddressInfo, createServer } from 'node:net';
import t, { type Test } from 'tap';
import { createLogger, startHealthServer } from '../src/index.ts';

async function start(t: Test, ready: (signal: AbortSignal) => Promise<void>) {
  const lines: string[] = [];
  const log = createLogger({
    service: 'acceptor',
    level: 'info',
    destination: { write: (line) => lines.push(line) },
  });
  const server = await startHealthServer({ host: '127.0.0.1', port: 0, log, ready });
  t.teardown(() => server.close());
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return { status: response.status, body: await response.json() };
  };
  return { server, get, logged: () => lines.map((line) => JSON.parse(line)) };
}

t.test('alive as long as it answers, ready when the service says so', async (t) => {
  const { get, logged } = await start(t, async () => {});
  t.strictSame(await get('/livez'), { status: 200, body: { status: 'alive' } });
  t.strictSame(await get('/readyz'), { status: 200, body: { status: 'ready' } });
  t.strictSame(logged(), []);
});

t.test('not ready: 503, the reason once in the log and not in the answer', async (t) => {
  let fault: Error | undefined = new Error('the queue does not answer');
  const { get, logged } = await start(t, async () => {
    if (fault) throw fault;
  });
  const notReady = { status: 503, body: { message: 'Not ready', code: 'NotReady' } };
  t.strictSame(await get('/readyz'), notReady);
  t.strictSame(await get('/readyz'), notReady);
  t.equal((await get('/livez')).status, 200);
  fault = undefined;
  t.equal((await get('/readyz')).status, 200);
  t.equal((await get('/readyz')).status, 200);
  t.match(logged(), [
    { level: 'warn', msg: 'not ready', err: { message: 'the queue does not answer' } },
    { level: 'info', msg: 'ready again' },
  ]);
  t.equal(logged().length, 2);
});

t.test('a check that does not end is aborted, and not waited for', async (t) => {
  const aborted = Promise.withResolvers<unknown>();
  const { get } = await start(t, async (signal) => {
    signal.addEventListener('abort', () => aborted.resolve(signal.reason));
    await new Promise(() => {});
  });
  t.equal((await get('/readyz')).status, 503);
  t.match(await aborted.promise, { name: 'TimeoutError' });
});

t.test('anything else is a 404 in JSON', async (t) => {
  const { get } = await start(t, async () => {});
  t.strictSame(await get('/'), { status: 404, body: { message: 'Not Found', code: 'NotFound' } });
});

t.test('after close nothing listens, not even for connections that stayed open', async (t) => {
  const { server, get } = await start(t, async () => {});
  t.equal((await get('/livez')).status, 200);
  await server.close();
  await t.rejects(get('/livez'));
});

t.test('a port that is taken is said at once', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const log = createLogger({ service: 'acceptor', level: 'info', destination: { write() {} } });
  await t.rejects(startHealthServer({ host: '127.0.0.1', port, log, ready: async () => {} }), {
    code: 'EADDRINUSE',
  });
});
