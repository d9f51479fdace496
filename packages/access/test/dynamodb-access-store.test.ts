import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import t from 'tap';
import { startDynamoDb } from '../../../test/support/start-access-table.ts';
import { createDynamoDbAccessStore, removeSecrets, rotateApiKey } from '../src/index.ts';
import { apiKey, sha256, testAccessStore } from './contract/access-store-contract.ts';

const db = await startDynamoDb(t);
const documents = DynamoDBDocumentClient.from(db.client);

testAccessStore(t, async () =>
  createDynamoDbAccessStore({ client: db.client, tableName: await db.createTable() }),
);

const hashOf = (number: number) => number.toString(16).padStart(64, '0');

async function itemsOf(TableName: string) {
  const { Items = [] } = await documents.send(new ScanCommand({ TableName, ConsistentRead: true }));
  return Items.sort((a, b) => (a['id'] < b['id'] ? -1 : 1));
}

/** A client whose PutItems are counted; `instead` does what happens to the given one. */
function clientWith(instead: (put: number, send: () => Promise<unknown>) => Promise<unknown>) {
  const client = db.createClient();
  let puts = 0;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context['commandName'] !== 'PutItemCommand') return next(args);
      puts += 1;
      return (await instead(puts, () => next(args))) as Awaited<ReturnType<typeof next>>;
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  t.teardown(() => client.destroy());
  return client;
}

t.test('the items are as the design says, and the value is nowhere', async (t) => {
  const tableName = await db.createTable();
  await createDynamoDbAccessStore({ client: db.client, tableName }).addKey(apiKey('k1'), sha256('a'));
  t.strictSame(await itemsOf(tableName), [
    {
      id: 'key#k1',
      item: 'key',
      schemaVersion: 1,
      name: 'build server – Zürich',
      ratePerSecond: 0.5,
      burst: 20,
      createdAt: '2030-01-01T00:00:00.123Z',
      enabled: true,
      secrets: [{ sha256: sha256('a'), createdAt: '2030-01-01T00:00:00.123Z' }],
      secretsVersion: 1,
    },
    { id: `secret#${sha256('a')}`, item: 'secret', schemaVersion: 1, keyId: 'k1' },
  ]);
});

/** A client whose n-th write is cut short, before it is sent or after it has taken effect. */
function clientCutShort(write: number, side: 'before' | 'after') {
  const client = db.createClient({ maxAttempts: 1 });
  t.teardown(() => client.destroy());
  let writes = 0;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (/^(Put|Update|Delete)Item/.test(String(context['commandName']))) writes += 1;
      const isCut = /^(Put|Update|Delete)Item/.test(String(context['commandName'])) && writes === write;
      if (isCut && side === 'before') throw new Error('cut short');
      const response = await next(args);
      if (isCut) throw new Error('cut short');
      return response;
    },
    { step: 'initialize' },
  );
  return client;
}

t.test('a change of values that was cut short anywhere: what is listed is what can open', async (t) => {
  for (const write of [1, 2, 3]) {
    for (const side of ['before', 'after'] as const) {
      const tableName = await db.createTable();
      const store = createDynamoDbAccessStore({ client: db.client, tableName });
      await store.addKey(apiKey('k1'), sha256('a'));
      const found = await store.getKey('k1');
      const wanted = [{ sha256: sha256('b'), createdAt: new Date(0) }];
      const cut = createDynamoDbAccessStore({ client: clientCutShort(write, side), tableName });
      await t.rejects(cut.changeSecrets(found, wanted), { message: 'cut short' });
      const listed = (await store.getKey('k1')).secrets.map((secret) => secret.sha256);
      t.equal(listed.length, 1);
      for (const digit of ['a', 'b']) {
        if (listed.includes(sha256(digit))) continue;
        t.equal(await store.findBySecret(sha256(digit)), undefined);
        await store.addKey(apiKey('k2'), sha256(digit));
        t.equal((await store.findBySecret(sha256(digit)))?.key.keyId, 'k2', 'it can be a key again');
      }
    }
  }
});

t.test('a change whose response was lost is recognised by its own retry', async (t) => {
  const tableName = await db.createTable();
  const client = db.createClient();
  t.teardown(() => client.destroy());
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (/^(Put|Update|Delete)Item/.test(String(context['commandName']))) await next(args);
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  const store = createDynamoDbAccessStore({ client, tableName });
  await store.addKey(apiKey('k1'), sha256('a'));
  const found = await store.getKey('k1');
  await store.changeSecrets(found, [{ sha256: sha256('b'), createdAt: new Date(0) }]);
  t.ok(await store.findBySecret(sha256('b')));
  t.equal((await itemsOf(tableName)).length, 2);
  await store.deleteKey('k1');
  t.strictSame(await itemsOf(tableName), []);
});

t.test('neither a rotation nor a deletion reads more than its key', async (t) => {
  const tableName = await db.createTable();
  const client = db.createClient();
  t.teardown(() => client.destroy());
  const commands = new Set<unknown>();
  client.middlewareStack.add(
    (next, context) => (args) => {
      commands.add(context['commandName']);
      return next(args);
    },
    { step: 'initialize' },
  );
  const store = createDynamoDbAccessStore({ client, tableName });
  const making = { store, now: () => new Date(0), randomBytes: (count: number) => new Uint8Array(count) };
  await store.addKey(apiKey('0123456789abcdef'), sha256('a'));
  await rotateApiKey('0123456789abcdef', making);
  await removeSecrets('0123456789abcdef', 'old', making);
  await store.deleteKey('0123456789abcdef');
  t.notOk(commands.has('ScanCommand'));
  t.strictSame(await itemsOf(tableName), []);
});

t.test('a deletion that was cut short left nothing that opens, and is finished by the next', async (t) => {
  for (const write of [2, 3]) {
    const tableName = await db.createTable();
    const store = createDynamoDbAccessStore({ client: db.client, tableName });
    await store.addKey(apiKey('k1'), sha256('a'));
    const cut = createDynamoDbAccessStore({ client: clientCutShort(write, 'before'), tableName });
    await t.rejects(cut.deleteKey('k1'), { message: 'cut short' });
    t.notOk((await store.findBySecret(sha256('a')))?.key.enabled);
    await store.deleteKey('k1');
    t.strictSame(await itemsOf(tableName), []);
  }
});

t.test('what else lies in the table is no key, and stays', async (t) => {
  const tableName = await db.createTable();
  const store = createDynamoDbAccessStore({ client: db.client, tableName });
  await store.addKey(apiKey('k1'), sha256('a'));
  await db.client.send(
    new PutItemCommand({ TableName: tableName, Item: { id: { S: 'quota#k1' }, item: { S: '2030-01-01' } } }),
  );
  t.equal((await store.listKeys()).length, 1);
  await store.deleteKey('k1');
  t.match(await itemsOf(tableName), [{ id: 'quota#k1' }]);
});

t.test('a list of any length is given whole', async (t) => {
  const tableName = await db.createTable();
  const store = createDynamoDbAccessStore({ client: db.client, tableName });
  // A page of a scan is 1 MB, of whatever is read: here of items that are left out.
  for (let item = 0; item < 3; item += 1) {
    await db.client.send(
      new PutItemCommand({
        TableName: tableName,
        Item: { id: { S: `other#${item}` }, item: { S: 'x' }, text: { S: 'x'.repeat(390_000) } },
      }),
    );
  }
  for (let key = 0; key < 20; key += 1) await store.addKey(apiKey(`k${key}`), hashOf(key));
  const keys = await store.listKeys();
  t.equal(keys.length, 20);
  t.ok(keys.every(({ secrets }) => secrets.length === 1));
});

t.test('a response that was lost is recognised: the repeated write is no clash', async (t) => {
  for (const lost of [1, 2]) {
    const tableName = await db.createTable();
    const client = clientWith(async (put, send) => {
      if (put === lost) await send();
      return send();
    });
    const store = createDynamoDbAccessStore({ client, tableName });
    await store.addKey(apiKey('k1'), sha256('a'));
    t.strictSame((await store.findBySecret(sha256('a')))?.key, apiKey('k1'));
    t.equal((await itemsOf(tableName)).length, 2);
  }
});

t.test('cut short between its two writes it opens nothing, and the value can be added again', async (t) => {
  const tableName = await db.createTable();
  const client = clientWith(async (put, send) => {
    if (put === 2) throw new Error('cut short');
    return send();
  });
  await t.rejects(createDynamoDbAccessStore({ client, tableName }).addKey(apiKey('k1'), sha256('a')), {
    message: 'cut short',
  });
  t.strictSame(
    (await itemsOf(tableName)).map((item) => item['id']),
    ['key#k1'],
  );
  const store = createDynamoDbAccessStore({ client: db.client, tableName });
  t.equal(await store.findBySecret(sha256('a')), undefined);
  await store.addKey(apiKey('k2'), sha256('a'));
  t.equal((await store.findBySecret(sha256('a')))?.key.keyId, 'k2');
});

t.test('a refused value leaves no key behind', async (t) => {
  const tableName = await db.createTable();
  const store = createDynamoDbAccessStore({ client: db.client, tableName });
  await store.addKey(apiKey('k1'), sha256('a'));
  await t.rejects(store.addKey(apiKey('k2'), sha256('a')), { code: 'SecretAlreadyInUse' });
  t.strictSame(
    (await itemsOf(tableName)).map((item) => item['id']),
    ['key#k1', `secret#${sha256('a')}`],
  );
});

t.test('every read that decides is strongly consistent', async (t) => {
  const tableName = await db.createTable();
  const client = db.createClient();
  t.teardown(() => client.destroy());
  const reads: unknown[] = [];
  // DynamoDB's local stand-in is always consistent: only what it is asked can tell.
  client.middlewareStack.add(
    (next, context) => (args) => {
      if (context['commandName'] === 'GetItemCommand') reads.push(args.input);
      return next(args);
    },
    { step: 'initialize' },
  );
  const store = createDynamoDbAccessStore({ client, tableName });
  await store.addKey(apiKey('k1'), sha256('a'));
  t.strictSame(reads, []);
  await store.findBySecret(sha256('a'));
  t.match(reads, [
    { ConsistentRead: true, Key: { item: { S: 'secret' } } },
    { ConsistentRead: true, Key: { item: { S: 'key' } } },
  ]);
  t.equal(reads.length, 2, 'a key that was made just now opens, one that was disabled just now does not');
  await t.rejects(store.addKey(apiKey('k2'), sha256('a')), { code: 'SecretAlreadyInUse' });
  t.match(reads.slice(2), [
    { ConsistentRead: true, Key: { item: { S: 'secret' } } },
    { ConsistentRead: true, Key: { item: { S: 'key' } } },
  ]);
});

t.test('a secret whose key is not there opens nothing', async (t) => {
  const TableName = await db.createTable();
  await db.client.send(
    new PutItemCommand({
      TableName,
      Item: {
        id: { S: `secret#${sha256('a')}` },
        item: { S: 'secret' },
        schemaVersion: { N: '1' },
        keyId: { S: 'gone' },
      },
    }),
  );
  const store = createDynamoDbAccessStore({ client: db.client, tableName: TableName });
  t.equal(await store.findBySecret(sha256('a')), undefined);
});

t.test('an item of a later release is not guessed at', async (t) => {
  const TableName = await db.createTable();
  await db.client.send(
    new PutItemCommand({
      TableName,
      Item: { id: { S: `secret#${sha256('a')}` }, item: { S: 'secret' }, schemaVersion: { N: '2' } },
    }),
  );
  const store = createDynamoDbAccessStore({ client: db.client, tableName: TableName });
  await t.rejects(store.findBySecret(sha256('a')), {
    code: 'UnsupportedSchemaVersion',
    message: 'a secret item in the table of keys has schemaVersion 2, this release reads up to 1',
  });
});

t.test('without its table every call rejects', async (t) => {
  const store = createDynamoDbAccessStore({ client: db.client, tableName: 'no-such-table' });
  const missing = { name: 'ResourceNotFoundException' };
  await t.rejects(store.ping(), missing);
  await t.rejects(store.findBySecret(sha256('a')), missing);
  await t.rejects(store.addKey(apiKey('k1'), sha256('a')), missing);
  await t.rejects(store.listKeys(), missing);
  await t.rejects(store.getKey('k1'), missing);
  await t.rejects(store.changeSecrets({ key: apiKey('k1'), secrets: [], secretsVersion: 1 }, []), missing);
  await t.rejects(store.setEnabled('k1', true), missing);
  await t.rejects(store.deleteKey('k1'), missing);
});
