import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  createDynamoDbAccessStore,
  createDynamoDbIdempotencyStore,
  createDynamoDbQuotaCounters,
} from '@upload-once/access';
import {
  createMemoryAccessStore,
  createMemoryIdempotencyStore,
  createMemoryQuotaCounters,
} from '@upload-once/access/testing';
import { createDynamoDbUploadStore } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import type { AppOptions } from '../src/app.ts';
import { addKey, appUnderTest, KEY_VALUE, NOW } from './app-under-test.ts';
import { ACCESS_TABLE, CREDENTIALS, REGION, startTables, UPLOADS_TABLE } from './start-tables.ts';

type Stores = Pick<AppOptions, 'accessStore' | 'idempotencyStore' | 'quotaCounters'> &
  Partial<Pick<AppOptions, 'uploadStore'>>;

type Now = () => Date;

async function inMemory(_t: Test, now: Now): Promise<Stores> {
  return {
    accessStore: createMemoryAccessStore(),
    idempotencyStore: createMemoryIdempotencyStore({ now }),
    quotaCounters: createMemoryQuotaCounters(),
  };
}

async function inDynamoDb(t: Test, now: Now): Promise<Stores> {
  const { client, endpoint } = await startTables(t);
  const once = new DynamoDBClient({ region: REGION, endpoint, credentials: CREDENTIALS, maxAttempts: 1 });
  t.teardown(() => once.destroy());
  let writes = 0;
  return {
    accessStore: createDynamoDbAccessStore({ client, tableName: ACCESS_TABLE }),
    idempotencyStore: createDynamoDbIdempotencyStore({ client, tableName: ACCESS_TABLE, now }),
    quotaCounters: createDynamoDbQuotaCounters({ client: once, tableName: ACCESS_TABLE }),
    uploadStore: createDynamoDbUploadStore({
      client,
      tableName: UPLOADS_TABLE,
      now,
      newToken: () => `write ${writes++}`,
      recordRetentionSeconds: 1000,
    }),
  };
}

/** Tasks on one table, with one key; `pause` is what each does when it waits for another. */
async function tasksOnOneTable(
  t: Test,
  options: {
    readonly dailyQuota?: number;
    readonly open?: typeof inMemory;
    readonly pause?: AppOptions['pause'];
    readonly count?: number;
  },
) {
  const { dailyQuota, open = inMemory, pause, count = 2 } = options;
  const clock = { now: NOW };
  const now = () => clock.now;
  const stores = await open(t, now);
  const keyId = await addKey(stores.accessStore, {
    value: KEY_VALUE,
    ...(dailyQuota !== undefined && { dailyQuota }),
  });
  const all = { now, ...stores, ...(pause && { pause }) };
  const first = await appUnderTest(t, all);
  const { uploadStore = first.uploadStore } = stores;
  const others = Array.from({ length: count - 1 }, () => appUnderTest(t, { ...all, uploadStore }));
  const tasks = [first, ...(await Promise.all(others))];
  return {
    clock,
    ...stores,
    faults: first.faults,
    async create(task: number, idempotencyKey = 'one') {
      const { app = first.app } = tasks[task] ?? {};
      const headers = { 'x-api-key': KEY_VALUE, 'idempotency-key': idempotencyKey };
      return await app.inject({ method: 'POST', url: '/v1/uploads', headers, payload: { name: 'report' } });
    },
    used: () => stores.quotaCounters.used({ keyId, day: clock.now.toISOString().slice(0, 10) }),
    issued: () =>
      tasks.flatMap(({ metrics }) => metrics).filter(({ name }) => name === 'UploadsIssued').length,
  };
}

for (const [where, open] of Object.entries({ inMemory, inDynamoDb })) {
  for (const dailyQuota of [1, 10]) {
    t.test(
      `P7: repeats at once over three tasks take one unit of ${dailyQuota}, and all get the upload, ${where}`,
      async (t) => {
        const { create, used, issued } = await tasksOnOneTable(t, { dailyQuota, open, count: 3 });
        const responses = await Promise.all(Array.from({ length: 12 }, (_, at) => create(at % 3)));
        t.strictSame(
          responses.map(({ statusCode }) => statusCode),
          Array(12).fill(201),
        );
        t.equal(new Set(responses.map(({ body }) => body)).size, 1);
        t.equal(await used(), 1);
        t.equal(issued(), 1);
        t.equal((await create(1)).body, responses[0]?.body);
        t.equal(await used(), 1);
      },
    );
  }
}

t.test('who comes while another task is issuing waits, and gets its upload', async (t) => {
  const run = await tasksOnOneTable(t, { dailyQuota: 1, pause: async () => writing.release() });
  const writing = run.faults.stallNext('before', 'putIfAbsent');
  const first = run.create(0);
  await writing.reached;
  const second = await run.create(1);
  t.equal(second.statusCode, 201);
  t.equal((await first).body, second.body);
  t.equal(await run.used(), 1);
});

t.test('no request waits where nothing is counted', async (t) => {
  const run = await tasksOnOneTable(t, {
    pause: async () => {
      throw new Error('waited');
    },
  });
  const writing = run.faults.stallNext('before', 'putIfAbsent');
  const first = run.create(0);
  await writing.reached;
  const second = await run.create(1);
  t.equal(second.statusCode, 201);
  writing.release();
  t.equal((await first).body, second.body);
  t.equal(run.issued(), 1);
});

t.test('who waits for too long is asked to come again', async (t) => {
  let waits = 0;
  const run = await tasksOnOneTable(t, {
    dailyQuota: 5,
    pause: async () => {
      waits += 1;
    },
  });
  const writing = run.faults.stallNext('before', 'putIfAbsent');
  const first = run.create(0);
  await writing.reached;
  const second = await run.create(1);
  t.equal(second.statusCode, 503);
  t.equal(second.headers['retry-after'], '2');
  t.ok(waits > 0);
  writing.release();
  t.equal((await first).statusCode, 201);
  t.equal((await run.create(1)).body, (await first).body);
  t.equal(await run.used(), 1);
});

t.test('a task that died does not hold the request for long; its unit may be lost', async (t) => {
  const run = await tasksOnOneTable(t, { dailyQuota: 5, pause: async () => {} });
  const dying = run.faults.stallNext('before', 'putIfAbsent');
  const first = run.create(0);
  const { key } = await dying.reached;
  run.clock.now = new Date(NOW.getTime() + 9_999);
  t.equal((await run.create(1)).statusCode, 503);
  run.clock.now = new Date(NOW.getTime() + 10_000);
  const second = await run.create(1);
  t.equal(second.statusCode, 201);
  t.match(second.json(), { id: key.replace('uploads/', ''), expiresAt: '2025-03-04T05:06:47.000Z' });
  t.equal(await run.used(), 2);
  dying.release();
  t.equal((await first).body, second.body, 'had it only slept, it would be the same upload');
  t.equal(run.issued(), 1);
});

t.test('who takes over when the last unit is gone gets the upload that it was taken for', async (t) => {
  const run = await tasksOnOneTable(t, { dailyQuota: 1, pause: async () => {} });
  const sleeping = run.faults.stallNext('before', 'putIfAbsent');
  const first = run.create(0);
  await sleeping.reached;
  run.clock.now = new Date(NOW.getTime() + 10_000);
  // It wakes up after the other has seen that there is no upload, and before that one is refused.
  const { add } = run.quotaCounters;
  run.quotaCounters.add = async (...args) => {
    sleeping.release();
    await first;
    return await add(...args);
  };
  const second = await run.create(1);
  t.equal((await first).statusCode, 201);
  t.equal(second.statusCode, 201);
  t.equal(second.body, (await first).body);
  t.equal(await run.used(), 1);
});

t.test('what was refused or failed is given back at once: no request waits for it', async (t) => {
  const run = await tasksOnOneTable(t, {
    dailyQuota: 1,
    pause: async () => {
      throw new Error('waited');
    },
  });
  t.equal((await run.create(0, 'another')).statusCode, 201);
  for (const task of [0, 1, 0]) t.equal((await run.create(task)).statusCode, 429);
  run.clock.now = new Date('2025-03-05T00:00:00Z');
  run.faults.failNext('before', 'putIfAbsent', new Error('the table is away'));
  t.equal((await run.create(0)).statusCode, 503);
  run.clock.now = new Date('2025-03-06T00:00:00Z');
  t.equal((await run.create(1)).statusCode, 201);
  t.equal(await run.used(), 1);
});

t.test('a record that can’t be given back runs out by itself', async (t) => {
  const run = await tasksOnOneTable(t, { dailyQuota: 2, pause: async () => {} });
  const { reserve } = run.idempotencyStore;
  run.idempotencyStore.reserve = async (...args) => {
    if (args[2] !== undefined) throw new Error('the table is away');
    return await reserve(...args);
  };
  run.faults.failNext('before', 'putIfAbsent', new Error('the table is away'));
  t.equal((await run.create(0)).statusCode, 503);
  run.idempotencyStore.reserve = reserve;
  t.equal((await run.create(1)).statusCode, 503);
  run.clock.now = new Date(NOW.getTime() + 10_000);
  t.equal((await run.create(1)).statusCode, 201);
});
