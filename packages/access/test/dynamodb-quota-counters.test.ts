import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import t from 'tap';
import { startDynamoDb } from '../../../test/support/start-access-table.ts';
import { createDynamoDbQuotaCounters } from '../src/index.ts';
import { testQuotaCounters } from './contract/quota-counters-contract.ts';

const db = await startDynamoDb(t);
const today = { keyId: 'k1', day: '2030-01-31' };

function clientThatTries(maxAttempts: number) {
  const client = db.createClient({ maxAttempts });
  t.teardown(() => client.destroy());
  return client;
}
const client = clientThatTries(1);

testQuotaCounters(t, async () => createDynamoDbQuotaCounters({ client, tableName: await db.createTable() }));

t.test('the item is as the design says, and the table removes it a week after its day', async (t) => {
  const tableName = await db.createTable();
  const counters = createDynamoDbQuotaCounters({ client, tableName });
  await counters.add(today, 2, 10);
  await counters.add(today, 1, 10);
  const { Items } = await DynamoDBDocumentClient.from(db.client).send(
    new ScanCommand({ TableName: tableName }),
  );
  t.strictSame(Items, [
    {
      id: 'quota#k1',
      item: '2030-01-31',
      used: 3,
      schemaVersion: 1,
      deleteAt: Date.UTC(2030, 1, 8) / 1000,
    },
  ]);
});

t.test('an increment whose response is lost is sent once, and counts', async (t) => {
  const tableName = await db.createTable();
  const losing = clientThatTries(1);
  let sent = 0;
  losing.middlewareStack.add(
    (next) => async (args) => {
      sent += 1;
      await next(args);
      throw Object.assign(new Error('the response was lost'), { name: 'TimeoutError', $retryable: {} });
    },
    { step: 'deserialize', priority: 'low' },
  );
  await t.rejects(createDynamoDbQuotaCounters({ client: losing, tableName }).add(today, 4, 10), {
    message: 'the response was lost',
  });
  t.equal(sent, 1);
  t.equal(await createDynamoDbQuotaCounters({ client, tableName }).used(today), 4);
});

t.test('a client that would send an increment again is refused', async (t) => {
  const tableName = await db.createTable();
  await t.rejects(createDynamoDbQuotaCounters({ client: clientThatTries(2), tableName }).add(today, 1, 10), {
    message: 'quotas are counted by a client that tries once, not up to 2 times',
  });
  t.equal(await createDynamoDbQuotaCounters({ client, tableName }).used(today), 0);
});

t.test('a count is read as it stands, not as it stood', async (t) => {
  const tableName = await db.createTable();
  const watched = clientThatTries(1);
  const reads: unknown[] = [];
  // DynamoDB's local stand-in is always consistent: only what it is asked can tell.
  watched.middlewareStack.add(
    (next, context) => (args) => {
      if (context['commandName'] === 'GetItemCommand') reads.push(args.input);
      return next(args);
    },
    { step: 'initialize' },
  );
  await createDynamoDbQuotaCounters({ client: watched, tableName }).used(today);
  t.match(reads, [{ ConsistentRead: true }]);
});

t.test('without its table every call rejects', async (t) => {
  const counters = createDynamoDbQuotaCounters({ client, tableName: 'no-such-table' });
  await t.rejects(counters.add(today, 1, 1), { name: 'ResourceNotFoundException' });
  await t.rejects(counters.used(today), { name: 'ResourceNotFoundException' });
});
