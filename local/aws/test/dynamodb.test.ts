import { once } from 'node:events';
import { connect } from 'node:net';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import t, { type Test } from 'tap';
import { EXAMPLE_CREDENTIAL } from '../src/defaults.ts';
import { startDynamoDb } from '../src/dynamodb.ts';

function clientOf(t: Test, endpoint: string): DynamoDBClient {
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: EXAMPLE_CREDENTIAL });
  t.teardown(() => client.destroy());
  return client;
}

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: 'things',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await waitUntilTableExists(
    { client, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.2 },
    { TableName: 'things' },
  );
}

t.test('of many conditional writes at once exactly one is applied', async (t) => {
  const dynamoDb = await startDynamoDb({ port: 0 });
  t.teardown(() => dynamoDb.stop());
  const client = clientOf(t, dynamoDb.endpoint);
  await createTable(client);
  const writes = Array.from({ length: 20 }, (_, writer) =>
    client.send(
      new PutItemCommand({
        TableName: 'things',
        Item: { id: { S: 'one' }, writer: { N: String(writer) } },
        ConditionExpression: 'attribute_not_exists(id)',
      }),
    ),
  );
  const outcomes = await Promise.allSettled(writes);
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') t.equal(outcome.reason.name, 'ConditionalCheckFailedException');
  }
});

t.test('a write whose condition fails returns the item that it found, if the call asks for it', async (t) => {
  const dynamoDb = await startDynamoDb({ port: 0 });
  t.teardown(() => dynamoDb.stop());
  const client = clientOf(t, dynamoDb.endpoint);
  await createTable(client);
  const Item = { id: { S: 'one' }, count: { N: '1' }, names: { SS: ['a'] } };
  await client.send(new PutItemCommand({ TableName: 'things', Item }));
  const write = { TableName: 'things', ConditionExpression: 'attribute_exists(nothing)' };
  const calls = (id: string, returned: { ReturnValuesOnConditionCheckFailure?: 'ALL_OLD' | 'NONE' }) => {
    const Key = { id: { S: id } };
    return [
      new PutItemCommand({ ...write, Item: Key, ...returned }),
      new UpdateItemCommand({ ...write, Key, UpdateExpression: 'SET a = id', ...returned }),
      new DeleteItemCommand({ ...write, Key, ...returned }),
    ].map((command) => client.send(command as PutItemCommand));
  };
  const found = async (id: string, ReturnValuesOnConditionCheckFailure?: 'ALL_OLD' | 'NONE') => {
    const asked = ReturnValuesOnConditionCheckFailure && { ReturnValuesOnConditionCheckFailure };
    const outcomes = await Promise.allSettled(calls(id, { ...asked }));
    return outcomes.map((outcome) => {
      if (outcome.status === 'fulfilled') return 'written';
      t.equal(outcome.reason.name, 'ConditionalCheckFailedException');
      return outcome.reason.Item;
    });
  };
  t.strictSame(await found('one', 'ALL_OLD'), [Item, Item, Item]);
  t.strictSame(await found('one', 'NONE'), [undefined, undefined, undefined]);
  t.strictSame(await found('one'), [undefined, undefined, undefined]);
  t.strictSame(await found('two', 'ALL_OLD'), [undefined, undefined, undefined]);
});

t.test('a request cut in the middle does not end the process', async (t) => {
  const dynamoDb = await startDynamoDb({ port: 0 });
  t.teardown(() => dynamoDb.stop());
  const socket = connect(Number(new URL(dynamoDb.endpoint).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.end('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"half":');
  socket.resume();
  await once(socket, 'close');
  await createTable(clientOf(t, dynamoDb.endpoint));
});

t.test('tables in a folder are there again after a restart', async (t) => {
  const directory = t.testdir();
  const first = await startDynamoDb({ port: 0, directory });
  const before = clientOf(t, first.endpoint);
  await createTable(before);
  const item = { id: { S: 'one' }, text: { S: 'kept' } };
  await before.send(new PutItemCommand({ TableName: 'things', Item: item }));
  await first.stop();

  const second = await startDynamoDb({ port: 0, directory });
  t.teardown(() => second.stop());
  const { Item } = await clientOf(t, second.endpoint).send(
    new GetItemCommand({ TableName: 'things', Key: { id: { S: 'one' } }, ConsistentRead: true }),
  );
  t.same(Item, item);
});
