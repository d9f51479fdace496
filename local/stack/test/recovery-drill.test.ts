// The drill of docs/recovery.md: the table is lost, restored to an earlier time under another name, and what came later is adopted.
import { readFile } from 'node:fs/promises';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import {
  acceptedKeyOf,
  createDynamoDbLinkStore,
  createDynamoDbUploadStore,
  ObservedKind,
  UploadState,
} from '@upload-once/uploads';
import t, { type Test } from 'tap';
import { eventually } from '../../../test/support/eventually.ts';
import { type LocalCloud, startLocalCloud } from '../../../test/support/local-cloud.ts';
import { runCommand } from './support/command-process.ts';
import { assertAllIsWell, isIn, startAcceptor, startProcessor } from './support/services-on-cloud.ts';

const RESTORED = 'uploads-2';
const SECRET_SHA256 = 'a'.repeat(64);

/** What a restore to this moment will have. */
async function restorePoint({ dynamoDb, tables }: LocalCloud) {
  const { Items = [], LastEvaluatedKey } = await DynamoDBDocumentClient.from(dynamoDb).send(
    new ScanCommand({ TableName: tables.uploads, ConsistentRead: true }),
  );
  if (LastEvaluatedKey) throw new Error('the drill has more items than one page');
  return Items;
}

/** As `restore-table-to-point-in-time`: another table, with the items of then. The first one is gone. */
async function loseAndRestore(cloud: LocalCloud, items: Awaited<ReturnType<typeof restorePoint>>) {
  const { dynamoDb, tables } = cloud;
  const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName: tables.uploads }));
  await dynamoDb.send(new DeleteTableCommand({ TableName: tables.uploads }));
  const create = new CreateTableCommand({
    TableName: RESTORED,
    KeySchema: Table?.KeySchema,
    AttributeDefinitions: Table?.AttributeDefinitions,
    BillingMode: 'PAY_PER_REQUEST',
  });
  await dynamoDb.send(create);
  await waitUntilTableExists({ client: dynamoDb, maxWaitTime: 30, minDelay: 1 }, { TableName: RESTORED });
  const documents = DynamoDBDocumentClient.from(dynamoDb);
  for (const Item of items) await documents.send(new PutCommand({ TableName: RESTORED, Item }));
}

/** The same cloud for those who know the restored table. */
function onRestored(cloud: LocalCloud): LocalCloud {
  const uploads = createDynamoDbUploadStore({
    client: cloud.dynamoDb,
    tableName: RESTORED,
    recordRetentionSeconds: 3600,
    now: () => new Date(),
    newToken: () => '',
  });
  return {
    ...cloud,
    uploads,
    tables: { ...cloud.tables, uploads: RESTORED },
    envFor: (queueUrl) => ({ ...cloud.envFor(queueUrl), UPLOADS_TABLE: RESTORED }),
    async upload(key, isThere) {
      const found = await eventually(
        () => uploads.get(key),
        (upload) => upload !== undefined && isThere(upload),
      );
      if (!found) throw new Error(`${key} is not in the restored table`);
      return found;
    },
  };
}

async function firstProcedure(): Promise<string> {
  const docs = await readFile(new URL('../../../docs/recovery.md', import.meta.url), 'utf8');
  return docs.split('## A table is lost or damaged\n')[1]?.split('\n## ')[0] ?? '';
}

/** What the runbook's own command does to the record of an upload that was revoked after the restored time. */
async function revokeAgain({ dynamoDb }: LocalCloud, FullFilename: string, at: Date): Promise<void> {
  const section = await firstProcedure();
  const option = (name: string) => new RegExp(`--${name} (['"])(.*?)(?<!\\\\)\\1`).exec(section)?.[2] ?? '';
  const values = JSON.parse(
    option('expression-attribute-values').replaceAll('\\"', '"').replace('$AT', at.toISOString()),
  );
  const update = new UpdateCommand({
    ...{ TableName: RESTORED, Key: { FullFilename, item: 'upload' } },
    ConditionExpression: option('condition-expression'),
    UpdateExpression: option('update-expression'),
    ExpressionAttributeNames: JSON.parse(option('expression-attribute-names')),
    ExpressionAttributeValues: Object.fromEntries(
      Object.entries<{ S: string }>(values).map(([name, { S }]) => [name, S]),
    ),
  });
  await DynamoDBDocumentClient.from(dynamoDb).send(update);
}

/** The commands of the runbook's first procedure, as they are there, with the time that the drill restores to. */
async function commandsOfRunbook(time: Date): Promise<string[][]> {
  const section = await firstProcedure();
  const lines = [...section.matchAll(/^ *npx upload-once (.*)$/gm)].map(([, line = '']) => line);
  return lines.map((line) =>
    [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) =>
      (quoted ?? plain ?? '').replace('$TIME', time.toISOString()).replace('$USER', 'Ada'),
    ),
  );
}

async function send(t: Test, cloud: LocalCloud, key: string, text = `content of ${key}`) {
  await cloud.put(key, text);
  await cloud.upload(key, isIn(UploadState.processed));
  t.equal(await cloud.read(acceptedKeyOf(key)), text);
}

t.test(
  'P3, P5: nothing is lost up to the restored time, and what came later is adopted by name',
  async (t) => {
    const cloud = await startLocalCloud(t);
    const { gate } = cloud.localAws.events;
    const services = [startAcceptor(t, cloud), startProcessor(t, cloud)];
    const issueTwo = () => Promise.all([cloud.issue(), cloud.issue()]);

    // Before: processed with a duplicate, accepted and waiting, uploaded and waiting, two that are only issued, and a link.
    const processed = await cloud.issue();
    await send(t, cloud, processed);
    const duplicate = await cloud.put(processed, 'a duplicate');
    await cloud.depthIs(cloud.queues.uploadEvents, 0);
    gate.hold({ keyPrefix: 'accepted/' });
    const accepted = await cloud.issue();
    await cloud.put(accepted, 'accepted before');
    await cloud.upload(accepted, isIn(UploadState.accepted));
    await cloud.depthIs(cloud.queues.uploadEvents, 0);
    gate.hold();
    const [waiting, issued] = await issueTwo();
    const revoked = await cloud.issue();
    await cloud.put(waiting, 'waits for its event');
    const linked = await cloud.issue();
    const links = (tableName: string) =>
      createDynamoDbLinkStore({
        client: cloud.dynamoDb,
        tableName,
        recordRetentionSeconds: 3600,
        newToken: () => '',
      });
    await links(cloud.tables.uploads).record({
      ...{ key: linked, apiKeyId: 'key-1', createdAt: new Date(), secretSha256: SECRET_SHA256 },
      expiresAt: new Date(Date.now() + 60_000),
    });
    await gate.whenHeld(2);
    gate.drop();

    const before = await restorePoint(cloud);
    const time = new Date();

    // After: sent with the form and the link of before, issued and sent, sent and waiting, and a duplicate of before.
    await send(t, cloud, issued, 'sent later');
    await send(t, cloud, linked, 'sent later by a link');
    await cloud.uploads.revoke(revoked);
    const revokedAt = (await cloud.upload(revoked, isIn(UploadState.revoked))).revokedAt ?? new Date(0);
    const [later, laterWaiting] = await issueTwo();
    await send(t, cloud, later);
    const laterDuplicate = await cloud.put(later, 'a duplicate of later');
    await cloud.depthIs(cloud.queues.uploadEvents, 0);
    for (const service of services) await service.stop();
    const waitingVersion = await cloud.put(laterWaiting, 'waits for its event, later');
    await cloud.depthIs(cloud.queues.uploadEvents, 1);
    const [versionOfIssued = '', versionOfLinked = '', versionOfLater = ''] = (
      await Promise.all([issued, linked, later].map((key) => cloud.versionsOf(acceptedKeyOf(key))))
    ).flat();

    await loseAndRestore(cloud, before);
    const restored = onRestored(cloud);
    const [look = [], adopt = [], repair = [], check = [], ...others] = await commandsOfRunbook(time);
    t.equal(look.join(' '), `adopt --since ${time.toISOString()}`);
    t.strictSame([adopt[0], repair[0], check[0], others], ['adopt', 'audit', 'audit', []]);

    const named = await runCommand(t, restored, ...look, '--json');
    t.equal(named.code, 4, named.stderr);
    const shown = named.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const nameOf = ({ key, versionId, outcome }: Record<string, string>) => `${outcome} ${key} ${versionId}`;
    t.strictSame(
      shown.map(nameOf).sort(),
      [
        `shown ${acceptedKeyOf(issued)} ${versionOfIssued}`,
        `shown ${acceptedKeyOf(linked)} ${versionOfLinked}`,
        `shown ${acceptedKeyOf(later)} ${versionOfLater}`,
        `shown ${laterWaiting} ${waitingVersion}`,
        `left ${later} ${laterDuplicate}`,
      ].sort(),
      'each object that came later, and no other',
    );
    // S3 lists whole seconds.
    const second = Math.floor(time.getTime() / 1000) * 1000;
    t.ok(
      shown.every(({ storedAt }) => Date.parse(storedAt) >= second),
      'with the time when it came',
    );
    t.equal(await restored.uploads.get(later), undefined, 'and nothing is recorded unasked');

    const done = await runCommand(t, restored, ...adopt);
    t.match(done, { code: 0, stderr: /^4 recorded, 0 left\./ });
    const word = { by: 'Ada', reason: `table restored to ${time.toISOString()}` };
    t.match(await restored.uploads.get(later), {
      state: UploadState.accepted,
      apiKeyId: 'adopted',
      adopted: word,
    });
    t.match(await restored.uploads.get(issued), {
      state: UploadState.accepted,
      apiKeyId: 'key-1',
      adopted: word,
    });

    await revokeAgain(restored, revoked, revokedAt);
    t.match(await restored.uploads.get(revoked), { state: UploadState.revoked, revokedAt });
    await cloud.put(revoked, 'came after the revocation');
    const again = [startAcceptor(t, restored), startProcessor(t, restored)] as const;
    const sent = await runCommand(t, restored, ...repair);
    t.equal(sent.code, 4, sent.stderr);
    const all = { accepted, waiting, issued, linked, later, laterWaiting };
    for (const key of Object.values(all)) await restored.upload(key, isIn(UploadState.processed));
    t.match(await restored.upload(laterWaiting, isIn(UploadState.processed)), { adopted: word });
    for (const queue of [cloud.queues.uploadEvents, cloud.queues.acceptedEvents])
      await cloud.depthIs(queue, 0);
    t.match(await runCommand(t, restored, ...check), { code: 0 });
    await assertAllIsWell(t, restored);
    for (const service of again) await service.stop();

    const [acceptor, processor] = again;
    t.equal(processor.total('UploadsProcessed'), Object.keys(all).length, 'each once');
    t.equal(acceptor.total('UploadsAccepted'), 2, 'those of which no copy was there');
    t.equal(processor.total('OrphanObjects') + acceptor.total('OrphanObjects'), 0, 'nothing is an orphan');
    t.match(
      (await restored.uploads.listObservedVersions(processed)).map(({ kind, versionId }) => [
        kind,
        versionId,
      ]),
      [[ObservedKind.duplicate, duplicate]],
    );
    t.match(
      (await restored.uploads.listObservedVersions(later)).map(({ kind, versionId }) => [kind, versionId]),
      [[ObservedKind.duplicate, laterDuplicate]],
    );
    t.match(await restored.uploads.get(revoked), { state: UploadState.revoked });
    t.match(await restored.uploads.listObservedVersions(revoked), [{ kind: ObservedKind.refused }]);
    t.equal(acceptor.total('RevokedUploads'), 1, 'by the time of the revocation, it came after it');
    t.match(await links(RESTORED).get(linked), { link: { secretSha256: SECRET_SHA256 } });
    t.strictSame([...acceptor.errors(), ...processor.errors()], []);
  },
);
