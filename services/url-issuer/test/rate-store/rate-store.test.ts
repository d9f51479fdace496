import { createClient } from '@redis/client';
import { createDynamoDbAccessStore } from '@upload-once/access';
import { createMemoryAccessStore } from '@upload-once/access/testing';
import { systemClock } from '@upload-once/clock';
import t, { type Test } from 'tap';
import { createRedisBuckets } from '../../src/rates/redis-buckets.ts';
import { redisClientOptions } from '../../src/rates/redis-client-options.ts';
import { createSharedBuckets } from '../../src/rates/shared-buckets.ts';
import type { TokenBuckets } from '../../src/rates/token-buckets.ts';
import { addKey, appUnderTest, KEY_ID, KEY_VALUE } from '../app-under-test.ts';
import { environmentFor, startIssuer } from '../issuer-process.ts';
import { ACCESS_TABLE, startTables } from '../start-tables.ts';
import { startMovingName, startRateStore } from './start-rate-store.ts';

const STORE_KEY = 'upload-once:rate:k';

/** Buckets on a real store, over as many connections as are asked for. */
async function bucketsOn(t: Test, url: string, connections = 1) {
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = createClient(redisClientOptions(url));
      client.on('error', () => {});
      t.teardown(() => client.destroy());
      await client.connect();
      return client;
    }),
  );
  const [client] = clients;
  if (!client) throw new Error('no connection');
  return { client, buckets: clients.map((client) => createRedisBuckets(client)) };
}

t.test('of many at once over several connections just a burst is taken', async (t) => {
  const { url } = await startRateStore(t);
  const { buckets } = await bucketsOn(t, url, 4);
  const limit = { burst: 25, ratePerSecond: 0.001 };
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, at) => buckets[at % 4]?.take('k', limit)),
  );
  const taken = results.filter((result) => result?.taken);
  t.equal(taken.length, 25);
  t.strictSame(
    taken.map((result) => result?.remaining).sort((a, b) => Number(a) - Number(b)),
    Array.from({ length: 25 }, (_, at) => at),
  );
});

t.test('tokens come back one by one, by the clock of the store', async (t) => {
  const { url } = await startRateStore(t);
  const {
    client,
    buckets: [buckets],
  } = await bucketsOn(t, url);
  // A token takes so long that the time which this test takes does not matter.
  const limit = { burst: 3, ratePerSecond: 0.001 };
  const take = async () => (await buckets?.take('k', limit))?.taken;
  /** What so much time would have done: it is the one thing that the store remembers. */
  async function pass(ms: number) {
    const fullAt = Number(await client.get(STORE_KEY));
    await client.set(STORE_KEY, String(fullAt - ms));
  }
  t.strictSame([await take(), await take(), await take(), await take()], [true, true, true, false]);
  const refused = await buckets?.take('k', limit);
  t.match(refused, { taken: false, remaining: 0 });
  const wait = Number(refused?.waitMs);
  t.ok(wait > 500_000 && wait <= 1_000_000, `${wait} ms`);
  await pass(2_000_000);
  t.strictSame([await take(), await take(), await take()], [true, true, false]);
  await pass(100_000_000);
  t.strictSame([await take(), await take(), await take(), await take()], [true, true, true, false]);
});

t.test('a bucket that is full takes no memory', async (t) => {
  const { url } = await startRateStore(t);
  const {
    client,
    buckets: [buckets],
  } = await bucketsOn(t, url);
  const result = await buckets?.take('k', { burst: 10, ratePerSecond: 0.001 });
  const leftMs = Number(await client.pTTL(STORE_KEY));
  t.ok(leftMs > 0 && leftMs <= Number(result?.fullInMs));
});

t.test(
  'a burst that was lowered, or a clock that was set back, leaves no bucket emptier than empty',
  async (t) => {
    const { url } = await startRateStore(t);
    const {
      client,
      buckets: [buckets],
    } = await bucketsOn(t, url);
    await client.set(STORE_KEY, String(Date.now() + 10 ** 12));
    const result = await buckets?.take('k', { burst: 2, ratePerSecond: 0.001 });
    t.match(result, { taken: false, remaining: 0 });
    t.ok(Number(result?.waitMs) <= 1_000_000);
  },
);

t.test('P7: the rate holds over all tasks that share a store', async (t) => {
  const { url } = await startRateStore(t);
  const { buckets } = await bucketsOn(t, url, 3);
  const accessStore = createMemoryAccessStore();
  await addKey(accessStore, { value: KEY_VALUE, burst: 10, ratePerSecond: 0.001 });
  const tasks = await Promise.all(
    buckets.map((store) => appUnderTest(t, { accessStore, buckets: sharedWith(store) })),
  );
  const statuses = await Promise.all(
    Array.from({ length: 45 }, async (_, at) => (await tasks[at % 3]?.get())?.statusCode),
  );
  t.equal(statuses.filter((status) => status === 200).length, 10);
  t.equal(statuses.filter((status) => status === 429).length, 35);
});

/** As main.ts has it, but with the timeout of a test: a busy machine is no store that is away. */
function sharedWith(store: TokenBuckets): TokenBuckets {
  const unused = () => {
    throw new Error('the store was away');
  };
  return createSharedBuckets({
    store,
    localFallback: { take: unused },
    clock: systemClock,
    log: { warn: unused, info: unused },
    onCountedLocally: unused,
    timeoutMs: 60_000,
    retryMs: 1_000,
  });
}

for (const [response, servesStaleData] of [
  ['READONLY', 'yes'],
  ['MASTERDOWN', 'no'],
] as const) {
  t.test(
    `a primary that has become a replica, and responds with ${response}, is left for the new one`,
    async (t) => {
      const [before, after] = await Promise.all([startRateStore(t), startRateStore(t)]);
      const name = await startMovingName(t, before);
      const {
        client,
        buckets: [buckets],
      } = await bucketsOn(t, name.url);
      const limit = { burst: 3, ratePerSecond: 0.001 };
      t.match(await buckets?.take('k', limit), { taken: true, remaining: 2 });

      // Of a primary that does not exist, so that its replication never changes what it says.
      const { client: admin } = await bucketsOn(t, before.url);
      await admin.sendCommand(['CONFIG', 'SET', 'replica-serve-stale-data', servesStaleData]);
      await admin.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
      name.leadTo(after);
      t.equal(name.connections(), 1, 'the connection stands');

      const connected = new Promise<void>((resolve) => client.once('ready', resolve));
      await t.rejects(async () => await buckets?.take('k', limit), { message: new RegExp(response) });
      await connected;
      t.equal(name.connections(), 2);
      t.match(
        await buckets?.take('k', limit),
        { taken: true, remaining: 2 },
        'the new one knows nothing of it',
      );
      t.match(await buckets?.take('k', limit), { taken: true, remaining: 1 }, 'and is written to');
    },
  );
}

t.test(
  'a store that goes away and comes back: the service goes on, says so, and finds it by itself',
  async (t) => {
    const store = await startRateStore(t);
    const tables = await startTables(t);
    const accessStore = createDynamoDbAccessStore({ client: tables.client, tableName: ACCESS_TABLE });
    // As many as are asked for below, and so slowly filled that the store has something to remember.
    await addKey(accessStore, { value: KEY_VALUE, burst: 10_000, ratePerSecond: 0.1 });
    const issuer = startIssuer(t, { ...environmentFor(tables.endpoint), RATE_LIMIT_STORE_URL: store.url });
    const url = await issuer.url();
    const ask = async () => {
      const response = await fetch(`${url}/getpresignedurl`, { headers: { 'x-api-key': KEY_VALUE } });
      await response.arrayBuffer();
      return response.status;
    };
    /** A client reconnects after a second without an event, so this asks every tenth of a second, a bounded number of times. */
    const askUntil = async (isSo: () => boolean | Promise<boolean>) => {
      for (let attempt = 1; attempt <= 300 && !(await isSo()); attempt += 1) {
        t.not(await ask(), 429);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      t.ok(await isSo());
    };
    const linesOf = (message: RegExp) => issuer.lines.filter(({ msg }) => message.test(String(msg))).length;
    const client = createClient(redisClientOptions(store.url));
    client.on('error', () => {});
    await client.connect();
    t.teardown(() => client.destroy());
    /** A busy machine may make it miss the store before, too: what counts is how its last word on it was. */
    const isAway = () =>
      linesOf(/store of the rates does not respond/) > linesOf(/store of the rates responds again/);
    await askUntil(async () => !isAway() && (await client.exists(`upload-once:rate:${KEY_ID}`)) === 1);
    await store.stop();
    await askUntil(isAway);
    t.ok(issuer.lines.some((line) => line['RatesCountedLocally'] === 1));
    await store.start();
    await askUntil(() => !isAway());
  },
);
