import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { lookupName } from '@upload-once/runtime';
import t, { type Test } from 'tap';
import { makeCertificate } from '../../../test/support/certificate.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { startWebhookReceiver } from '../../../test/support/webhook-receiver.ts';
import { ATTEMPT_SECONDS, createPost } from '../src/post.ts';

const REQUEST = { headers: { 'webhook-id': 'msg_1', 'content-type': 'application/json' }, body: '{"ä":1}' };

function prepare() {
  const clock = new VirtualClock();
  const send = createPost({ lookup: lookupName, clock });
  const stop = new AbortController();
  return {
    clock,
    stop,
    /** An attempt at an origin that is allowed to be private. */
    post: (url: string) => send({ url: new URL(url), isAllowed: true }, REQUEST, stop.signal),
  };
}

/** A server that speaks what the test makes of each connection. */
async function startRaw(t: Test, onConnection: (socket: Socket, count: number) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onConnection(socket, sockets.size);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
}

t.test('a request is a POST with the headers and the body, and its response a status', async (t) => {
  const receiver = await startWebhookReceiver(t);
  const { post } = prepare();
  t.match(await post(`${receiver.origin}/hooks?token=1`), { status: 204, retryAfter: undefined });
  receiver.respond((response) => response.writeHead(503, { 'retry-after': '120' }).end('busy'));
  t.match(await post(`${receiver.origin}/hooks`), { status: 503, retryAfter: '120' });
  const [first, second] = receiver.received.entries;
  t.match(first, { path: '/hooks?token=1', body: REQUEST.body, headers: REQUEST.headers });
  t.equal(first?.headers['content-length'], '8');
  t.equal(first?.port, second?.port, 'the connection is kept');
});

t.test('a redirect is not followed', async (t) => {
  const receiver = await startWebhookReceiver(t);
  receiver.respond((response) => response.writeHead(307, { location: '/elsewhere' }).end());
  t.match(await prepare().post(receiver.origin), { status: 307 });
  t.strictSame(
    receiver.received.entries.map(({ path }) => path),
    ['/'],
  );
});

t.test('what gives no response in time fails: before the headers, and within the body', async (t) => {
  const receiver = await startWebhookReceiver(t);
  for (const [at, beginning] of [undefined, 'the beginning of it'].entries()) {
    const { clock, post } = prepare();
    receiver.respond((response) => void (beginning && response.writeHead(200).write(beginning)));
    const attempt = post(receiver.origin);
    await receiver.received.until(({ length }) => length === at + 1);
    clock.advance(ATTEMPT_SECONDS * 1000);
    await t.rejects(attempt, { code: 'AttemptTooSlow' });
    t.equal(clock.pendingCount, 0);
  }
});

t.test('of a long response 64 kB are read, and it counts', async (t) => {
  const url = await startRaw(t, (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10000000000000\r\n\r\n');
      const piece = Buffer.alloc(16_384);
      // As fast as it is read, and without an end.
      const write = () => {
        if (socket.destroyed) return;
        if (socket.write(piece)) setImmediate(write);
        else socket.once('drain', write);
      };
      write();
    });
  });
  t.match(await prepare().post(url), { status: 200 });
});

t.test('a response that breaks off fails', async (t) => {
  const url = await startRaw(t, (socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this'));
  });
  await t.rejects(prepare().post(url), { code: 'ECONNRESET' });
});

t.test('what is no HTTP fails', async (t) => {
  const url = await startRaw(t, (socket) => void socket.once('data', () => socket.end('hello\r\n')));
  await t.rejects(prepare().post(url), { code: /^HPE_/ });
});

t.test('an endpoint that wants to speak another protocol fails', async (t) => {
  const head = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
  const url = await startRaw(t, (socket) => void socket.once('data', () => socket.write(head)));
  await t.rejects(prepare().post(url), { code: 'ProtocolSwitched' });
});

t.test('a kept connection that was closed meanwhile fails no attempt; a new one does', async (t) => {
  let connections = 0;
  const url = await startRaw(t, (socket, count) => {
    connections = count;
    socket.once('data', () => {
      socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      // The next request on it.
      socket.once('data', () => socket.resetAndDestroy());
    });
  });
  const { post } = prepare();
  t.match(await post(url), { status: 204 });
  t.match(await post(url), { status: 204 });
  t.equal(connections, 2);
  const refusing = await startRaw(t, (socket) => void socket.once('data', () => socket.resetAndDestroy()));
  await t.rejects(post(refusing), { code: 'ECONNRESET' });
});

t.test('where no one listens it fails', async (t) => {
  await t.rejects(prepare().post('http://127.0.0.1:1/'), { code: 'ECONNREFUSED' });
});

t.test('a stop ends an attempt, with its own reason', async (t) => {
  const receiver = await startWebhookReceiver(t);
  receiver.respond(() => undefined);
  const { post, stop } = prepare();
  const attempt = post(receiver.origin);
  await receiver.received.until(({ length }) => length === 1);
  const reason = new Error('the service stops');
  stop.abort(reason);
  await t.rejects(attempt, reason);
});

t.test('a certificate is verified, also where the origin is allowed', async (t) => {
  const files = makeCertificate(t.testdir());
  const tls = { key: readFileSync(files.key), cert: readFileSync(files.cert) };
  const receiver = await startWebhookReceiver(t, tls);
  await t.rejects(prepare().post(receiver.origin), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  const before = getCACertificates('default');
  t.teardown(() => setDefaultCACertificates(before));
  setDefaultCACertificates([...before, tls.cert.toString()]);
  t.match(await prepare().post(receiver.origin), { status: 204 });
  t.match(receiver.received.entries, [{ body: REQUEST.body }]);
});
