import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { eventually } from '../../../test/support/eventually.ts';
import { allowedHosts } from '../src/access-rules.ts';
import { startConsoleStage, TOKEN } from './console-stage.ts';

// What can reach the console: its own page, with the token, and nothing else.

const authorization = `Bearer ${TOKEN}`;

t.test('only this console’s own loopback names are a Host, with its port', async (t) => {
  const { port, raw } = await startConsoleStage(t);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`]) {
    t.equal((await raw('/', { headers: { host } })).status, 200, host);
    t.equal((await raw('/api/state', { headers: { host, authorization } })).status, 200, host);
  }
  for (const host of [
    '127.0.0.1',
    'localhost',
    `127.0.0.1:${port + 1}`,
    `127.0.0.2:${port}`,
    `127.0.0.1.example.com:${port}`,
    `localhost.example.com:${port}`,
    `example.com:${port}`,
    `0.0.0.0:${port}`,
    `[::1]:${port}`,
    `127.0.0.1:${port}@example.com`,
    '',
  ]) {
    for (const path of ['/', '/page.mjs', '/api/state']) {
      const { status, text } = await raw(path, { headers: { host, authorization } });
      t.equal(status, 421, `${path} of ${JSON.stringify(host)}`);
      t.match(JSON.parse(text), {
        code: 'WrongHost',
        message: `open the console as http://127.0.0.1:${port}`,
      });
    }
  }
});

t.test('a request without a Host, with two, or with a whole URL is refused', async (t) => {
  const { port } = await startConsoleStage(t);
  const own = `Host: 127.0.0.1:${port}\r\n`;
  const token = `Authorization: ${authorization}\r\n`;
  for (const [request, status] of [
    [`GET /api/state HTTP/1.0\r\n${token}\r\n`, 421],
    [`GET /api/state HTTP/1.1\r\n${token}Connection: close\r\n\r\n`, 421],
    [`GET /api/state HTTP/1.1\r\n${own}Host: example.com\r\n${token}Connection: close\r\n\r\n`, 421],
    [`GET http://example.com/api/state HTTP/1.1\r\n${own}${token}Connection: close\r\n\r\n`, 400],
    [`GET /api/state HTTP/1.1\r\n${own}${token}Connection: close\r\n\r\n`, 200],
  ] as const) {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(request);
    t.match(await text(socket), new RegExp(`^HTTP/1\\.1 ${status} `), request);
  }
});

t.test('it listens on 127.0.0.1 alone', async (t) => {
  const { port } = await startConsoleStage(t);
  const others = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ address, family }) => family === 'IPv4' && address !== '127.0.0.1');
  for (const { address } of [...others, { address: '127.0.0.2' }, { address: '::1' }]) {
    const socket = connect(port, address);
    const [error] = await once(socket, 'error');
    t.match((error as NodeJS.ErrnoException).code, /^(ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH)$/, address);
  }
});

t.test('without the token there is no data', async (t) => {
  const { port, raw } = await startConsoleStage(t, { isWritable: true });
  const host = `127.0.0.1:${port}`;
  for (const wrong of [
    {},
    { authorization: 'Bearer' },
    { authorization: `Bearer ${TOKEN}x` },
    { authorization: `Bearer ${TOKEN.slice(0, -1)}` },
    { authorization: `Basic ${TOKEN}` },
    { cookie: `token=${TOKEN}` },
  ]) {
    for (const path of ['/api/state', '/api/live', `/api/state?token=${TOKEN}`, '/api/nothing']) {
      const { status, text } = await raw(path, { headers: { host, ...wrong } });
      t.equal(status, 401, `${path} ${JSON.stringify(wrong)}`);
      t.match(JSON.parse(text), { code: 'WrongToken' });
    }
  }
});

t.test('another site’s page can neither read nor write, not even with the token', async (t) => {
  let redriven = 0;
  const deadLetters = {
    look: async () => ({ rows: [], visible: 0, hidden: 0, plan: '' }),
    redrive: async () => {
      redriven += 1;
      return { outcomes: {}, remarks: [], isStopped: false };
    },
  };
  const { port, origin, raw, ask } = await startConsoleStage(t, {
    isWritable: true,
    sources: { deadLetters },
  });
  const host = `127.0.0.1:${port}`;
  const { json } = await ask('/api/dead-letters/uploads', {});
  const body = { previewId: json['previewId'] };
  const write = { host, authorization, 'content-type': 'application/json' };
  for (const headers of [
    { ...write },
    { ...write, origin: 'https://example.com' },
    { ...write, origin: 'null' },
    { ...write, origin: `http://localhost:${port}` },
    { ...write, origin: `https://127.0.0.1:${port}` },
    { ...write, origin: `http://127.0.0.1:${port + 1}` },
    { ...write, origin, 'sec-fetch-site': 'cross-site' },
    { ...write, origin, 'sec-fetch-site': 'same-site' },
    { ...write, origin, 'sec-fetch-site': 'none' },
  ]) {
    const { status } = await raw('/api/redrive/uploads', { method: 'POST', headers, body });
    t.equal(status, 403, JSON.stringify(headers));
  }
  for (const headers of [
    { host, authorization, origin: 'https://example.com' },
    { host, authorization, 'sec-fetch-site': 'cross-site' },
    { host, authorization, 'sec-fetch-site': 'same-site' },
  ]) {
    t.equal((await raw('/api/state', { headers })).status, 403, JSON.stringify(headers));
  }
  const form = { ...write, origin, 'content-type': 'text/plain' };
  t.equal((await raw('/api/redrive/uploads', { method: 'POST', headers: form, body })).status, 415);
  t.equal(redriven, 0);
  t.equal(
    (await raw('/api/redrive/uploads', { method: 'POST', headers: { ...write, origin }, body })).status,
    200,
  );
  t.equal(redriven, 1);
});

t.test('read-only, it refuses all that changes something', async (t) => {
  const trials = {
    run: async () => {
      throw new Error('nothing is to be uploaded');
    },
  };
  const { ask } = await startConsoleStage(t, { sources: { trials } });
  const { json } = await ask('/api/dead-letters/uploads', {});
  for (const [path, body] of [
    ['/api/redrive/uploads', { previewId: json['previewId'] }],
    ['/api/audit/repair', { olderThanMinutes: 15 }],
    ['/api/trials/once', {}],
  ] as const) {
    const { status, json } = await ask(path, body);
    t.equal(status, 403, path);
    t.match(json, { code: 'ReadOnly', message: /--write/ });
  }
  const state = await ask('/api/state');
  t.match(state.json, { isWritable: false, hasTrials: false });
});

t.test('each response forbids what the page does not need', async (t) => {
  const { port, raw } = await startConsoleStage(t);
  const host = `127.0.0.1:${port}`;
  for (const [path, headers] of [
    ['/', { host }],
    ['/page.mjs', { host }],
    ['/api/state', { host, authorization }],
    ['/api/state', { host }],
    ['/nothing', { host }],
  ] as const) {
    const { headers: given } = (await raw(path, { headers })).response;
    const policy = given['content-security-policy'] ?? '';
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
      "form-action 'none'",
      "base-uri 'none'",
      "require-trusted-types-for 'script'",
    ])
      t.ok(String(policy).split('; ').includes(part), `${path}: ${part}`);
    t.notMatch(policy, /unsafe|https?:|\*/);
    t.match(given, {
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    t.notOk('access-control-allow-origin' in given);
    t.notOk('set-cookie' in given);
  }
});

t.test('what it takes is bounded', async (t) => {
  const { ask, raw, port } = await startConsoleStage(t);
  t.equal((await ask('/api/table', { cursor: 'x'.repeat(20_000) })).status, 413);
  t.equal((await ask(`/api/uploads/${'x'.repeat(1_001)}`)).status, 400);
  t.equal((await ask('/api/uploads/%ff')).status, 400);
  const headers = { host: `127.0.0.1:${port}`, authorization };
  t.equal((await raw(`/${'x'.repeat(20_000)}`, { headers })).status, 431);
  t.equal((await raw('/', { method: 'POST', headers })).status, 405);
  t.equal((await raw('/api/uploads/', { headers })).status, 404);
});

t.test('a browser leaves out the port 80, and no other', async (t) => {
  t.ok(allowedHosts(80).includes('127.0.0.1'));
  t.ok(allowedHosts(80).includes('127.0.0.1:80'));
  t.notOk(allowedHosts(8300).includes('127.0.0.1'));
});

t.test('connections without the token leave room for the page that has it', async (t) => {
  const { ask, port } = await startConsoleStage(t);
  const strangers = Array.from({ length: 100 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  t.teardown(() => {
    for (const stranger of strangers) stranger.destroy();
  });
  await eventually(
    async () => strangers.filter(({ destroyed }) => destroyed).length,
    (ended) => ended >= 100 - 32,
  );
  t.equal((await ask('/api/state')).status, 200);
  t.ok(
    strangers.slice(0, 68).every(({ destroyed }) => destroyed),
    'those that came first have ended',
  );
});

t.test('a page with the token stays, however many connections come after it', async (t) => {
  const stage = await startConsoleStage(t);
  const { port } = stage;
  const headers = { host: `127.0.0.1:${port}`, authorization: `Bearer ${TOKEN}` };
  const live = request({ host: '127.0.0.1', port, path: '/api/live', headers, agent: false });
  live.on('error', () => {}).end();
  const [response] = (await once(live, 'response')) as [IncomingMessage];
  let isOpen = true;
  response.resume().once('close', () => {
    isOpen = false;
  });
  response.on('error', () => {});
  const strangers = Array.from({ length: 100 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  t.teardown(() => {
    live.destroy();
    for (const stranger of strangers) stranger.destroy();
  });
  await eventually(
    async () => strangers.filter(({ destroyed }) => destroyed).length,
    (ended) => ended >= 100 - 32,
  );
  t.equal((await stage.ask('/api/state')).status, 200);
  t.equal(isOpen, true);
});
