import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import t from 'tap';
import { startDynamoDb } from '../../../test/support/start-access-table.ts';
import { createDynamoDbIdempotencyStore } from '../src/index.ts';
import { createMemoryIdempotencyStore } from '../src/testing/index.ts';
import { KEY, record, testIdempotencyStore } from './contract/idempotency-store-contract.ts';

const now = () => record(1).issuedAt;
const db = await startDynamoDb(t);

t.test('in memory', async (t) => {
  testIdempotencyStore(t, async (clock) => createMemoryIdempotencyStore({ now: () => clock.now }));
});

t.test('in DynamoDB', async (t) => {
  testIdempotencyStore(t, async (clock) =>
    createDynamoDbIdempotencyStore({
      client: db.client,
      tableName: await db.createTable(),
      now: () => clock.now,
    }),
  );
});

t.test('the item has hashes alone and an end for the TTL', async (t) => {
  const TableName = await db.createTable();
  await createDynamoDbIdempotencyStore({ client: db.client, tableName: TableName, now }).reserve(
    KEY,
    record(1),
  );
  const documents = DynamoDBDocumentClient.from(db.client);
  t.strictSame((await documents.send(new ScanCommand({ TableName }))).Items, [
    {
      id: `idempotency#k1#${KEY.sha256}`,
      item: 'idempotency',
      schemaVersion: 1,
      requestSha256: 'b'.repeat(64),
      uploadKey: 'uploads/Zähler 1+1-1',
      issuedAt: '2030-01-01T00:00:00.123Z',
      expiresAt: '2030-01-01T00:00:30.000Z',
      writer: 'writer 1',
      deleteAt: Date.UTC(2030, 0, 2, 0, 0, 1) / 1000,
    },
  ]);
});

t.test('a write whose response was lost is recognised by its own retry', async (t) => {
  const tableName = await db.createTable();
  const client = db.createClient();
  t.teardown(() => client.destroy());
  const reads: unknown[] = [];
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context['commandName'] === 'GetItemCommand') reads.push(args.input);
      if (context['commandName'] === 'PutItemCommand') await next(args);
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  const store = createDynamoDbIdempotencyStore({ client, tableName, now });
  t.strictSame(await store.reserve(KEY, record(1)), record(1));
  t.strictSame(reads, [], 'it found its own');
  t.strictSame(await store.reserve(KEY, record(2)), record(1));
  t.match(reads, [{ ConsistentRead: true }]);
});

t.test('a record of a later release is not guessed at', async (t) => {
  const TableName = await db.createTable();
  await db.client.send(
    new PutItemCommand({
      TableName,
      Item: {
        id: { S: `idempotency#k1#${KEY.sha256}` },
        item: { S: 'idempotency' },
        schemaVersion: { N: '2' },
        deleteAt: { N: '4000000000' },
      },
    }),
  );
  const store = createDynamoDbIdempotencyStore({ client: db.client, tableName: TableName, now });
  await t.rejects(store.reserve(KEY, record(1)), {
    code: 'UnsupportedSchemaVersion',
    message: /has schemaVersion 2, this release reads up to 1/,
  });
});

t.test(
  'an item that is there for every write and for no read is an error, not an endless loop',
  async (t) => {
    const tableName = await db.createTable();
    const client = db.createClient();
    t.teardown(() => client.destroy());
    // As if the TTL took each one just between the write and the read.
    client.middlewareStack.add(
      (next, context) => async (args) =>
        context['commandName'] === 'GetItemCommand'
          ? { response: {}, output: { $metadata: {} } as Awaited<ReturnType<typeof next>>['output'] }
          : next(args),
      { step: 'initialize', priority: 'high' },
    );
    const store = createDynamoDbIdempotencyStore({ client, tableName, now });
    await store.reserve(KEY, record(1));
    await t.rejects(store.reserve(KEY, record(2)), { message: /for every write and for no read/ });
  },
);

t.test('without its table it rejects', async (t) => {
  const store = createDynamoDbIdempotencyStore({ client: db.client, tableName: 'no-such-table', now });
  await t.rejects(store.reserve(KEY, record(1)), { name: 'ResourceNotFoundException' });
});
