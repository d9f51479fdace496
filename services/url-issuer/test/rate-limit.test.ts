import t from 'tap';
import type { TokenBuckets } from '../src/rates/token-buckets.ts';
import { addKey, appUnderTest, KEY_VALUE, NOW } from './app-under-test.ts';

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
  t.equal(refused.headers['retry-after'], '1000', 'a token takes so long');
  t.equal(faults.calls.length, written, 'what is refused writes nothing');
  t.match(metrics.at(-1), { name: 'RequestsRefused', dimensions: { Reason: 'TooManyRequests' } });
  t.equal((await ask('another')).statusCode, 200);
});

t.test('requests come back one by one, at the rate of the key', async (t) => {
  let ms = NOW.getTime();
  const { accessStore, get } = await appUnderTest(t, { now: () => new Date(ms) });
  await addKey(accessStore, { value: 'two a second', ratePerSecond: 2, burst: 4 });
  const ask = async () => (await get('/getpresignedurl', { 'x-api-key': 'two a second' })).statusCode;

  for (let request = 1; request <= 4; request += 1) t.equal(await ask(), 200);
  t.equal(await ask(), 429);
  ms += 499;
  t.equal(await ask(), 429);
  ms += 1;
  t.equal(await ask(), 200);
  t.equal(await ask(), 429, 'one has come back, not the whole burst');
  ms += 60_000;
  for (let request = 1; request <= 4; request += 1) t.equal(await ask(), 200);
  t.equal(await ask(), 429, 'never more than the burst');
});

t.test('every response says how the rate stands', async (t) => {
  let ms = NOW.getTime();
  const { accessStore, get } = await appUnderTest(t, { now: () => new Date(ms) });
  await addKey(accessStore, { value: 'k', ratePerSecond: 0.25, burst: 2 });
  const ask = async () => {
    const { headers } = await get('/getpresignedurl', { 'x-api-key': 'k' });
    t.equal(headers['ratelimit-policy'], '"rate";q=2;w=8');
    return [headers['ratelimit'], headers['retry-after']];
  };
  t.strictSame(await ask(), ['"rate";r=1;t=4', undefined]);
  ms += 1_000;
  t.strictSame(await ask(), ['"rate";r=0;t=7', undefined]);
  t.strictSame(await ask(), ['"rate";r=0;t=3', '3'], 'what is refused does not count');
  ms += 3_000;
  t.strictSame(await ask(), ['"rate";r=0;t=8', undefined]);
});

t.test('requests without a good key do not count', async (t) => {
  const { accessStore, get } = await appUnderTest(t);
  await addKey(accessStore, { value: 'one only', ratePerSecond: 0.001, burst: 1 });
  for (let request = 1; request <= 5; request += 1) {
    const refused = await get('/getpresignedurl', { 'x-api-key': 'one only?' });
    t.equal(refused.statusCode, 403);
    t.notOk('ratelimit' in refused.headers);
  }
  t.equal((await get('/getpresignedurl', { 'x-api-key': 'one only' })).statusCode, 200);
});

t.test('the count is kept by the id of the key, wherever it is kept', async (t) => {
  const counted: { name: string; burst: number; ratePerSecond: number }[] = [];
  const buckets: TokenBuckets = {
    async take(name, limit) {
      counted.push({ name, ...limit });
      return { taken: false, remaining: 0, waitMs: 10, fullInMs: 3_000 };
    },
  };
  const { accessStore, get } = await appUnderTest(t, { buckets });
  const keyId = await addKey(accessStore, { value: 'shared', ratePerSecond: 4, burst: 10 });
  const response = await get('/getpresignedurl', { 'x-api-key': 'shared' });
  t.equal(response.statusCode, 429);
  t.equal(response.headers['retry-after'], '1');
  t.equal(response.headers['ratelimit'], '"rate";r=0;t=1');
  t.strictSame(counted, [{ name: keyId, burst: 10, ratePerSecond: 4 }]);
});

t.test('a count that fails lets no request in', async (t) => {
  const buckets: TokenBuckets = {
    async take() {
      throw new Error('no count');
    },
  };
  const { get, faults } = await appUnderTest(t, { buckets });
  t.equal((await get()).statusCode, 500);
  t.strictSame(faults.calls, []);
});

t.test('to ask for a state has a rate of its own, which is the same for all keys', async (t) => {
  let ms = NOW.getTime();
  const { app, accessStore, get } = await appUnderTest(t, {
    now: () => new Date(ms),
    statusRatePerSecond: 1,
  });
  await addKey(accessStore, { value: 'one', ratePerSecond: 0.001, burst: 1 });
  const headers = { 'x-api-key': 'one' };
  const { id } = (await app.inject({ method: 'POST', url: '/v1/uploads', headers, payload: {} })).json();
  const ask = () => get(`/v1/uploads/${id}`, headers);
  for (const remaining of [1, 0]) {
    const response = await ask();
    t.equal(response.statusCode, 200, 'the rate of issuing is used up');
    t.equal(response.headers['ratelimit-policy'], '"status";q=2;w=2');
    t.match(response.headers['ratelimit'], `"status";r=${remaining};`);
  }
  const refused = await ask();
  t.equal(refused.statusCode, 429);
  t.equal(refused.headers['retry-after'], '1');
  t.equal((await get('/v1/uploads/none', { 'x-api-key': KEY_VALUE })).statusCode, 404, 'another key');
  ms += 1_000;
  t.equal((await ask()).statusCode, 200);
  t.equal((await app.inject({ method: 'DELETE', url: `/v1/uploads/${id}`, headers })).statusCode, 429);
});
