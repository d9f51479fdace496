import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { createTable } from '@upload-once/local-aws';
import t, { type Test } from 'tap';
import {
  createDynamoDbUploadRecords,
  createDynamoDbUploadStore,
  type Upload,
  UploadState,
} from '../src/index.ts';
import { newUpload } from '../src/testing/index.ts';
import { uploadRecordsContract } from './contract/upload-records-contract.ts';
import { startLocal } from './local.ts';

const RECORD_RETENTION_SECONDS = 3600;
const local = await startLocal(t);
let tables = 0;

/** A table of its own, so that a Scan sees nothing of another test. */
async function open(t: Test) {
  const client = new DynamoDBClient(local.dynamoDbConfig);
  t.teardown(() => client.destroy());
  const tableName = `records-${++tables}`;
  await createTable(client, tableName, 'FullFilename');
  const clock = { now: new Date('2026-01-01T00:00:02.000Z') };
  const pauses: number[] = [];
  let serial = 0;
  const common = {
    client,
    tableName,
    recordRetentionSeconds: RECORD_RETENTION_SECONDS,
    now: () => clock.now,
  };
  const store = createDynamoDbUploadStore({ ...common, newToken: () => `token-${++serial}` });
  const records = createDynamoDbUploadRecords({
    ...common,
    pause: async (attempt) => void pauses.push(attempt),
  });
  const itemOf = async (FullFilename: string, item: string) => {
    const get = new GetCommand({ TableName: tableName, Key: { FullFilename, item }, ConsistentRead: true });
    return (await DynamoDBDocumentClient.from(client).send(get)).Item;
  };
  return {
    client,
    tableName,
    store,
    records,
    clock,
    pauses,
    recordRetentionSeconds: RECORD_RETENTION_SECONDS,
    itemOf,
  };
}

t.test('the contract', async (t) => uploadRecordsContract(t, open));

t.test('every read is strongly consistent', async (t) => {
  const { client, records } = await open(t);
  const reads: unknown[] = [];
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        reads.push([commandName, JSON.stringify(args.input).includes('"ConsistentRead":true')]);
        return next(args);
      },
    { step: 'initialize', name: 'watchReads' },
  );
  await Array.fromAsync(records.pages());
  await records.uploads(['uploads/none']);
  t.strictSame(reads, [
    ['ScanCommand', true],
    ['BatchGetItemCommand', true],
  ]);
});

t.test('an adoption leaves an item that a later release has written', async (t) => {
  const { client, tableName, store, records, itemOf } = await open(t);
  const key = 'uploads/later';
  await store.issue(newUpload(key));
  const upload = (await store.get(key)) as Upload;
  const Item = { ...(await itemOf(key, 'upload')), schemaVersion: 2 };
  await DynamoDBDocumentClient.from(client).send(new PutCommand({ TableName: tableName, Item }));
  const claimed = { versionId: 'v1', eTag: 'e1', sizeBytes: 5, storedAt: new Date(0) };
  const word = { by: 'Ada', reason: 'the table was restored' };
  const adoption = {
    ...({ how: 'accept', key, upload, lost: { apiKeyId: 'key-2' }, claimed } as const),
    ...{ acceptedVersionId: 'a1', isProcessed: false },
  };
  t.equal(upload.state, UploadState.issued);
  t.equal(await records.adopt(adoption, word, '0af7651916cd43dd8448eb211c80319c'), false);
  t.strictSame(await itemOf(key, 'upload'), Item, 'as it was');
});

t.test('keys for which the table had no capacity are asked for again, after a pause', async (t) => {
  const { client, store, records, pauses } = await open(t);
  const keys = ['uploads/a', 'uploads/b', 'uploads/c'];
  for (const key of keys) await store.issue(newUpload(key));
  // dynalite has capacity for everything: what it was asked for is handed back in part, as a busy table does it.
  const asked: number[] = [];
  client.middlewareStack.add(
    (next) => async (args) => {
      const requests = (args.input as { RequestItems: Record<string, { Keys: unknown[] }> }).RequestItems;
      const [table = '', { Keys }] = Object.entries(requests)[0] ?? ['', { Keys: [] }];
      asked.push(Keys.length);
      const shortened = { ...args, input: { RequestItems: { [table]: { Keys: Keys.slice(0, 1) } } } };
      const result = await next(shortened as typeof args);
      const UnprocessedKeys = Keys.length > 1 ? { [table]: { Keys: Keys.slice(1) } } : {};
      return { ...result, output: { ...(result.output as object), UnprocessedKeys } } as typeof result;
    },
    { step: 'initialize', name: 'busyTable', priority: 'low' },
  );
  t.strictSame([...(await records.uploads(keys)).keys()].sort(), keys);
  t.strictSame(asked, [3, 2, 1]);
  t.strictSame(pauses, [2, 3]);
});
