import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import t, { type Test } from 'tap';
import { MAX_CONNECTIONS, startMetricsServer } from '../src/metrics-server.ts';
import { OPEN_METRICS_TYPE } from '../src/open-metrics.ts';

const REQUEST = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';

async function start(t: Test, text: () => string, stalledMs?: number) {
  const server = await startMetricsServer({
    host: '127.0.0.1',
    port: 0,
    text,
    ...(stalledMs !== undefined && { stalledMs }),
  });
  t.teardown(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const open = async () => {
    const socket = connect(port, '127.0.0.1');
    t.teardown(() => socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
  return { server, open, url: `http://127.0.0.1:${port}/metrics` };
}

t.test('a HEAD makes no text, and a GET makes one', async (t) => {
  let made = 0;
  const { url } = await start(t, () => `# ${++made}\n`);
  const head = await fetch(url, { method: 'HEAD' });
  t.equal(head.status, 200);
  t.equal(head.headers.get('content-type'), OPEN_METRICS_TYPE);
  t.equal(await head.text(), '');
  t.equal(made, 0);
  t.equal(await (await fetch(url)).text(), '# 1\n');
});

t.test('connections are bounded, and one that is open still gets a response', async (t) => {
  const { server, open } = await start(t, () => '# EOF\n', 1_000_000);
  const most = Math.floor(1.1 * MAX_CONNECTIONS);
  const beyond = 100 - most;
  const enoughClosed = Promise.withResolvers<void>();
  let closed = 0;
  for (let opened = 0; opened < 100; opened += 1) {
    const socket = await open();
    socket.resume().once('close', () => ++closed === beyond && enoughClosed.resolve());
  }
  await enoughClosed.promise;
  const count = await new Promise<number>((resolve) => server.getConnections((_, open) => resolve(open)));
  t.ok(count <= most, `${count} are open`);
  const socket = await open();
  socket.write(REQUEST);
  const [bytes] = await once(socket, 'data');
  t.match(`${bytes}`, /^HTTP\/1\.1 200 OK/);
});

t.test('a collector that does not read its response loses its connection', async (t) => {
  const { server, open } = await start(t, () => 'x'.repeat(64 * 1024 ** 2), 50);
  const taken = once(server, 'connection');
  const socket = await open();
  const [ofServer] = await taken;
  const closed = once(ofServer, 'close');
  socket.pause();
  socket.write(REQUEST);
  await closed;
  t.ok(ofServer.bytesWritten > 0, 'its response had begun');
  const isWhole = await once(socket.resume(), 'close').then(() => socket.bytesRead >= 64 * 1024 ** 2);
  t.notOk(isWhole);
});

t.test('by default too, a stalled connection has a limit', async (t) => {
  const { server } = await start(t, () => '# EOF\n');
  t.equal(server.timeout, 10_000);
});
