import { createMemoryAccessStore } from '@upload-once/access/testing';
import { systemClock } from '@upload-once/clock';
import { createLogger, createReadiness } from '@upload-once/runtime';
import t from 'tap';
import { appUnderTest, NOW } from './app-under-test.ts';
import { exchange } from './raw-http.ts';

const SILENT = createLogger({ service: 'test', level: 'error', destination: { write() {} } });

t.test('both respond without a key', async (t) => {
  const { get, metrics } = await appUnderTest(t, { pathPrefix: '/prod' });
  const live = await get('/livez', {});
  t.equal(live.statusCode, 200);
  t.strictSame(live.json(), { status: 'alive' });
  const ready = await get('/readyz', {});
  t.equal(ready.statusCode, 200);
  t.strictSame(ready.json(), { status: 'ready' });
  t.strictSame(metrics, []);
});

t.test('a table away: not ready, but alive; ready again once it is back', async (t) => {
  let now = NOW;
  const { get, faults } = await appUnderTest(t, { now: () => now });
  faults.failNext('before', 'ping', new Error('away'));
  const response = await get('/readyz');
  t.equal(response.statusCode, 503);
  t.strictSame(response.json(), { message: 'The table of uploads does not respond', code: 'NotReady' });
  t.equal(response.headers['cache-control'], 'no-store');
  t.equal((await get('/livez')).statusCode, 200);
  now = new Date(now.getTime() + 1_000);
  t.equal((await get('/readyz')).statusCode, 200);
});

t.test('every table that is away is named', async (t) => {
  const accessStore = createMemoryAccessStore();
  accessStore.ping = () => Promise.reject(new Error('away'));
  const { get, faults } = await appUnderTest(t, { accessStore });
  faults.failNext('before', 'ping', new Error('away'));
  t.equal(
    (await get('/readyz')).json().message,
    'The table of uploads does not respond. The table of API keys does not respond',
  );
});

t.test('however many ask, the tables are asked once in the time that a result is good for', async (t) => {
  let now = NOW;
  const { get, faults } = await appUnderTest(t, { now: () => now });
  const pinging = faults.stallNext('before', 'ping');
  const asking = [get('/readyz'), get('/readyz'), get('/readyz')];
  await pinging.reached;
  pinging.release();
  t.strictSame(
    (await Promise.all(asking)).map((response) => response.statusCode),
    [200, 200, 200],
  );
  now = new Date(now.getTime() + 999);
  await get('/readyz');
  t.equal(faults.calls.length, 1);
  now = new Date(now.getTime() + 1);
  await get('/readyz');
  t.equal(faults.calls.length, 2);
});

t.test('a service that stops is never ready again', async (t) => {
  const readiness = createReadiness({
    checks: {},
    limitMs: 1_000,
    validMs: 1_000,
    clock: systemClock,
    log: SILENT,
  });
  const { app, get } = await appUnderTest(t, { readiness });
  t.equal((await get('/readyz')).statusCode, 200);
  await app.close();
  t.strictSame(await readiness.reasonsAgainst(), ['The service is stopping']);
});

t.test('readyz turns 503 before the connections close', async (t) => {
  const readiness = createReadiness({
    checks: {},
    limitMs: 1_000,
    validMs: 1_000,
    clock: systemClock,
    log: SILENT,
  });
  const { get } = await appUnderTest(t, { readiness });
  readiness.stop();
  const response = await get('/readyz');
  t.equal(response.statusCode, 503);
  t.strictSame(response.json(), { message: 'The service is stopping', code: 'NotReady' });
});

t.test('is not ready by any other spelling: what keeps clients from it goes by this one', async (t) => {
  const { app, get, faults } = await appUnderTest(t);
  await app.listen({ host: '127.0.0.1', port: 0 });
  for (const path of [
    '/%72eadyz',
    '/READYZ',
    '/readyz/',
    '//readyz',
    '/readyz%3F',
    '/readyz#a',
    '/readyz;a',
    '/./readyz',
    '/livez/../readyz',
    'http://x/readyz',
  ]) {
    const { status } = await exchange(app, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    t.equal(status, 404, path);
  }
  t.strictSame(faults.calls, [], 'and no table was asked');
  t.equal((await get('/readyz?a=b', {})).statusCode, 200);
});
