import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  createDynamoDbAccessStore,
  createDynamoDbQuotaCounters,
  type QuotaCounters,
} from '@upload-once/access';
import { createMemoryQuotaCounters } from '@upload-once/access/testing';
import type { NewUpload } from '@upload-once/uploads';
import { createMemoryUploadStore } from '@upload-once/uploads/testing';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { addKey, appUnderTest, KEY_VALUE, NOW } from './app-under-test.ts';
import { ACCESS_TABLE, CREDENTIALS, REGION, startTables } from './start-tables.ts';

t.test('a key has its quota of a day, then 429 until 00:00 UTC', async (t) => {
  const clock = { now: NOW };
  const { accessStore, get, faults, metrics } = await appUnderTest(t, { now: () => clock.now });
  await addKey(accessStore, { value: 'two a day', dailyQuota: 2, burst: 100, ratePerSecond: 10 });
  const ask = () => get('/getpresignedurl', { 'x-api-key': 'two a day' });

  const first = await ask();
  t.equal(first.statusCode, 200);
  // From 05:06:07.890 to midnight.
  t.equal(first.headers['ratelimit-policy'], '"rate";q=100;w=10, "day";q=2;w=86400');
  t.equal(first.headers['ratelimit'], '"rate";r=99;t=1, "day";r=1;t=68033');
  t.equal((await ask()).statusCode, 200);
  const written = faults.calls.length;
  const refused = await ask();
  t.equal(refused.statusCode, 429);
  t.strictSame(refused.json(), { message: 'Limit Exceeded', code: 'LimitExceeded' });
  t.equal(refused.headers['retry-after'], '68033');
  t.match(refused.headers['ratelimit'], /, "day";r=0;t=68033$/);
  t.equal(faults.calls.length, written, 'what is refused writes nothing');
  t.match(metrics.at(-1), { name: 'RequestsRefused', dimensions: { Reason: 'LimitExceeded' } });
  t.equal((await get()).statusCode, 200, 'another key is another');

  clock.now = new Date('2025-03-04T23:59:59.999Z');
  t.match(await ask(), { statusCode: 429, headers: { 'retry-after': '1' } });
  clock.now = new Date('2025-03-05T00:00:00.000Z');
  t.equal((await ask()).statusCode, 200);
});

t.test('what is refused for anything else uses none of it up', async (t) => {
  const quotaCounters = createMemoryQuotaCounters();
  const { accessStore, get, app } = await appUnderTest(t, { quotaCounters });
  const keyId = await addKey(accessStore, { value: 'k', dailyQuota: 10, burst: 2, ratePerSecond: 0.001 });
  const used = () => quotaCounters.used({ keyId, day: NOW.toISOString().slice(0, 10) });
  const headers = { 'x-api-key': 'k' };
  t.equal((await get('/nothing', headers)).statusCode, 404);
  t.equal((await app.inject({ method: 'POST', url: '/getpresignedurl', headers })).statusCode, 404);
  t.equal((await get('/getpresignedurl', { 'x-api-key': 'another' })).statusCode, 403);
  t.equal(await used(), 0);
  for (const status of [200, 200, 429]) t.equal((await get('/getpresignedurl', headers)).statusCode, status);
  t.equal(await used(), 2);
});

t.test('P7: a request that fails before its write is sent uses none of it', async (t) => {
  const quotaCounters = createMemoryQuotaCounters();
  let isReady = false;
  const uploadStore = createMemoryUploadStore({
    now: () => NOW,
    newToken: () => 'x',
    recordRetentionSeconds: 1,
  });
  async function fail(_upload: NewUpload, beforeWrite?: () => Promise<void>): Promise<void> {
    if (isReady) await beforeWrite?.();
    throw new TypeError('no item can be made of this');
  }
  const failing = { uploadStore: { ...uploadStore, issue: fail }, issuedUploads: { record: fail } };
  const { accessStore, app } = await appUnderTest(t, { quotaCounters, ...failing });
  const keyId = await addKey(accessStore, { value: 'k', dailyQuota: 10 });
  const requests = [
    { method: 'GET', url: '/getpresignedurl', headers: { 'x-api-key': 'k' } },
    { method: 'POST', url: '/v1/uploads', headers: { 'x-api-key': 'k' }, payload: {} },
    {
      method: 'POST',
      url: '/v1/uploads',
      headers: { 'x-api-key': 'k', 'idempotency-key': '1' },
      payload: {},
    },
  ] as const;
  const used = () => quotaCounters.used({ keyId, day: NOW.toISOString().slice(0, 10) });
  for (const request of requests) t.equal((await app.inject(request)).statusCode, 503);
  t.equal(await used(), 0);
  isReady = true;
  for (const request of requests) t.equal((await app.inject(request)).statusCode, 503);
  t.equal(await used(), 3, 'a write whose outcome is not known may have taken effect');
});

t.test('no count, no form: 503 with Retry-After, and the count is not sent again', async (t) => {
  let sent = 0;
  const quotaCounters: QuotaCounters = {
    ...createMemoryQuotaCounters(),
    async add() {
      sent += 1;
      throw new Error('the table is away');
    },
  };
  const { accessStore, get, faults } = await appUnderTest(t, { quotaCounters });
  await addKey(accessStore, { value: 'k', dailyQuota: 10 });
  const response = await get('/getpresignedurl', { 'x-api-key': 'k' });
  t.equal(response.statusCode, 503);
  t.equal(response.headers['retry-after'], '2');
  t.strictSame(response.json(), { message: 'Service Unavailable', code: 'ServiceUnavailable' });
  t.equal(sent, 1);
  t.strictSame(faults.calls, []);
  t.equal((await get()).statusCode, 200, 'a key without a quota needs no count');
});

t.test(
  'only what is issued is counted: not what is refused, asked for, revoked or given again',
  async (t) => {
    const quotaCounters = createMemoryQuotaCounters();
    const clock = { now: NOW };
    const { accessStore, app } = await appUnderTest(t, { quotaCounters, now: () => clock.now });
    const keyId = await addKey(accessStore, { value: 'k', dailyQuota: 2 });
    const used = () => quotaCounters.used({ keyId, day: clock.now.toISOString().slice(0, 10) });
    const send = async (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object, once?: string) =>
      app.inject({
        method,
        url: `/v1/uploads${path}`,
        headers: { 'x-api-key': 'k', ...(once && { 'idempotency-key': once }) },
        ...(payload && { payload }),
      });

    t.equal((await send('POST', '', { name: '/' })).statusCode, 400);
    t.equal((await send('POST', '', { colour: 'red' })).statusCode, 400);
    t.equal(await used(), 0);
    const first = await send('POST', '', { name: 'a' }, 'one');
    t.equal(first.statusCode, 201);
    t.match(first.headers['ratelimit'], /"day";r=1;t=68033$/);
    t.equal((await send('POST', '', { name: 'a' }, 'one')).body, first.body);
    t.equal((await send('POST', '', { name: 'b' }, 'one')).statusCode, 422);
    t.equal((await send('GET', `/${first.json().id}`)).statusCode, 200);
    t.equal((await send('DELETE', `/${first.json().id}`)).statusCode, 204);
    t.equal(await used(), 1);
    t.equal((await send('POST', '', { name: 'b' }, 'other')).statusCode, 201);
    t.equal(await used(), 2);

    const refused = await send('POST', '', { name: 'c' }, 'two');
    t.equal(refused.statusCode, 429);
    t.strictSame(refused.json(), { message: 'Limit Exceeded', code: 'LimitExceeded' });
    t.equal((await send('POST', '', { name: 'c' }, 'two')).statusCode, 429, 'not by asking again either');
    t.equal((await send('POST', '', { name: 'b' }, 'other')).statusCode, 201, 'it was issued before');
    t.equal((await send('POST', '', { name: 'a' }, 'one')).statusCode, 409, 'so was this, and revoked');
    clock.now = new Date('2025-03-05T00:00:00Z');
    t.equal((await send('POST', '', { name: 'c' }, 'two')).statusCode, 201);
    t.equal(await used(), 1);
  },
);

t.test('one request takes one unit, however often its upload is tried', async (t) => {
  const quotaCounters = createMemoryQuotaCounters();
  const { accessStore, get, faults } = await appUnderTest(t, { quotaCounters });
  const keyId = await addKey(accessStore, { value: 'k', dailyQuota: 10 });
  faults.failNext('after', 'putAll', new Error('no response'));
  t.equal((await get('/getpresignedurl', { 'x-api-key': 'k' })).statusCode, 200);
  t.equal(faults.calls.filter(({ operation }) => operation === 'putAll').length, 2);
  t.equal(await quotaCounters.used({ keyId, day: NOW.toISOString().slice(0, 10) }), 1);
});

/** Tasks on one table, each with a client whose n-th call fails as `failures` says. */
async function tasksOnOneTable(t: Test, count: number, dailyQuota: number) {
  const tables = await startTables(t);
  const accessStore = createDynamoDbAccessStore({ client: tables.client, tableName: ACCESS_TABLE });
  const failures: ('none' | 'before' | 'after')[] = [];
  const keyId = await addKey(accessStore, { value: KEY_VALUE, dailyQuota });
  const tasks = await Promise.all(
    Array.from({ length: count }, async () => {
      const client = new DynamoDBClient({
        region: REGION,
        endpoint: tables.endpoint,
        credentials: CREDENTIALS,
        maxAttempts: 1,
      });
      t.teardown(() => client.destroy());
      client.middlewareStack.add(
        (next) => async (args) => {
          const failure = failures.shift() ?? 'none';
          if (failure === 'before') throw new Error('not sent');
          const response = await next(args);
          if (failure === 'after') throw new Error('the response was lost');
          return response;
        },
        { step: 'deserialize', priority: 'low' },
      );
      const quotaCounters = createDynamoDbQuotaCounters({ client, tableName: ACCESS_TABLE });
      return await appUnderTest(t, { accessStore, quotaCounters });
    }),
  );
  const counters = createDynamoDbQuotaCounters({ client: tables.client, tableName: ACCESS_TABLE });
  return {
    tasks,
    failures,
    used: () => counters.used({ keyId, day: NOW.toISOString().slice(0, 10) }),
  };
}

t.test('P7: the quota holds over all tasks, to the last unit', async (t) => {
  const { tasks, used } = await tasksOnOneTable(t, 4, 50);
  const responses = await Promise.all(
    Array.from({ length: 200 }, (_, at) => tasks[at % 4]?.get().then(({ statusCode }) => statusCode)),
  );
  t.equal(responses.filter((status) => status === 200).length, 50);
  t.equal(responses.filter((status) => status === 429).length, 150);
  t.equal(await used(), 50);
});

t.test('P7: so too while calls fail: never more forms than the quota, less only by 503', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('none', 'none', 'before', 'after'), { maxLength: 12 }),
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 4 }),
      async (failures, dailyQuota, groups) => {
        const run = await tasksOnOneTable(t, 2, dailyQuota);
        run.failures.push(...(failures as typeof run.failures));
        const statuses: number[] = [];
        for (const size of groups) {
          const ask = async (at: number) => (await run.tasks[at % 2]?.get())?.statusCode ?? 0;
          statuses.push(...(await Promise.all(Array.from({ length: size }, (_, at) => ask(at)))));
        }
        const count = (status: number) => statuses.filter((given) => given === status).length;
        const used = await run.used();
        t.equal(count(200) + count(429) + count(503), statuses.length);
        t.ok(used <= dailyQuota, `${used} counted of ${dailyQuota}`);
        t.ok(count(200) <= used, `${count(200)} forms, ${used} counted`);
        t.ok(used - count(200) <= count(503), 'only requests with the response 503 lost a unit');
        if (count(429) > 0) t.equal(used, dailyQuota, 'no request is refused while there is something left');
      },
    ),
    { numRuns: 15 },
  );
});
