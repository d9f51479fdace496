import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '@upload-once/clock';
import t from 'tap';
import { startDynamoDb } from '../../../test/support/start-access-table.ts';
import { createDynamoDbTable, groupReads, type Table } from '../src/index.ts';
import { createFaultScript, createMemoryTable } from '../src/testing/index.ts';
import { type TestItem, type TestKey, tableContract } from './contract/table-contract.ts';

const db = await startDynamoDb(t);
const onceClient = db.createClient({ maxAttempts: 1 });
t.teardown(() => onceClient.destroy());

t.test('the contract, over DynamoDB', async (t) => {
  tableContract(t, async () => {
    const tableName = await db.createTable();
    const table = createDynamoDbTable<TestKey, TestItem>({
      client: onceClient,
      tableName,
      partitionKey: 'id',
    });
    return groupReads(table, 'id');
  });
});

const keyOf = (id: number | string): TestKey => ({ id: `${id}`, item: 'x' });

/** A table with the items 0 to 249, and the calls that are made of it. `getSome` leaves the keys in `busy` unread. */
async function openTable(pauses: number[] = []) {
  const faults = createFaultScript();
  const memory = createMemoryTable<TestKey, TestItem>({ partitionKey: 'id', faults });
  for (let at = 0; at < 250; at += 1) await memory.putIfAbsent({ ...keyOf(at), count: at });
  const busy = new Set<string>();
  const sizes: number[] = [];
  const table: Table<TestKey, TestItem> = {
    ...memory,
    async get(key) {
      sizes.push(1);
      return memory.get(key);
    },
    async getSome(keys) {
      sizes.push(keys.length);
      const { items } = await memory.getSome(keys.filter(({ id }) => !busy.has(id)));
      return { items, unread: keys.filter(({ id }) => busy.has(id)) };
    },
  };
  const clock: Pick<Clock, 'after'> = {
    after(delayMs, callback) {
      pauses.push(delayMs);
      callback();
      return () => undefined;
    },
  };
  return { grouped: groupReads(table, 'id', { clock, random: () => 0.25 }), faults, busy, sizes };
}

t.test('what is asked for in one turn is read in one call, and the next turn has its own', async (t) => {
  const { grouped, sizes } = await openTable();
  const reads = [grouped.get(keyOf(3)), Promise.resolve().then(() => grouped.get(keyOf(1)))];
  reads.push(grouped.get(keyOf('none')));
  await turn();
  reads.push(grouped.get(keyOf(2)));
  t.strictSame(await Promise.all(reads), [
    { ...keyOf(3), count: 3 },
    { ...keyOf(1), count: 1 },
    undefined,
    { ...keyOf(2), count: 2 },
  ]);
  t.strictSame(sizes, [3, 1]);
});

t.test('a key is read once for all who ask for it, and each gets an item of its own', async (t) => {
  const { grouped, sizes } = await openTable();
  const [one, other] = await Promise.all([grouped.get(keyOf(1)), grouped.get(keyOf(1))]);
  t.strictSame(one, { ...keyOf(1), count: 1 });
  t.strictSame(other, one);
  t.not(other, one);
  const pair = [keyOf(1), keyOf(2), keyOf(1), { ...keyOf(2), item: 'y' }];
  const items = await Promise.all(pair.map((key) => grouped.get(key)));
  t.strictSame(
    items.map((item) => item?.count),
    [1, 2, 1, undefined],
  );
  t.strictSame(sizes, [1, 3]);
});

t.test('a call takes at most 100 keys', async (t) => {
  const { grouped, sizes } = await openTable();
  const items = await Promise.all(Array.from({ length: 250 }, (_, at) => grouped.get(keyOf(at))));
  t.strictSame(
    items.map((item) => item?.count),
    Array.from({ length: 250 }, (_, at) => at),
  );
  t.strictSame(sizes, [100, 100, 50]);
});

t.test('a call that fails fails what is in it, and nothing else', async (t) => {
  const { grouped, faults } = await openTable();
  faults.failNext('before', 'getSome', new Error('throttled'));
  const both = await Promise.allSettled([grouped.get(keyOf(1)), grouped.get(keyOf(2))]);
  t.match(both, [
    { status: 'rejected', reason: { message: 'throttled' } },
    { status: 'rejected', reason: { message: 'throttled' } },
  ]);
  t.match(await grouped.get(keyOf(1)), { count: 1 });
});

t.test('what the table had no capacity for is read again, after a growing wait', async (t) => {
  const pauses: number[] = [];
  const { grouped, busy, sizes } = await openTable(pauses);
  busy.add('1').add('2');
  const reads = await Promise.allSettled([1, 2, 3].map((id) => grouped.get(keyOf(id))));
  t.match(reads, [
    {
      status: 'rejected',
      reason: { code: 'ItemUnread', message: 'the table had no capacity, 4 times in a row' },
    },
    { status: 'rejected', reason: { code: 'ItemUnread' } },
    { status: 'fulfilled', value: { count: 3 } },
  ]);
  t.strictSame(sizes, [3, 2, 2, 2]);
  t.strictSame(pauses, [37.5, 112.5, 337.5], 'a quarter less than 50, 150 and 450');
});

t.test('no item is taken for missing because the table had no capacity for it', async (t) => {
  const { grouped, busy, sizes } = await openTable();
  busy.add('1');
  const reads = [1, 3].map((id) => grouped.get(keyOf(id)));
  await reads[1];
  t.match(await reads[0], { count: 1 });
  t.strictSame(sizes, [2, 1], 'one that is left is read alone');
});
