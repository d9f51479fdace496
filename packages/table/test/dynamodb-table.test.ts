import { Readable } from 'node:stream';
import { HttpResponse } from '@smithy/core/protocols';
import t, { type Test } from 'tap';
import { startDynamoDb } from '../../../test/support/start-access-table.ts';
import { createDynamoDbTable } from '../src/index.ts';
import { type TestItem, type TestKey, tableContract } from './contract/table-contract.ts';

const db = await startDynamoDb(t);

const onceClient = db.createClient({ maxAttempts: 1 });
t.teardown(() => onceClient.destroy());

tableContract(t, async () =>
  createDynamoDbTable<TestKey, TestItem>({
    client: onceClient,
    tableName: await db.createTable(),
    partitionKey: 'id',
  }),
);

t.test('every call names what it reads and the condition that makes it safe', async (t) => {
  const client = db.createClient();
  t.teardown(() => client.destroy());
  const inputs: unknown[] = [];
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        inputs.push([commandName, args.input]);
        return next(args);
      },
    { step: 'initialize', name: 'watchCalls' },
  );
  const tableName = await db.createTable();
  const table = createDynamoDbTable<TestKey, TestItem>({ client, tableName, partitionKey: 'id' });
  const key = { id: 'a', item: 'x' };
  await table.putIfAbsent({ ...key, text: 'b' });
  await table.get(key);
  await table.update(key, { when: [{ attribute: 'text', equals: 'b' }], set: { count: 1 } });
  await table.query('a');
  await table.queryLast('a', 2);
  await table.getSome([key]);
  await Array.fromAsync(table.scan());
  await table.delete(key);
  const ConsistentRead = true;
  t.match(inputs, [
    ['PutItemCommand', { ConditionExpression: 'attribute_not_exists(id)' }],
    ['GetItemCommand', { ConsistentRead }],
    [
      'UpdateItemCommand',
      {
        ConditionExpression: 'attribute_exists(id) AND #text = :v0',
        UpdateExpression: 'SET #count = :v1',
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    ],
    ['QueryCommand', { ConsistentRead }],
    ['QueryCommand', { ConsistentRead, ScanIndexForward: false, Limit: 2 }],
    ['BatchGetItemCommand', { RequestItems: { [tableName]: { ConsistentRead } } }],
    ['ScanCommand', { ConsistentRead }],
    ['DeleteItemCommand', { Key: { id: { S: 'a' } } }],
  ]);
});

/** A table whose calls get these responses, one after the other, and what was sent. */
function answering(t: Test, responses: readonly { status: number; body: object }[]) {
  const left = [...responses];
  let calls = 0;
  const client = db.createClient({
    maxAttempts: 1,
    requestHandler: {
      handle: async () => {
        calls += 1;
        const { status, body } = left.shift() ?? { status: 500, body: {} };
        const headers = { 'content-type': 'application/x-amz-json-1.0' };
        return {
          response: new HttpResponse({
            statusCode: status,
            headers,
            body: Readable.from([JSON.stringify(body)]),
          }),
        };
      },
    },
  });
  t.teardown(() => client.destroy());
  const table = createDynamoDbTable<TestKey, TestItem>({
    client,
    tableName: 'a',
    partitionKey: 'id',
  });
  return { table, calls: () => calls };
}

t.test('what the table had no capacity for is said, item by item', async (t) => {
  const keyOf = (id: string) => ({ id: { S: id }, item: { S: 'x' } });
  const body = { UnprocessedItems: { a: [{ PutRequest: { Item: { ...keyOf('2'), count: { N: '1' } } } }] } };
  const { table, calls } = answering(t, [{ status: 200, body }]);
  const items = ['1', '2', '3'].map((id) => table.prepare({ id, item: 'x', count: 1 }));
  t.strictSame(await table.putAll(items), [items[1]]);
  t.equal(calls(), 1);
});

t.test('items are told apart by both keys', async (t) => {
  const items = ['x', 'y'].map((item) => ({ id: '1', item, count: 1 }));
  const body = { UnprocessedItems: { a: [{ PutRequest: { Item: { id: { S: '1' }, item: { S: 'y' } } } }] } };
  const { table } = answering(t, [{ status: 200, body }]);
  const prepared = items.map((item) => table.prepare(item));
  t.strictSame(await table.putAll(prepared), [prepared[1]]);
});

t.test('a response that leaves open what was written is an error', async (t) => {
  const unknown = { PutRequest: { Item: { id: { S: '9' }, item: { S: 'x' } } } };
  const own = { PutRequest: { Item: { id: { S: '1' }, item: { S: 'x' } } } };
  for (const body of [
    {},
    { UnprocessedItems: { b: [own] } },
    { UnprocessedItems: { a: [unknown] } },
    { UnprocessedItems: { a: [own, unknown] } },
    { UnprocessedItems: { a: [{ DeleteRequest: { Key: own.PutRequest.Item } }] } },
    { UnprocessedItems: { a: [{}] } },
  ]) {
    const { table } = answering(t, [{ status: 200, body }]);
    await t.rejects(table.putAll([table.prepare({ id: '1', item: 'x' })]), Error, JSON.stringify(body));
  }
});

t.test(
  'keys that the table had no capacity for are said, and a response without the table is an error',
  async (t) => {
    const UnprocessedKeys = { a: { Keys: [{ id: { S: '1' }, item: { S: 'x' } }] } };
    const { table } = answering(t, [
      { status: 200, body: { Responses: {}, UnprocessedKeys } },
      { status: 200, body: { Responses: { b: [] }, UnprocessedKeys: {} } },
      { status: 200, body: {} },
    ]);
    const key = { id: '1', item: 'x' };
    t.strictSame(await table.getSome([key]), { items: [], unread: [key] });
    await t.rejects(table.getSome([key]), /without Responses of its table/);
    await t.rejects(table.getSome([key]), /without Responses of its table/);
  },
);

t.test('a request that is throttled was not written, none of it', async (t) => {
  for (const name of [
    'ProvisionedThroughputExceededException',
    'RequestLimitExceeded',
    'ThrottlingException',
  ]) {
    const { table, calls } = answering(t, [{ status: 400, body: { __type: name, message: 'slow down' } }]);
    const items = ['1', '2'].map((id) => table.prepare({ id, item: 'x' }));
    t.strictSame(await table.putAll(items), items, name);
    t.equal(calls(), 1);
  }
});

t.test('a request that is refused for what is in it is told from one whose outcome is unknown', async (t) => {
  const refused = { __type: 'com.amazon.coral.validate#ValidationException', message: 'too long' };
  const { table, calls } = answering(t, [
    { status: 400, body: refused },
    { status: 500, body: { __type: 'InternalServerError' } },
    { status: 500, body: { __type: 'ValidationException' } },
  ]);
  const items = [table.prepare({ id: '1', item: 'x' })];
  await t.rejects(table.putAll(items), { code: 'ItemsRefused', message: 'too long' });
  await t.rejects(table.putAll(items), { name: 'InternalServerError' });
  await t.rejects(table.putAll(items), { name: 'ValidationException' });
  t.equal(calls(), 3, 'each was sent once');
});

t.test('items are put together only by a client that sends each request once', async (t) => {
  const table = createDynamoDbTable<TestKey, TestItem>({
    client: db.client,
    tableName: 'a',
    partitionKey: 'id',
  });
  await t.rejects(table.putAll([table.prepare({ id: '1', item: 'x' })]), {
    message: /^items are put together by a client that tries once, not up to [2-9] times$/,
  });
});
