// The drill for docs/recovery.md, "A file is lost", and for what a restored table does not know: both services as processes, an operator's
// hand in bucket and table, and the command that operators run.
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { CopyObjectCommand, DeleteObjectCommand } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { acceptedKeyOf, type Upload, UploadState } from '@upload-once/uploads';
import { newUpload } from '@upload-once/uploads/testing';
import t, { type Test } from 'tap';
import { eventually } from '../../../test/support/eventually.ts';
import { startLocalCloud } from '../../../test/support/local-cloud.ts';
import { operate } from '../../../test/support/operator-stage.ts';
import { startServiceProcess } from '../../../test/support/service-process.ts';

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const TEXT = 'the only copy of a contract';
const inAnHour = () => new Date(Date.now() + 3_600_000);
const isIn = (state: UploadState) => (upload: Upload) => upload.state === state;

const cloud = await startLocalCloud(t);
const acceptor = startServiceProcess(
  t,
  pathOf('../../acceptor/src/main.ts'),
  cloud.envFor(cloud.queues.uploadEvents),
);
const processor = startServiceProcess(t, pathOf('../src/main.ts'), cloud.envFor(cloud.queues.acceptedEvents));

const remove = (Key: string, VersionId: string) =>
  cloud.s3.send(new DeleteObjectCommand({ Bucket: cloud.bucket, Key, VersionId }));

/** Copies exactly one version; onto itself as well, since it is named by its version. */
async function copyVersion(from: string, versionId: string, Key: string): Promise<string> {
  const copy = new CopyObjectCommand({
    Bucket: cloud.bucket,
    Key,
    CopySource: `${cloud.bucket}/${from}?versionId=${versionId}`,
  });
  return (await cloud.s3.send(copy)).VersionId ?? '';
}

/** Uploads one file and waits until it is done. */
async function processed(): Promise<{ key: string; acceptedKey: string; versionId: string }> {
  const key = await cloud.issue();
  await cloud.put(key, TEXT);
  const { acceptedVersionId: versionId = '' } = await cloud.upload(key, isIn(UploadState.processed));
  return { key, acceptedKey: acceptedKeyOf(key), versionId };
}

async function untilQuiet(): Promise<void> {
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
  await cloud.depthIs(cloud.queues.acceptedEvents, 0);
}

/** As docs/recovery.md has it, "A file is lost". */
async function adopt(t: Test, key: string, versionId: string): Promise<void> {
  const word = ['--yes', '--by', 'an operator', '--reason', 'restored'];
  const { code, stdout } = await operate(cloud, ['adopt', acceptedKeyOf(key), versionId, ...word]);
  t.equal(code, 0, stdout);
}

/** Each takes the accepted version away for good, and leaves the file there. Gives the restored version. */
const RESTORES: [how: string, restore: (key: string, id: string) => Promise<string>][] = [
  [
    'a backup is PUT',
    async (key, versionId) => {
      await remove(key, versionId);
      return await cloud.put(key, TEXT);
    },
  ],
  [
    'a backup is copied there',
    async (key, versionId) => {
      const backup = await copyVersion(key, versionId, 'backup/of-it');
      await remove(key, versionId);
      return await copyVersion('backup/of-it', backup, key);
    },
  ],
  [
    'the version below the delete marker is copied to the top, and expires',
    async (key, versionId) => {
      await cloud.s3.send(new DeleteObjectCommand({ Bucket: cloud.bucket, Key: key }));
      const restored = await copyVersion(key, versionId, key);
      await remove(key, versionId);
      return restored;
    },
  ],
  [
    'the object is copied onto itself, and the old version deleted',
    async (key, versionId) => {
      const restored = await copyVersion(key, versionId, key);
      await remove(key, versionId);
      return restored;
    },
  ],
];

t.test('P2: a restored file stays, is reported once, and a repair leaves it', async (t) => {
  for (const [how, restore] of RESTORES) {
    const { key, acceptedKey, versionId } = await processed();
    const restored = await restore(acceptedKey, versionId);
    await eventually(
      () => cloud.uploads.listObservedVersions(acceptedKey),
      (observedVersions) => observedVersions.some(({ reported }) => reported),
    );
    await untilQuiet();
    const repair = await operate(cloud, ['audit', '--repair', '--older-than', '0'], { now: inAnHour });
    t.equal(repair.code, 0, `${how}: there is nothing to be repaired: ${repair.stdout}`);
    await untilQuiet();
    t.equal(await cloud.read(acceptedKey), TEXT, `${how}: the bytes are there`);
    t.strictSame(await cloud.versionsOf(acceptedKey), [restored], how);
    t.match(await cloud.uploads.listObservedVersions(acceptedKey), [{ kind: 'orphan', versionId: restored }]);
    t.match(await cloud.uploads.get(key), { state: UploadState.processed, attempt: 1 });
  }
});

t.test(
  'a file that a delete marker hides comes back with the marker’s removal, without a word',
  async (t) => {
    const { acceptedKey, versionId } = await processed();
    const marker = await cloud.s3.send(new DeleteObjectCommand({ Bucket: cloud.bucket, Key: acceptedKey }));
    await remove(acceptedKey, marker.VersionId ?? '');
    await untilQuiet();
    t.equal(await cloud.read(acceptedKey), TEXT);
    t.strictSame(await cloud.versionsOf(acceptedKey), [versionId]);
    t.strictSame(await cloud.uploads.listObservedVersions(acceptedKey), []);
  },
);

t.test('P3: an upload that was not processed is processed from the restored version', async (t) => {
  const key = await cloud.issue();
  const acceptedVersionId = 'gone for good';
  const storedAt = new Date();
  const eTag = createHash('md5').update(TEXT).digest('hex');
  await cloud.uploads.claim(key, { versionId: 'v1', eTag, sizeBytes: TEXT.length, storedAt });
  await cloud.uploads.accept(key, { claimedVersionId: 'v1', acceptedVersionId });
  await cloud.uploads.startProcessing(key, { acceptedVersionId, leaseOwner: 'a processor', leaseSeconds: 1 });
  await cloud.uploads.fail(key, 1, { failureReason: 'AcceptedObjectGone' });
  const restored = await cloud.put(acceptedKeyOf(key), TEXT);
  await eventually(
    () => cloud.uploads.listObservedVersions(acceptedKeyOf(key)),
    (observedVersions) => observedVersions.some(({ reported }) => reported),
  );
  await adopt(t, key, restored);
  const repairing = ['audit', '--repair', '--retry-failed', '--older-than', '0'];
  const repair = await operate(cloud, repairing, { now: inAnHour });
  t.equal(repair.code, 4);
  t.match(await cloud.upload(key, isIn(UploadState.processed)), {
    acceptedVersionId: restored,
    attempt: 2,
    claimed: { sizeBytes: TEXT.length },
  });
  t.equal(await cloud.read(acceptedKeyOf(key)), TEXT);
});

/** The item as it was before the claim, as a table has it that was restored to that time. */
async function backToIssued(key: string, work: () => Promise<unknown>): Promise<void> {
  const documents = DynamoDBDocumentClient.from(cloud.dynamoDb);
  const Key = { FullFilename: key, item: 'upload' };
  const { Item } = await documents.send(new GetCommand({ TableName: cloud.tables.uploads, Key }));
  await work();
  await documents.send(new PutCommand({ TableName: cloud.tables.uploads, Item }));
}

t.test('P3: in a restored table no accepted file is a false orphan, and each comes to an end', async (t) => {
  // By a presigned PUT the claimed version stays; by a form it is gone.
  const keys = { put: `uploads/by-put-${Date.now()}`, post: await cloud.issue() };
  await cloud.uploads.issue(
    newUpload(keys.put, {
      issuedAt: new Date(),
      expiresAt: new Date(),
      constraints: { method: 'put', minBytes: 0, maxBytes: 1000 },
    }),
  );
  for (const key of Object.values(keys)) {
    await backToIssued(key, async () => {
      await cloud.put(key, TEXT);
      await cloud.upload(key, isIn(UploadState.processed));
      await untilQuiet();
    });
    t.match(await cloud.uploads.get(key), { state: UploadState.issued });
  }
  const before = await cloud.versionsOf('accepted/');
  const audit = ['audit', '--repair', '--older-than', '0', '--json'];
  const findings = async () =>
    (await operate(cloud, audit, { now: inAnHour })).json().map(({ kind, key }) => `${kind} ${key}`);

  t.strictSame(
    new Set(await findings()),
    new Set([
      `unclaimed ${acceptedKeyOf(keys.put)}`,
      `unclaimed ${acceptedKeyOf(keys.post)}`,
      `no-outcome ${keys.put}`,
    ]),
  );
  await cloud.upload(keys.put, isIn(UploadState.accepted));
  await untilQuiet();
  t.strictSame(
    new Set(await findings()),
    new Set([`stuck ${keys.put}`, `unclaimed ${acceptedKeyOf(keys.post)}`]),
    'the acceptor has found its copy, and the other is named still',
  );
  await cloud.upload(keys.put, isIn(UploadState.processed));

  const [versionId = ''] = await cloud.versionsOf(acceptedKeyOf(keys.post));
  await adopt(t, keys.post, versionId);
  t.strictSame(await findings(), [`stuck ${keys.post}`]);
  await cloud.upload(keys.post, isIn(UploadState.processed));
  await untilQuiet();
  t.strictSame(await findings(), []);
  t.strictSame(await cloud.versionsOf('accepted/'), before, 'every file is where it was');
  for (const key of Object.values(keys)) {
    t.strictSame(await cloud.uploads.listObservedVersions(acceptedKeyOf(key)), []);
  }
});

t.test('many files that were put back while the services work are bound by --since', async (t) => {
  const files = [await processed(), await processed()];
  const since = new Date().toISOString();
  const restored = new Map<string, string>();
  for (const { key, acceptedKey, versionId } of files) {
    await remove(acceptedKey, versionId);
    restored.set(key, await cloud.put(acceptedKey, TEXT));
    await eventually(
      () => cloud.uploads.listObservedVersions(acceptedKey),
      (observedVersions) => observedVersions.some(({ reported }) => reported),
    );
  }
  const word = ['--yes', '--by', 'an operator', '--reason', 'restored'];
  const days = ['--record-retention-days', '113'];
  const { stdout } = await operate(cloud, ['adopt', '--since', since, ...days, ...word]);
  for (const [key, versionId] of restored) {
    t.match(stdout, `${acceptedKeyOf(key)} ${versionId}\n    done: it has the ETag of the upload`);
    t.match(await cloud.uploads.get(key), { state: UploadState.processed, acceptedVersionId: versionId });
  }
});

t.test('no message was left to a dead-letter queue, and each restore was counted once', async (t) => {
  for (const service of [acceptor, processor]) {
    t.strictSame(await service.stop(), { code: 0, stderr: '' });
    t.equal(service.total('MessagesDeadLettered'), 0);
  }
  t.equal(acceptor.total('OrphanObjects'), 0);
  t.equal(processor.total('OrphanObjects'), RESTORES.length + 3);
});
