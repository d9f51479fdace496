import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { MAX_REQUESTS_AT_ONCE, startHealthServer } from '../src/index.ts';

async function start(t: Test, reasons: readonly string[] = []) {
  const readiness = { reasonsAgainst: async () => reasons, stop() {} };
  const server = await startHealthServer({ host: '127.0.0.1', port: 0, readiness });
  t.teardown(() => server.close());
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return { status: response.status, body: await response.json() };
  };
  return { server, get };
}

t.test('alive as long as it responds, ready when nothing speaks against it', async (t) => {
  const { get } = await start(t);
  t.strictSame(await get('/livez'), { status: 200, body: { status: 'alive' } });
  t.strictSame(await get('/readyz'), { status: 200, body: { status: 'ready' } });
});

t.test('not ready: 503 with all that speaks against it, and alive', async (t) => {
  const { get } = await start(t, ['The queue does not respond', 'The bucket does not respond']);
  const message = 'The queue does not respond. The bucket does not respond';
  t.strictSame(await get('/readyz'), { status: 503, body: { message, code: 'NotReady' } });
  t.equal((await get('/livez')).status, 200);
});

t.test('anything else is a 404 in JSON', async (t) => {
  const { get, server } = await start(t);
  for (const path of ['/', '/livez/', '/readyz/x', '//livez', '/%zz'])
    t.strictSame(await get(path), { status: 404, body: { message: 'Not Found', code: 'NotFound' } }, path);
  for (const method of ['POST', 'DELETE', 'OPTIONS']) {
    for (const path of ['/livez', '/readyz'])
      t.equal((await fetch(`http://127.0.0.1:${server.port}${path}`, { method })).status, 404, method);
  }
});

/** What comes back on a connection of its own, until it ends. */
function send(port: number, head: string): Promise<string> {
  const client = connect(port, '127.0.0.1');
  client.write(`${head}\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return text(client);
}

t.test('a query, an absolute URL and HEAD change nothing but the body', async (t) => {
  const { server } = await start(t);
  const alive =
    /^HTTP\/1\.1 200 OK\r\ncontent-type: application\/json; charset=utf-8\r\ncontent-length: 18\r\n/;
  for (const target of ['/livez', '/livez?a=b', '/livez?', 'http://x/livez']) {
    t.match(await send(server.port, `GET ${target} HTTP/1.1`), alive, target);
    t.match(await send(server.port, `GET ${target} HTTP/1.1`), /\r\n\r\n\{"status":"alive"\}$/, target);
  }
  const head = await send(server.port, 'HEAD /livez HTTP/1.1');
  t.match(head, alive);
  t.match(head, /\r\n\r\n$/);
});

t.test('a readiness that fails by itself is a 500, and ends nothing', async (t) => {
  const readiness = {
    reasonsAgainst: () => Promise.reject(new Error('no log')),
    stop() {},
  };
  const server = await startHealthServer({ host: '127.0.0.1', port: 0, readiness });
  t.teardown(() => server.close());
  t.match(await send(server.port, 'GET /readyz HTTP/1.1'), /^HTTP\/1\.1 500 .*"InternalServerError"\}$/s);
  t.match(await send(server.port, 'GET /livez HTTP/1.1'), /^HTTP\/1\.1 200 /);
});

t.test('close ends a connection whose request is not complete', async (t) => {
  const { server } = await start(t);
  const client = connect(server.port, '127.0.0.1');
  const ended = once(client, 'close');
  client.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /li');
  await once(client, 'data');
  await server.close();
  await ended;
  t.pass('it ended');
});

t.test('a client that sends many requests at once is cut off, and others get responses', async (t) => {
  let asked = 0;
  const readiness = {
    async reasonsAgainst() {
      asked += 1;
      return [];
    },
    stop() {},
  };
  const server = await startHealthServer({ host: '127.0.0.1', port: 0, readiness });
  t.teardown(() => server.close());
  for (const path of ['/readyz', '/livez', '/nothing']) {
    const client = connect(server.port, '127.0.0.1');
    client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(1_000));
    const received = await text(client).catch(({ code }) => code);
    t.ok(received.split('HTTP/1.1 ').length - 1 <= MAX_REQUESTS_AT_ONCE, path);
    t.equal((await fetch(`http://127.0.0.1:${server.port}/livez`)).status, 200);
  }
  t.ok(asked <= MAX_REQUESTS_AT_ONCE);
});

t.test('after close nothing listens, not even for connections that stayed open', async (t) => {
  const { server, get } = await start(t);
  t.equal((await get('/livez')).status, 200);
  await server.close();
  await t.rejects(get('/livez'));
});

t.test('a port that is taken is said at once', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const readiness = { reasonsAgainst: async () => [], stop() {} };
  await t.rejects(startHealthServer({ host: '127.0.0.1', port, readiness }), {
    code: 'EADDRINUSE',
  });
});
