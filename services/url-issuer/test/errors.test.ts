import t from 'tap';
import { type AppUnderTest, addKey, appUnderTest, KEY_VALUE } from './app-under-test.ts';
import { exchange } from './raw-http.ts';

t.test('what is not there: 404 in JSON, whatever comes with it', async (t) => {
  const { app, faults } = await appUnderTest(t);
  const requests = [
    { method: 'GET', url: '/' },
    { method: 'GET', url: '/getpresignedurl/' },
    { method: 'GET', url: '/GetPresignedUrl' },
    { method: 'POST', url: '/getpresignedurl', payload: { name: 'x' } },
    {
      method: 'PUT',
      url: '/getpresignedurl',
      payload: 'x'.repeat(100_000),
      headers: { 'content-type': 'text/x' },
    },
    { method: 'POST', url: '/livez', payload: '{broken', headers: { 'content-type': 'application/json' } },
    { method: 'DELETE', url: '/getpresignedurl' },
    { method: 'OPTIONS', url: '/getpresignedurl' },
    { method: 'PATCH', url: '/nothing?x-api-key=secret' },
  ] as const;
  for (const request of requests) {
    const response = await app.inject(request);
    t.equal(response.statusCode, 404, `${request.method} ${request.url}`);
    const message = 'Not Found: no such path and method; /openapi.json lists all';
    t.strictSame(response.json(), { message, code: 'NotFound' });
    t.equal(response.headers['cache-control'], 'no-store');
  }
  t.strictSame(faults.calls, []);
});

t.test('a very long path is in no response and no log line', async (t) => {
  const { get, logLines } = await appUnderTest(t);
  const response = await get(`/${'a'.repeat(50_000)}`);
  t.equal(response.statusCode, 404);
  t.notMatch(response.body, /aaa/);
  t.ok(logLines.every((line) => line.length < 1_000));
});

t.test('a path that is no URL: 400', async (t) => {
  const { get } = await appUnderTest(t);
  for (const path of ['/%zz', '/livez/%', '/%c0%af']) {
    const response = await get(path);
    t.equal(response.statusCode, 400, path);
    t.equal(response.headers['cache-control'], 'no-store');
    t.strictSame(response.json(), { message: 'Bad Request', code: 'BadRequest' }, path);
  }
});

t.test('a fault of our own: 500 without a word about it, and the whole story in the log', async (t) => {
  const { app, get, logLines } = await appUnderTest(t);
  app.get('/faulty', { schema: { hide: true } }, async () => {
    throw Object.assign(new TypeError('inner workings'), { statusCode: 403, code: 'AccessDenied' });
  });
  const response = await get('/faulty');
  t.equal(response.statusCode, 500);
  t.strictSame(response.json(), { message: 'Internal Server Error', code: 'InternalServerError' });
  const line = logLines.map((logged) => JSON.parse(logged)).find((logged) => logged.level === 'error');
  t.match(line, { err: { message: 'inner workings', stack: /errors\.test/ } });
  t.equal(line.requestId, response.headers['x-request-id']);
  const requestLine = logLines.map((logged) => JSON.parse(logged)).find(({ msg }) => msg === 'request');
  t.match(requestLine, { status: 500, outcome: 'failed' });
});

t.test('something thrown that is no error: 500 as well', async (t) => {
  const { app, get } = await appUnderTest(t);
  app.get('/odd', { schema: { hide: true } }, () => Promise.reject(undefined));
  t.match((await get('/odd')).json(), { code: 'InternalServerError' });
});

t.test('over a connection', async (t) => {
  async function listening(t: Parameters<typeof appUnderTest>[0], overrides = {}): Promise<AppUnderTest> {
    const underTest = await appUnderTest(t, overrides);
    await underTest.app.listen({ host: '127.0.0.1', port: 0 });
    return underTest;
  }
  const request = (...headers: string[]) =>
    ['GET /getpresignedurl HTTP/1.1', 'Host: x', 'Connection: close', ...headers, '', ''].join('\r\n');

  t.test('malformed HTTP: 400 in JSON', async (t) => {
    const { app, metrics } = await listening(t);
    for (const garbage of [
      'garbage\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n',
    ]) {
      const response = await exchange(app, garbage);
      t.equal(response.status, 400, garbage);
      t.strictSame(JSON.parse(response.body), { message: 'Bad Request', code: 'BadRequest' });
      t.match(response.headers, /^content-type: application\/json/im);
    }
    t.match(metrics.at(-1), { name: 'RequestsRefused', dimensions: { Reason: 'BadRequest' } });
  });

  t.test('no Host header: 400 in JSON', async (t) => {
    const { app } = await listening(t);
    const response = await exchange(app, 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n');
    t.equal(response.status, 400);
    t.match(JSON.parse(response.body), { message: /Host/, code: 'BadRequest' });
    t.equal((await exchange(app, 'GET /livez HTTP/1.0\r\n\r\n')).status, 200, 'HTTP/1.0 has none');
  });

  t.test('an unknown expectation: 417 in JSON', async (t) => {
    const { app } = await listening(t);
    const response = await exchange(app, request('Expect: miracles'));
    t.equal(response.status, 417);
    t.strictSame(JSON.parse(response.body), { message: 'Expectation Failed', code: 'ExpectationFailed' });
  });

  t.test('a method that HTTP knows and no route has: 404 in JSON', async (t) => {
    const { app } = await listening(t);
    const response = await exchange(app, 'PROPFIND /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    t.equal(response.status, 404);
    t.match(JSON.parse(response.body), { code: 'NotFound' });
  });

  t.test('a key of 100 kB: 403; a header beyond all measure: 431; both in JSON', async (t) => {
    const { app } = await listening(t);
    const big = await exchange(app, request(`x-api-key: ${'k'.repeat(100_000)}`));
    t.equal(big.status, 403);
    t.strictSame(JSON.parse(big.body), { message: 'Forbidden', code: 'Forbidden' });
    const beyond = await exchange(app, request(`x-api-key: ${'k'.repeat(200_000)}`));
    t.equal(beyond.status, 431);
    t.match(JSON.parse(beyond.body), { code: 'RequestHeaderFieldsTooLarge' });
  });

  t.test('the key header sent twice: 403, also when a key looks like both together', async (t) => {
    const { app, accessStore } = await listening(t);
    await addKey(accessStore, { value: 'one, two' });
    t.equal((await exchange(app, request('x-api-key: one', 'x-api-key: two'))).status, 403);
    t.equal((await exchange(app, request(`x-api-key: ${KEY_VALUE}`, `X-Api-Key: ${KEY_VALUE}`))).status, 403);
    t.equal((await exchange(app, request('x-api-key: one, two'))).status, 200);
  });

  t.test('a client that never finishes its request: 408 in JSON', async (t) => {
    const { app } = await listening(t, { limits: { headers: 20, request: 20, check: 10 } });
    const response = await exchange(app, 'GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    t.equal(response.status, 408);
    t.match(JSON.parse(response.body), { code: 'RequestTimeout' });
  });
});
