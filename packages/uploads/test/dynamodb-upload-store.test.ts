import {
  type BatchGetItemCommandInput,
  DynamoDBClient,
  type GetItemCommandInput,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import t, { type Test } from 'tap';
import { createDynamoDbUploadStore, type NewUpload, ObservedKind, UploadState } from '../src/index.ts';
import { newUpload } from '../src/testing/index.ts';
import { uploadStoreContract } from './contract/upload-store-contract.ts';
import { startLocal } from './local.ts';

const RECORD_RETENTION_SECONDS = 3600;
const MONTH_SECONDS = 30 * 86_400;
const local = await startLocal(t);
let serial = 0;

function openStore(client: DynamoDBClient, { readsTogether = false } = {}) {
  const clock = { now: new Date('2026-01-01T00:00:02.000Z') };
  const store = createDynamoDbUploadStore({
    client,
    tableName: local.tables.uploads,
    recordRetentionSeconds: RECORD_RETENTION_SECONDS,
    now: () => clock.now,
    newToken: () => `token-${++serial}`,
    readsTogether,
  });
  return { store, clock };
}

/** A client whose next write reaches the table, but not its response: the SDK sends it again, as it would on AWS. */
function clientThatLosesResponses(t: Test) {
  const client = new DynamoDBClient({ ...local.dynamoDbConfig, maxAttempts: 2 });
  t.teardown(() => client.destroy());
  let toLose = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const response = await next(args);
      if (toLose === 0) return response;
      toLose -= 1;
      throw Object.assign(new Error('socket hang up'), {
        code: 'ECONNRESET',
        $retryable: { throttling: false },
      });
    },
    { step: 'deserialize', name: 'loseResponse', priority: 'low' },
  );
  return { client, loseNextResponse: () => (toLose = 1) };
}

function nextUpload(): NewUpload {
  serial += 1;
  return newUpload(`uploads/dynamodb-${serial}`);
}

const version = { versionId: 'v1', eTag: 'e1', sizeBytes: 5, storedAt: new Date('2026-01-01T00:00:01.234Z') };
const acceptance = { claimedVersionId: 'v1', acceptedVersionId: 'copy-1' };
const lease = { acceptedVersionId: 'copy-1', leaseOwner: 'worker-1', leaseSeconds: 60 };

t.test('the contract', async (t) => {
  const client = new DynamoDBClient(local.dynamoDbConfig);
  t.teardown(() => client.destroy());
  uploadStoreContract(t, async () => openStore(client));
});

t.test('P3: a write whose response was lost recognises itself when it is sent again', async (t) => {
  const { client, loseNextResponse } = clientThatLosesResponses(t);
  const { store } = openStore(client);
  const upload = nextUpload();
  const { key } = upload;

  loseNextResponse();
  await t.resolves(store.issue(upload));
  loseNextResponse();
  t.match(await store.claim(key, version), { applied: true, upload: { state: UploadState.claimed } });
  loseNextResponse();
  t.match(await store.accept(key, acceptance), { applied: true, upload: { state: UploadState.accepted } });
  loseNextResponse();
  t.match(await store.startProcessing(key, lease), {
    applied: true,
    upload: { attempt: 1, leaseOwner: 'worker-1' },
  });
  loseNextResponse();
  t.match(await store.finish(key, 1), { applied: true, upload: { state: UploadState.processed } });
  loseNextResponse();
  t.match(await store.recordObservedVersion(key, ObservedKind.duplicate, { ...version, versionId: 'v2' }), {
    versionId: 'v2',
    reported: false,
  });
  t.equal((await store.listObservedVersions(key)).length, 1);
});

/** A stand-in for DynamoDB that does not return the item for which a condition fails. */
function clientThatReturnsNoOldItems(t: Test) {
  const client = new DynamoDBClient(local.dynamoDbConfig);
  t.teardown(() => client.destroy());
  client.middlewareStack.add(
    (next) => (args) => {
      delete (args.input as UpdateItemCommandInput).ReturnValuesOnConditionCheckFailure;
      return next(args);
    },
    { step: 'initialize', name: 'askForNoOldItem', priority: 'low' },
  );
  return client;
}

t.test('where the table does not return what it found, it is read', async (t) => {
  const client = clientThatReturnsNoOldItems(t);
  const { store, clock } = openStore(client);
  const upload = nextUpload();
  const { key } = upload;
  await store.issue(upload);
  await store.claim(key, version);
  t.match(await store.claim(key, version), { applied: false, upload: { state: UploadState.claimed } });
  await store.accept(key, acceptance);
  await store.startProcessing(key, lease);
  t.match(await store.startProcessing(key, lease), { applied: false, upload: { attempt: 1 } });
  clock.now = new Date(clock.now.getTime() + 60_000);
  t.match(await store.startProcessing(key, lease), { applied: true, upload: { attempt: 2 } });
});

/** What an operator or another principal writes into an item. */
async function writeByHand(client: DynamoDBClient, FullFilename: string, set: Record<string, unknown>) {
  const names = Object.keys(set);
  const update = new UpdateCommand({
    TableName: local.tables.uploads,
    Key: { FullFilename, item: 'upload' },
    UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(names.map((name) => [`:${name}`, set[name]])),
  });
  await DynamoDBDocumentClient.from(client).send(update);
}

async function acceptedUpload(t: Test) {
  const client = new DynamoDBClient(local.dynamoDbConfig);
  t.teardown(() => client.destroy());
  const { store, clock } = openStore(client);
  const upload = nextUpload();
  const { key } = upload;
  await store.issue(upload);
  await store.claim(key, version);
  await store.accept(key, acceptance);
  return { client, store, clock, key };
}

t.test('fencing: an upload that is put back to ACCEPTED by hand gets a new attempt', async (t) => {
  const { client, store, key } = await acceptedUpload(t);
  await store.startProcessing(key, lease);
  await writeByHand(client, key, { state: 'ACCEPTED', versionToProcess: 'copy-1' });
  t.match(await store.startProcessing(key, { ...lease, leaseOwner: 'worker-2' }), {
    applied: true,
    upload: { attempt: 2, leaseOwner: 'worker-2' },
    lastLeaseRanOut: false,
  });
  t.equal((await store.finish(key, 1)).applied, false);
});

t.test('the first attempt takes away what its condition named', async (t) => {
  const { client, store, key } = await acceptedUpload(t);
  const item = { TableName: local.tables.uploads, Key: { FullFilename: key, item: 'upload' } };
  const read = async () => (await DynamoDBDocumentClient.from(client).send(new GetCommand(item))).Item;
  t.match(await read(), { versionToProcess: 'copy-1' });
  await store.startProcessing(key, lease);
  t.match(await read(), { state: 'PROCESSING', versionToProcess: undefined });
});

t.test('an upload that an earlier release has accepted is processed', async (t) => {
  const { client, store, key } = await acceptedUpload(t);
  await writeByHand(client, key, { versionToProcess: '' });
  t.match(await store.startProcessing(key, lease), { applied: true, upload: { attempt: 1 } });
});

t.test('P1: only the acceptor says which version is accepted, whatever versionToProcess says', async (t) => {
  const { client, store, clock, key } = await acceptedUpload(t);
  await writeByHand(client, key, { versionToProcess: 'copy-2' });
  const other = { ...lease, acceptedVersionId: 'copy-2' };
  t.match(await store.startProcessing(key, other), {
    applied: false,
    upload: { acceptedVersionId: 'copy-1' },
  });
  clock.now = new Date(clock.now.getTime() + 60_000);
  t.equal((await store.startProcessing(key, other)).applied, false);
  t.equal((await store.startProcessing(key, lease)).applied, true);
});

t.test(
  'the item is stored under the documented names, and its deletion is put off by each transition',
  async (t) => {
    const client = new DynamoDBClient(local.dynamoDbConfig);
    t.teardown(() => client.destroy());
    const { store, clock } = openStore(client);
    const upload = nextUpload();
    const readItem = async (item: string) => {
      const Key = { FullFilename: upload.key, item };
      const get = new GetCommand({ TableName: local.tables.uploads, Key, ConsistentRead: true });
      return (await DynamoDBDocumentClient.from(client).send(get)).Item;
    };
    const expectedDeleteAt = () => clock.now.getTime() / 1000 + RECORD_RETENTION_SECONDS;

    await store.issue(upload);
    const issued = await readItem('upload');
    t.match(issued, {
      FullFilename: upload.key,
      item: 'upload',
      schemaVersion: 1,
      state: 'ISSUED',
      issuedAt: '2026-01-01T00:00:00.123Z',
      expiresAt: '2026-01-01T00:00:30.000Z',
      attempt: 0,
      deleteAt: upload.expiresAt.getTime() / 1000 + RECORD_RETENTION_SECONDS,
    });
    const steps: [string, () => Promise<unknown>][] = [
      ['CLAIMED', () => store.claim(upload.key, version)],
      ['ACCEPTED', () => store.accept(upload.key, acceptance)],
      ['PROCESSING', () => store.startProcessing(upload.key, lease)],
      ['FAILED', () => store.fail(upload.key, 1, { failureReason: 'why' })],
      ['PROCESSING', () => store.startProcessing(upload.key, lease)],
      ['PROCESSED', () => store.finish(upload.key, 2)],
    ];
    for (const [state, step] of steps) {
      clock.now = new Date(clock.now.getTime() + 1000);
      await step();
      t.match(await readItem('upload'), { state, deleteAt: expectedDeleteAt() + MONTH_SECONDS });
    }
    await store.recordObservedVersion(upload.key, ObservedKind.duplicate, { ...version, versionId: 'v2' });
    t.match(await readItem('duplicate#v2'), {
      kind: 'duplicate',
      reported: false,
      deleteAt: expectedDeleteAt(),
    });
    clock.now = new Date(clock.now.getTime() + 1000);
    await store.markReported(upload.key, ObservedKind.duplicate, 'v2');
    t.match(await readItem('duplicate#v2'), { reported: true, deleteAt: expectedDeleteAt() });
  },
);

t.test('P4: no transition brings the deletion forward', async (t) => {
  const client = new DynamoDBClient(local.dynamoDbConfig);
  t.teardown(() => client.destroy());
  const { store } = openStore(client);
  const deleteAtOf = async (FullFilename: string): Promise<number> => {
    const Key = { FullFilename, item: 'upload' };
    const get = new GetCommand({ TableName: local.tables.uploads, Key, ConsistentRead: true });
    return (await DynamoDBDocumentClient.from(client).send(get)).Item?.['deleteAt'];
  };
  // No form lives longer, and this one can still be used after all of it.
  const expiresAt = new Date('2026-01-08T00:00:00.123Z');
  const least = expiresAt.getTime() / 1000 + RECORD_RETENTION_SECONDS;
  const upload = { ...nextUpload(), expiresAt };
  await store.issue(upload);
  for (const step of [
    () => store.claim(upload.key, version),
    () => store.accept(upload.key, acceptance),
    () => store.startProcessing(upload.key, lease),
    () => store.renewLease(upload.key, { attempt: 1, leaseOwner: 'worker-1' }, 120),
    () => store.releaseLease(upload.key, 1),
    () => store.finish(upload.key, 1),
  ]) {
    t.equal((await step()).applied, true);
    t.ok((await deleteAtOf(upload.key)) >= least);
  }
  const revoked = { ...nextUpload(), expiresAt };
  await store.issue(revoked);
  t.equal((await store.revoke(revoked.key)).applied, true);
  t.ok((await deleteAtOf(revoked.key)) >= least);
});

t.test('P3: every read that decides is strongly consistent', async (t) => {
  const client = new DynamoDBClient(local.dynamoDbConfig);
  t.teardown(() => client.destroy());
  const reads: unknown[] = [];
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const { RequestItems, ConsistentRead } = args.input as BatchGetItemCommandInput & GetItemCommandInput;
        const together = RequestItems?.[local.tables.uploads];
        if (/Get|Query/.test(commandName ?? ''))
          reads.push([commandName, (together ?? { ConsistentRead }).ConsistentRead]);
        return next(args);
      },
    { step: 'initialize', name: 'watchReads' },
  );
  const { store } = openStore(client);
  await store.get('uploads/none');
  await store.listObservedVersions('uploads/none');
  await store.getWithObservedVersions('uploads/none', 10);
  const together = openStore(client, { readsTogether: true }).store;
  await Promise.all([together.get('uploads/none'), together.get('uploads/none-either')]);
  t.strictSame(reads, [
    ['GetItemCommand', true],
    ['QueryCommand', true],
    ['QueryCommand', true],
    ['BatchGetItemCommand', true],
  ]);
});

t.test('more observed versions than fit into one page are all listed', async (t) => {
  const client = new DynamoDBClient(local.dynamoDbConfig);
  t.teardown(() => client.destroy());
  const { store } = openStore(client);
  const documents = DynamoDBDocumentClient.from(client);
  // A page of a Query ends at 1 MB (Amazon DynamoDB Developer Guide, "Paginating table query results").
  const FullFilename = 'uploads/many-observed-versions';
  const count = 12;
  for (let at = 0; at < count; at += 1) {
    await store.recordObservedVersion(FullFilename, ObservedKind.orphan, { ...version, versionId: `v${at}` });
    const update = new UpdateCommand({
      TableName: local.tables.uploads,
      Key: { FullFilename, item: `orphan#v${at}` },
      UpdateExpression: 'SET padding = :padding',
      ExpressionAttributeValues: { ':padding': 'x'.repeat(200_000) },
    });
    await documents.send(update);
  }
  t.equal((await store.listObservedVersions(FullFilename)).length, count);
});

t.test('an item of a later release is neither read nor changed', async (t) => {
  const client = new DynamoDBClient(local.dynamoDbConfig);
  t.teardown(() => client.destroy());
  const { store } = openStore(client);
  const documents = DynamoDBDocumentClient.from(client);
  const TableName = local.tables.uploads;
  const refused = {
    code: 'UnsupportedSchemaVersion',
    message: /schemaVersion 2, this release reads up to 1/,
  };
  const holder = { attempt: 1, leaseOwner: 'a-worker' };
  const lease = { acceptedVersionId: 'a1', leaseOwner: 'a-worker', leaseSeconds: 60 };
  const calls: [state: string, call: (key: string) => Promise<unknown>][] = [
    ['SOMETHING', (key) => store.get(key)],
    ['ISSUED', (key) => store.claim(key, version)],
    ['ISSUED', (key) => store.revoke(key)],
    ['CLAIMED', (key) => store.accept(key, { claimedVersionId: 'v1', acceptedVersionId: 'a1' })],
    ['ACCEPTED', (key) => store.startProcessing(key, lease)],
    ['PROCESSING', (key) => store.renewLease(key, holder, 60)],
    ['PROCESSING', (key) => store.releaseLease(key, 1)],
    ['PROCESSING', (key) => store.finish(key, 1)],
    ['PROCESSING', (key) => store.fail(key, 1, { failureReason: 'full' })],
  ];
  for (const [at, [state, call]] of calls.entries()) {
    const FullFilename = `uploads/later-${at}`;
    const Item = {
      FullFilename,
      item: 'upload',
      schemaVersion: 2,
      state,
      attempt: 1,
      leaseOwner: 'a-worker',
      leaseExpiresAt: '2000-01-01T00:00:00.000Z',
    };
    await documents.send(new PutCommand({ TableName, Item }));
    await t.rejects(call(FullFilename), refused, `${at}: ${state}`);
    const Key = { FullFilename, item: 'upload' };
    t.strictSame((await documents.send(new GetCommand({ TableName, Key }))).Item, Item, 'as it was');
  }
  const Item = {
    FullFilename: 'uploads/later',
    item: `orphan#${version.versionId}`,
    schemaVersion: 2,
    kind: 'orphan',
  };
  await documents.send(new PutCommand({ TableName, Item }));
  await t.rejects(store.recordObservedVersion('uploads/later', ObservedKind.orphan, version), refused);
  await t.rejects(store.listObservedVersions('uploads/later'), refused);
});

t.test('what the table refuses for another reason than its condition is an error', async (t) => {
  const client = new DynamoDBClient({ ...local.dynamoDbConfig, maxAttempts: 1 });
  t.teardown(() => client.destroy());
  const store = createDynamoDbUploadStore({
    client,
    tableName: 'no-such-table',
    recordRetentionSeconds: 1,
    now: () => new Date(),
    newToken: () => 'token',
  });
  await t.rejects(store.claim('uploads/a', version), { name: 'ResourceNotFoundException' });
  await t.rejects(store.ping(), { name: 'ResourceNotFoundException' });
});
