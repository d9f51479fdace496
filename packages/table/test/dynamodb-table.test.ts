import t from 'tap';
import { startDynamoDb } from '../../../test/support/start-access-table.ts';
import { createDynamoDbTable } from '../src/index.ts';
import { type TestItem, type TestKey, tableContract } from './contract/table-contract.ts';

const db = await startDynamoDb(t);

tableContract(t, async () =>
  createDynamoDbTable<TestKey, TestItem>({
    client: db.client,
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
      },
    ],
    ['QueryCommand', { ConsistentRead }],
    ['QueryCommand', { ConsistentRead, ScanIndexForward: false, Limit: 2 }],
    ['BatchGetItemCommand', { RequestItems: { [tableName]: { ConsistentRead } } }],
    ['ScanCommand', { ConsistentRead }],
    ['DeleteItemCommand', { Key: { id: 'a' } }],
  ]);
});
