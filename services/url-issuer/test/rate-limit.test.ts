import { mock } from 'node:test';
import type { FastifyRateLimitStore } from '@fastify/rate-limit';
import t from 'tap';
import { addKey, appUnderTest } from './app-under-test.ts';

const TOO_MANY = { message: 'Too Many Requests', code: 'TooManyRequests' };

t.test('a key has its burst, then waits; other keys are not held up', async (t) => {
  const { accessStore, get, metrics, faults } = await appUnderTest(t);
  await addKey(accessStore, { value: 'three at once', ratePerSecond: 0.001, burst: 3 });
  await addKey(accessStore, { value: 'another', ratePerSecond: 0.001, burst: 1 });
  const ask = (value: string) => get('/getpresignedurl', { 'x-api-key': value });

  for (let request = 1; request <= 3; request += 1) t.equal((await ask('three at once')).statusCode, 200);
  const written = faults.calls.length;
  const refused = await ask('three at once');
  t.equal(refused.statusCode, 429);
  t.strictSame(refused.json(), TOO_MANY);
  const retryAfterSeconds = Number(refused.headers['retry-after']);
  t.ok(retryAfterSeconds >= 1 && retryAfterSeconds <= 3_000, `Retry-After: ${retryAfterSeconds}`);
  t.equal(faults.calls.length, written, 'what is refused writes nothing');
  t.match(metrics.at(-1), { name: 'RequestsRefused', dimensions: { Reason: 'TooManyRequests' } });
  t.equal((await ask('another')).statusCode, 200);
});

t.test('the burst comes back at the rate of the key', async (t) => {
  mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  t.teardown(() => mock.timers.reset());
  const { accessStore, get } = await appUnderTest(t);
  await addKey(accessStore, { value: 'two a second', ratePerSecond: 2, burst: 4 });
  const ask = async () => (await get('/getpresignedurl', { 'x-api-key': 'two a second' })).statusCode;

  for (let request = 1; request <= 4; request += 1) t.equal(await ask(), 200);
  t.equal(await ask(), 429);
  mock.timers.tick(1_999);
  t.equal(await ask(), 429);
  mock.timers.tick(1);
  t.equal(await ask(), 200);
});

t.test('requests without a good key count for nobody', async (t) => {
  const { accessStore, get } = await appUnderTest(t);
  await addKey(accessStore, { value: 'one only', ratePerSecond: 0.001, burst: 1 });
  for (let request = 1; request <= 5; request += 1) {
    t.equal((await get('/getpresignedurl', { 'x-api-key': 'one only?' })).statusCode, 403);
  }
  t.equal((await get('/getpresignedurl', { 'x-api-key': 'one only' })).statusCode, 200);
});

t.test('the count can be kept elsewhere, by the id of the key', async (t) => {
  const counted: { key: string; windowMilliseconds: number; max: number }[] = [];
  class SharedStore implements FastifyRateLimitStore {
    incr: FastifyRateLimitStore['incr'] = (key, callback, windowMilliseconds, max) => {
      counted.push({ key, windowMilliseconds, max });
      callback(null, { current: max + 1, ttl: 10 });
    };
    child() {
      return this;
    }
  }
  const { accessStore, get } = await appUnderTest(t, { rateLimitStore: SharedStore });
  const keyId = await addKey(accessStore, { value: 'shared', ratePerSecond: 3, burst: 10 });
  const response = await get('/getpresignedurl', { 'x-api-key': 'shared' });
  t.equal(response.statusCode, 429);
  t.equal(response.headers['retry-after'], '1');
  t.strictSame(counted, [{ key: keyId, windowMilliseconds: 3_334, max: 10 }]);
});
