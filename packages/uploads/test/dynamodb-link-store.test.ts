import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import t, { type Test } from 'tap';
import {
  createDynamoDbLinkStore,
  createDynamoDbUploadRecords,
  createDynamoDbUploadStore,
} from '../src/index.ts';
import { linkStoreContract } from './contract/link-store-contract.ts';
import { startLocal } from './local.ts';

const local = await startLocal(t);
let serial = 0;

async function open(t: Test, options: { maxAttempts?: number } = {}) {
  const client = new DynamoDBClient({ ...local.dynamoDbConfig, ...options });
  t.teardown(() => client.destroy());
  const common = {
    client,
    tableName: local.tables.uploads,
    recordRetentionSeconds: 3600,
    now: () => new Date('2026-01-01T00:00:02.000Z'),
    newToken: () => `token-${++serial}`,
  };
  const itemOf = async (FullFilename: string, item: string) => {
    const get = new GetCommand({
      TableName: common.tableName,
      Key: { FullFilename, item },
      ConsistentRead: true,
    });
    return (await DynamoDBDocumentClient.from(client).send(get)).Item;
  };
  return {
    client,
    store: createDynamoDbUploadStore(common),
    links: createDynamoDbLinkStore(common),
    records: createDynamoDbUploadRecords({ ...common, pause: async () => undefined }),
    recordRetentionSeconds: common.recordRetentionSeconds,
    itemOf,
  };
}

t.test('the contract', async (t) => linkStoreContract(t, open));

const newLink = (key: string) => ({
  key,
  apiKeyId: `key of ${key}`,
  createdAt: new Date('2026-01-01T00:00:00.123Z'),
  expiresAt: new Date('2026-01-08T00:00:00.000Z'),
  secretSha256: 'ab'.repeat(32),
});

const newUpload = (key: string) => ({
  ...newLink(key),
  issuedAt: newLink(key).createdAt,
  constraints: { method: 'put' as const, minBytes: 0, maxBytes: 10 },
  metadata: {},
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
});

t.test('a link and its upload are one read, a page of them is two, all strongly consistent', async (t) => {
  const { client, store, links } = await open(t);
  for (const key of ['uploads/read-1', 'uploads/read-2']) {
    await store.issue(newUpload(key));
    await links.record({ ...newLink(key), apiKeyId: 'reader' });
  }
  const reads: unknown[] = [];
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        reads.push([commandName, JSON.stringify(args.input).includes('"ConsistentRead":true')]);
        return next(args);
      },
    { step: 'initialize', name: 'watchReads' },
  );
  await links.get('uploads/read-1');
  t.equal((await links.list('reader', 50)).links.length, 2);
  t.strictSame(reads, [
    ['BatchGetItemCommand', true],
    ['QueryCommand', true],
    ['BatchGetItemCommand', true],
  ]);
});

t.test('a write whose response was lost recognises itself when it is sent again', async (t) => {
  const { client, store, links } = await open(t, { maxAttempts: 2 });
  /** Of each write the first response is lost. */
  const lost = new Set<unknown>();
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const response = await next(args);
        if (!/Put|Update/.test(String(commandName)) || lost.has(args.input)) return response;
        lost.add(args.input);
        throw Object.assign(new Error('socket hang up'), {
          code: 'ECONNRESET',
          $retryable: { throttling: false },
        });
      },
    { step: 'deserialize', name: 'loseResponse', priority: 'low' },
  );
  const link = newLink('uploads/lost');
  await store.issue(newUpload(link.key));
  await links.record(link);
  t.equal((await links.get(link.key))?.link.secretSha256, link.secretSha256);
  t.match(await links.changeTexts(link.key, { title: 'changed' }), { title: 'changed' });
  t.equal((await store.changeExpiry(newUpload(link.key), new Date('2026-01-09T00:00:00Z'))).applied, true);
  t.equal(lost.size, 5);
});

t.test('a write that arrives late takes no newer secret back', async (t) => {
  const { client, store, links } = await open(t);
  const link = newLink('uploads/late');
  await store.issue(newUpload(link.key));
  await links.record(link);
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let isHeld = false;
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === 'UpdateItemCommand' && !isHeld) {
          isHeld = true;
          reached.resolve();
          await released.promise;
          // The caller has long given up: what it wrote last is only on its way.
          const response = await next(args).catch(() => undefined);
          if (response) return response;
          throw new Error('timed out');
        }
        return next(args);
      },
    { step: 'initialize', name: 'holdWrite' },
  );
  const late = links.record({ ...link, secretSha256: '11'.repeat(32) });
  await reached.promise;
  await links.record({ ...link, secretSha256: '22'.repeat(32) });
  released.resolve();
  await t.rejects(late, { message: 'timed out' });
  t.equal((await links.get(link.key))?.link.secretSha256, '22'.repeat(32));
});

t.test('who looks after the table sees uploads, and no links', async (t) => {
  const { store, links, records } = await open(t);
  const link = newLink('uploads/seen');
  await store.issue(newUpload(link.key));
  await links.record(link);
  const found = (await Array.fromAsync(records.pages())).flat();
  t.equal(found.filter((record) => 'upload' in record && record.upload.key === link.key).length, 1);
  t.ok(found.every((record) => 'upload' in record || 'observedVersion' in record || 'tally' in record));
  t.notOk(JSON.stringify(found).includes('links#'));
  t.notOk(found.some((record) => 'observedVersion' in record && record.observedVersion.kind === undefined));
});
