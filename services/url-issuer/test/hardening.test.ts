import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { createMemoryAccessStore } from '@upload-once/access/testing';
import t, { type Test } from 'tap';
import type { AppLimits } from '../src/app.ts';
import { SECURITY_HEADERS } from '../src/security-headers.ts';
import { type AppUnderTest, addKey, appUnderTest, KEY_VALUE } from './app-under-test.ts';
import { exchange } from './raw-http.ts';

async function listening(t: Test, overrides: Parameters<typeof appUnderTest>[1] = {}) {
  const underTest = await appUnderTest(t, overrides);
  await underTest.app.listen({ host: '127.0.0.1', port: 0 });
  return { ...underTest, port: (underTest.app.server.address() as AddressInfo).port };
}

t.test(
  'every response has the security headers, is stored nowhere, and does not say what it comes from',
  async (t) => {
    const { app } = await listening(t);
    const requests: Record<string, [status: number, request: string]> = {
      'a form': [
        200,
        `GET /getpresignedurl HTTP/1.1\r\nHost: x\r\nx-api-key: ${KEY_VALUE}\r\nConnection: close\r\n\r\n`,
      ],
      'a probe': [200, 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
      'the description': [200, 'GET /openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
      'no key': [403, 'GET /getpresignedurl HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
      'no route': [404, 'GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
      'no URL': [400, 'GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
      'no Host': [400, 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n'],
      'no HTTP': [400, 'garbage\r\n\r\n'],
      'too long a header': [431, `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(200_000)}\r\n\r\n`],
      'an expectation': [417, 'GET / HTTP/1.1\r\nHost: x\r\nExpect: x\r\nConnection: close\r\n\r\n'],
    };
    for (const [what, [status, request]] of Object.entries(requests)) {
      const response = await exchange(app, request);
      t.equal(response.status, status, what);
      const headers = response.headers.toLowerCase().split('\n');
      for (const [name, value] of Object.entries(SECURITY_HEADERS))
        t.ok(headers.includes(`${name}: ${value}`), `${what}: ${name}`);
      t.ok(headers.includes('cache-control: no-store'), what);
      t.notMatch(response.headers, /^(server|x-powered-by|via):/im, what);
    }
  },
);

t.test('a body that the route does not take, or one that is too long, is refused', async (t) => {
  const { app, faults } = await listening(t);
  const key = `x-api-key: ${KEY_VALUE}\r\nContent-Type: application/json\r\nConnection: close`;
  const long = await exchange(
    app,
    `POST /v1/uploads HTTP/1.1\r\nHost: x\r\n${key}\r\nContent-Length: 5000000\r\n\r\n{"name":"${'x'.repeat(20_000)}`,
  );
  t.equal(long.status, 413, 'by what it says of its length, before the rest has come');
  t.match(JSON.parse(long.body), { code: 'PayloadTooLarge' });
  const chunks = `${(30_000).toString(16)}\r\n${'x'.repeat(30_000)}\r\n`.repeat(3);
  const chunked = await exchange(
    app,
    `POST /v1/uploads HTTP/1.1\r\nHost: x\r\n${key}\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
  );
  t.equal(chunked.status, 413, 'by what comes, where it does not say');
  const both = await exchange(
    app,
    `POST /v1/uploads HTTP/1.1\r\nHost: x\r\n${key}\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  );
  t.equal(both.status, 400, 'two lengths: a proxy in front might have used the other');
  t.strictSame(faults.calls, [], 'the table was not asked');
});

t.test('a client that leaves in the middle of its body is no fault of the service', async (t) => {
  const { app, port, logLines, metrics, get } = await listening(t);
  const isGone = new Promise<void>((resolve) => {
    app.server.once('connection', (socket) => socket.once('close', () => resolve()));
  });
  const leaving = connect(port, '127.0.0.1');
  await once(leaving, 'connect');
  app.server.once('request', () => leaving.resetAndDestroy());
  leaving.write(
    `POST /v1/uploads HTTP/1.1\r\nHost: x\r\nx-api-key: ${KEY_VALUE}\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{`,
  );
  await isGone;
  t.equal((await get()).statusCode, 200, 'by now the service has noticed');
  raisesNoAlarm(t, { metrics, logLines });
});

t.test('slow clients', async (t) => {
  const begun = (key: string) =>
    `POST /v1/uploads HTTP/1.1\r\nHost: x\r\nx-api-key: ${key}\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"name":"`;
  // In the order that they have in production: a response is due before the limit on a request.
  const slow: Record<string, [begin: string, limits: Partial<AppLimits>]> = {
    'that never ends its header': [
      'GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ',
      { response: 100, headers: 200, request: 300, check: 20 },
    ],
    'that never ends its body': [begun(KEY_VALUE), { response: 200, headers: 400, request: 600, check: 20 }],
  };
  for (const [what, [begin, limits]] of Object.entries(slow)) {
    t.test(
      `one ${what}, but sends a byte time and again, is cut off, and others get responses`,
      async (t) => {
        const { port, get, metrics, logLines } = await listening(t, { limits });
        const client = connect(port, '127.0.0.1');
        const received = untilClosed(client);
        await once(client, 'connect');
        client.write(begin);
        // Nothing waits for this: it only keeps the connection from being idle.
        const dribble = setInterval(() => client.write('a'), 10);
        t.teardown(() => clearInterval(dribble));
        t.equal((await get('/livez')).statusCode, 200);
        const response = await received;
        t.match(response, /^HTTP\/1\.1 408 /);
        t.match(response, /\r\nconnection: close\r\n/i);
        t.match(response, /"code":"RequestTimeout"\}$/, 'and nothing behind it');
        t.match(
          metrics.filter(({ name }) => name === 'RequestsRefused'),
          [{ dimensions: { Reason: 'RequestTimeout' } }],
        );
        raisesNoAlarm(t, { metrics, logLines });
      },
    );
  }

  t.test(
    'one that ends neither its body nor the connection gets the response that is described',
    async (t) => {
      const { app } = await listening(t, { limits: { response: 50 } });
      const response = await exchange(app, begun(KEY_VALUE));
      t.equal(response.status, 408);
      t.strictSame(JSON.parse(response.body), { message: 'Request Timeout', code: 'RequestTimeout' });
      t.match(response.headers, /^x-request-id: /im);
    },
  );

  t.test('one that was refused in the middle of its body gets no second response', async (t) => {
    const { port, metrics } = await listening(t, { limits: { headers: 100, request: 200, check: 20 } });
    const client = connect(port, '127.0.0.1');
    const received = untilClosed(client);
    client.write(begun('another key'));
    const response = await received;
    t.match(response, /^HTTP\/1\.1 403 /);
    t.match(response, /"code":"Forbidden"\}$/, 'and nothing behind it');
    t.equal(metrics.filter(({ name }) => name === 'RequestsRefused').length, 1);
  });

  t.test('a table that does not respond is no fault of a client that has not sent all', async (t) => {
    const accessStore = createMemoryAccessStore();
    accessStore.findBySecret = () => new Promise(() => {});
    const limits = { response: 100, headers: 200, request: 300, check: 20 };
    const { port, metrics } = await listening(t, { accessStore, limits });
    const client = connect(port, '127.0.0.1');
    const received = untilClosed(client);
    client.write(begun(KEY_VALUE));
    t.match(await received, /^HTTP\/1\.1 503 .*"code":"ServiceUnavailable"\}$/s);
    t.equal(metrics.filter(({ name }) => name === 'ServerErrors').length, 1);
  });

  t.test('one that opens a connection and says nothing is cut off', async (t) => {
    const { port } = await listening(t, { limits: { headers: 200, request: 300, check: 20 } });
    const silent = connect(port, '127.0.0.1');
    await once(silent, 'connect');
    t.match(await text(silent), /^(HTTP\/1\.1 408 |$)/);
  });

  t.test('one that asks time and again, and reads no response, is cut off', async (t) => {
    const { app, port } = await listening(t, { limits: { stalled: 200 } });
    const deaf = connect(port, '127.0.0.1').pause();
    const isGone = new Promise<void>((resolve) => {
      app.server.once('connection', (socket) => socket.once('close', () => resolve()));
    });
    // The next request follows when the system has taken the last response, until it takes no more.
    const ask = () => deaf.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n');
    app.server.on('request', (_request, response) => response.once('finish', ask));
    ask();
    await isGone;
    deaf.destroy();
  });
});

/** What came until the connection was closed, in whichever way. */
function untilClosed(socket: Socket): Promise<string> {
  let received = '';
  socket.on('data', (bytes) => {
    received += bytes;
  });
  socket.on('error', () => {});
  return new Promise((resolve) => socket.once('close', () => resolve(received)));
}

function raisesNoAlarm(t: Test, { metrics, logLines }: Pick<AppUnderTest, 'metrics' | 'logLines'>): void {
  t.strictSame(
    metrics.filter(({ name }) => name === 'ServerErrors'),
    [],
  );
  t.strictSame(
    logLines.filter((line) => /"level":"(warn|error|fatal)"/.test(line)),
    [],
  );
}

t.test('no address can be made up', async (t) => {
  const ipSeen = async (trustedProxies: string[], headers: Record<string, string>) => {
    const { get, logLines } = await appUnderTest(t, { trustedProxies });
    await get('/livez', headers);
    return JSON.parse(logLines.find((line) => line.includes('"msg":"request"')) ?? '{}').ip;
  };
  const own = '127.0.0.1';
  for (const headers of [
    { 'x-forwarded-for': '203.0.113.9' },
    { 'x-real-ip': '203.0.113.9' },
    { forwarded: 'for=203.0.113.9' },
    { 'true-client-ip': '203.0.113.9' },
    { 'cf-connecting-ip': '203.0.113.9' },
  ]) {
    t.equal(await ipSeen([], headers), own, `with no proxy: ${JSON.stringify(headers)}`);
  }
  // A load balancer puts the address that it saw behind what the client had written.
  const behind = (forged: string) =>
    ipSeen(['loopback', '10.0.0.0/16'], { 'x-forwarded-for': `${forged}, 198.51.100.7` });
  for (const forged of [
    '203.0.113.9',
    '10.0.0.1',
    '127.0.0.1',
    'unknown',
    '::1',
    '203.0.113.9, 10.0.0.1',
    '',
  ]) {
    t.equal(await behind(forged), '198.51.100.7', `forged: "${forged}"`);
  }
  t.equal(
    await ipSeen(['loopback'], { 'x-real-ip': '203.0.113.9', forwarded: 'for=203.0.113.9' }),
    own,
    'a proxy that names no client in X-Forwarded-For',
  );
});

t.test('who guesses keys is not helped by addresses that it makes up', async (t) => {
  const { get } = await appUnderTest(t, { badKeysPerMinute: 3 });
  const statuses: number[] = [];
  for (let at = 0; at < 5; at += 1) {
    const headers = { 'x-api-key': `guess ${at}`, 'x-forwarded-for': `203.0.113.${at}` };
    statuses.push((await get('/getpresignedurl', headers)).statusCode);
  }
  t.strictSame(statuses, [403, 403, 403, 429, 429]);
});

t.test('nor by what a proxy writes beside the address, or in its place', async (t) => {
  const cases: Record<string, (at: number) => string> = {
    'a port': (at) => `203.0.113.9:${1_000 + at}`,
    'a port behind brackets': (at) => `[2001:db8::${at}]:${1_000 + at}`,
    'brackets or none': (at) => (at % 2 ? '[2001:db8::7]' : '2001:db8::7'),
    'a port or none': (at) => (at % 2 ? '203.0.113.9' : `203.0.113.9:${at}`),
    'an interface': (at) => `fe80::1%eth${at}`,
    'what is no address': (at) => `junk${at}`,
    'no address and a port': (at) => `203.0.113.${300 + at}:80`,
    'another spelling': (at) => `203.0.113.00${at}`,
    'an IPv4 address as one of IPv6': (at) => (at % 2 ? '203.0.113.9' : '::ffff:203.0.113.9'),
  };
  for (const [what, from] of Object.entries(cases)) {
    const { get } = await appUnderTest(t, { badKeysPerMinute: 3, trustedProxies: ['loopback'] });
    const guess = async (at: number, address: string) =>
      (await get('/getpresignedurl', { 'x-api-key': `guess ${at}`, 'x-forwarded-for': address })).statusCode;
    const statuses: number[] = [];
    for (let at = 1; at < 6; at += 1) statuses.push(await guess(at, from(at)));
    t.strictSame(statuses, [403, 403, 403, 429, 429], what);
    t.equal(await guess(9, '198.51.100.1:1000'), 403, `${what}: another address is not slowed`);
  }
});

t.test('pages of other origins', async (t) => {
  const ORIGIN = 'https://www.example.com';
  const preflight = {
    method: 'OPTIONS',
    url: '/v1/uploads',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-api-key,content-type',
    },
  } as const;

  t.test('may not call, unless that was configured', async (t) => {
    const { app, get } = await appUnderTest(t);
    t.equal((await app.inject(preflight)).statusCode, 404);
    const { headers } = await get('/getpresignedurl', { 'x-api-key': KEY_VALUE, origin: ORIGIN });
    t.notOk(Object.keys(headers).some((name) => name.startsWith('access-control-')));
  });

  t.test('may call where they were named, with a key as everybody', async (t) => {
    const { app, get, faults } = await appUnderTest(t, { corsOrigins: [ORIGIN] });
    const response = await app.inject(preflight);
    t.equal(response.statusCode, 204);
    t.match(response.headers, {
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-methods': 'GET, POST, PATCH, DELETE',
      'access-control-allow-headers': /x-api-key/,
      'cache-control': 'no-store',
    });
    t.notOk(response.headers['access-control-allow-credentials']);
    t.strictSame(faults.calls, []);
    const refused = await get('/getpresignedurl', { origin: ORIGIN });
    t.equal(refused.statusCode, 403, 'no key, no form');
    t.equal(refused.headers['access-control-allow-origin'], ORIGIN, 'a page can read why it was refused');
    const given = await get('/getpresignedurl', { 'x-api-key': KEY_VALUE, origin: ORIGIN });
    t.equal(given.statusCode, 200);
    t.match(given.headers['vary'], /origin/i);
  });

  t.test('can read every response, also why there is none', async (t) => {
    const { app } = await appUnderTest(t, { corsOrigins: [ORIGIN] });
    const asks: Record<string, [status: number, request: object]> = {
      'a path that is nowhere': [404, { method: 'GET', url: '/nothing' }],
      'a method that is nowhere': [404, { method: 'PATCH', url: '/v1/uploads' }],
      'a path that is no URL': [400, { method: 'GET', url: '/v1/uploads/%zz' }],
      'an id that is too long': [414, { method: 'GET', url: `/v1/uploads/${'x'.repeat(5_000)}` }],
      'an OPTIONS that is no preflight': [404, { method: 'OPTIONS', url: '/v1/uploads' }],
      'no key': [403, { method: 'POST', url: '/v1/uploads', payload: {} }],
    };
    for (const [what, [status, request]] of Object.entries(asks)) {
      const response = await app.inject({ ...request, headers: { origin: ORIGIN } });
      t.equal(response.statusCode, status, what);
      t.strictSame(Object.keys(response.json()), ['message', 'code'], what);
      t.match(response.headers['content-type'], 'application/json', what);
      t.equal(response.headers['access-control-allow-origin'], ORIGIN, what);
      t.match(response.headers['access-control-expose-headers'], 'x-request-id', what);
      t.match(response.headers['vary'], /origin/i, what);
      t.match(response.headers, SECURITY_HEADERS, what);
      const other = await app.inject({ ...request, headers: { origin: 'https://other.example' } });
      t.equal(other.statusCode, status, what);
      t.notOk(other.headers['access-control-allow-origin'], `${what}, for another`);
    }
    const withoutOrigin = await app.inject({
      ...preflight,
      headers: { 'access-control-request-method': 'POST' },
    });
    t.equal(withoutOrigin.statusCode, 404);
    t.strictSame(withoutOrigin.json(), {
      message: 'Not Found: no such path and method; /openapi.json lists all',
      code: 'NotFound',
    });
    t.match((await app.inject(preflight)).headers, SECURITY_HEADERS, 'a preflight has them, too');
  });

  t.test('are told apart to the letter', async (t) => {
    const { app } = await appUnderTest(t, { corsOrigins: [ORIGIN] });
    for (const origin of [
      'https://www.example.com.evil.example',
      'http://www.example.com',
      'https://example.com',
      'https://www.example.com:8443',
      'null',
      'https://wwwxexample.com',
    ]) {
      const { headers } = await app.inject({ ...preflight, headers: { ...preflight.headers, origin } });
      t.not(headers['access-control-allow-origin'], origin, origin);
      t.not(headers['access-control-allow-origin'], '*', origin);
    }
  });
});

t.test('no response gives away how the service is made', async (t) => {
  const { app, accessStore, faults } = await appUnderTest(t);
  await addKey(accessStore, { value: 'another' });
  const broken = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:8000'), { code: 'ECONNREFUSED' });
  for (const _attempt of [1, 2]) faults.failNext('before', 'putAll', broken);
  const responses = [
    await app.inject({
      method: 'POST',
      url: '/v1/uploads',
      headers: { 'x-api-key': KEY_VALUE },
      payload: {},
    }),
    await app.inject({
      method: 'POST',
      url: '/v1/uploads',
      headers: { 'x-api-key': KEY_VALUE },
      payload: { name: 1 },
    }),
    await app.inject({
      method: 'POST',
      url: '/v1/uploads',
      headers: { 'x-api-key': KEY_VALUE, 'content-type': 'application/json' },
      payload: '{"__proto__": {"x": 1}}',
    }),
    await app.inject({ method: 'GET', url: '/v1/uploads/%00', headers: { 'x-api-key': KEY_VALUE } }),
  ];
  t.strictSame(
    responses.map((response) => response.statusCode),
    [503, 400, 400, 404],
  );
  for (const response of responses) {
    t.notMatch(response.body, /ECONN|10\.0\.0\.1|node_modules|node:|\.ts|\bat \w+ ?\(/, response.body);
    t.strictSame(Object.keys(response.json()).sort(), ['code', 'message']);
  }
});
