import type { ObjectCreated } from '@upload-once/queue';
import { acceptedKeyOf, UploadState } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import { createHarness } from './harness.ts';

const PUT = { method: 'put', minBytes: 0, maxBytes: 100 } as const;
const DAY_MS = 86_400_000;

async function issued(options: { uploadsProtected: boolean }, constraints: { method: 'post' | 'put' } = PUT) {
  const harness = createHarness(options);
  const expiresAt = new Date(harness.clock.now.getTime() + 60_000);
  const key = await harness.issue({ expiresAt, constraints: { ...PUT, ...constraints } });
  const lists = () => harness.bucketFaults.calls.filter(({ operation }) => operation === 'oldestVersion');
  return { harness, key, expiresAt, lists };
}

type Harness = ReturnType<typeof createHarness>;

async function assertAccepted(t: Test, harness: Harness, key: string, text: string): Promise<void> {
  t.equal(await harness.acceptedText(key), text);
  t.match(await harness.uploads.get(key), { state: UploadState.accepted });
}

t.test('a presigned PUT under a protected prefix is claimed without a list', async (t) => {
  const { harness, key, lists } = await issued({ uploadsProtected: true });
  const event = harness.upload(key, 'first', 'Put');
  await harness.deliver(event);
  await assertAccepted(t, harness, key, 'first');
  t.strictSame(lists(), []);
  const { versionId, eTag, sizeBytes, storedAt } = event;
  t.match((await harness.uploads.get(key))?.claimed, { versionId, eTag, sizeBytes, storedAt });
});

t.test('P1: without protection a presigned PUT that covers an earlier one is never claimed', async (t) => {
  const { harness, key, lists } = await issued({ uploadsProtected: false });
  const first = harness.upload(key, 'first', 'Put');
  // S3 admits the URL once more, because nothing is current.
  harness.objects.putDeleteMarker(key);
  const second = harness.upload(key, 'second', 'Put');
  for (const event of [second, first, second]) {
    await harness.deliver(event, { receiveCount: 2 });
  }
  await assertAccepted(t, harness, key, 'first');
  t.equal(lists().length, 1);
  t.equal(harness.total('DuplicateUploads'), 1);
});

t.test('P1: without protection a version that was deleted for good is not claimed', async (t) => {
  const { harness, key } = await issued({ uploadsProtected: false });
  const gone = harness.upload(key, 'deleted by hand', 'Put');
  await harness.objects.deleteVersion(key, gone.versionId);
  await t.rejects(harness.deliver(gone), { code: 'NoVersionListed' });
  const second = harness.upload(key, 'second', 'Put');
  await harness.deliver(gone);
  await assertAccepted(t, harness, key, 'second');
  await harness.deliver(second);
});

for (const [what, method, by] of [
  ['a form', 'post', 'Post'],
  ['a PUT in place of a form', 'post', 'Put'],
  ['a form in place of a PUT', 'put', 'Post'],
  ['a copy of another principal', 'put', 'Copy'],
  ['a multipart upload of another principal', 'put', 'CompleteMultipartUpload'],
] as const) {
  t.test(`P1: the versions are listed for ${what}`, async (t) => {
    const { harness, key, lists } = await issued({ uploadsProtected: true }, { method });
    harness.upload(key, 'first');
    const later: ObjectCreated = { ...harness.upload(key, 'later'), eventName: `ObjectCreated:${by}` };
    await harness.deliver(later, { receiveCount: 2 });
    await assertAccepted(t, harness, key, 'first');
    t.equal(lists().length, 1);
  });
}

t.test('P1: the versions are listed for a PUT that ended long after its URL', async (t) => {
  for (const [afterMs, listed] of [
    [DAY_MS, 0],
    [DAY_MS + 1, 1],
  ] as const) {
    const { harness, key, expiresAt, lists } = await issued({ uploadsProtected: true });
    harness.clock.now = new Date(expiresAt.getTime() + afterMs - 1234);
    const event = harness.upload(key, 'slow', 'Put');
    t.equal(event.storedAt.getTime(), expiresAt.getTime() + afterMs);
    await harness.deliver(event);
    await assertAccepted(t, harness, key, 'slow');
    t.equal(lists().length, listed, `${afterMs} ms`);
  }
});

t.test('P1: a link’s versions are listed as soon as the lifecycle can have covered one', async (t) => {
  for (const [afterMs, listed] of [
    [8 * DAY_MS, 0],
    [8 * DAY_MS + 1, 1],
  ] as const) {
    const { harness, lists } = await issued({ uploadsProtected: true });
    const issuedAt = harness.clock.now;
    const expiresAt = new Date(issuedAt.getTime() + 30 * DAY_MS);
    const key = await harness.issue({ expiresAt, constraints: PUT, signatureSeconds: 60 });
    harness.clock.now = new Date(issuedAt.getTime() + afterMs - 1234);
    await harness.deliver(harness.upload(key, 'late', 'Put'));
    await assertAccepted(t, harness, key, 'late');
    t.equal(lists().length, listed, `${afterMs} ms`);
  }
});

t.test(
  'P1: of a link that lives longer than its first file under uploads/, that file is accepted',
  async (t) => {
    const { harness } = await issued({ uploadsProtected: true });
    const issuedAt = harness.clock.now;
    const expiresAt = new Date(issuedAt.getTime() + 30 * DAY_MS);
    const key = await harness.issue({ expiresAt, constraints: PUT, signatureSeconds: 60 });
    const first = harness.upload(key, 'first', 'Put');
    // Its event waits for days, until the lifecycle covers it, and S3 admits another URL of the link.
    harness.clock.now = new Date(issuedAt.getTime() + 9 * DAY_MS);
    harness.objects.putDeleteMarker(key);
    const second = harness.upload(key, 'second', 'Put');
    for (const event of [second, first]) await harness.deliver(event, { receiveCount: 2 });
    await assertAccepted(t, harness, key, 'first');
    t.equal(harness.total('DuplicateUploads'), 1);
  },
);

t.test(
  'P4: another principal’s form under the key of a PUT is kept apart, whichever event comes first',
  async (t) => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { harness, key } = await issued({ uploadsProtected: true });
      const events = [harness.upload(key, 'first', 'Put'), harness.upload(key, 'a form', 'Post')];
      for (const at of [...order, ...order]) {
        const event = events[at];
        if (event) await harness.deliver(event, { receiveCount: 2 });
      }
      await assertAccepted(t, harness, key, 'first');
      t.equal((await harness.objects.listVersions(acceptedKeyOf(key))).length, 1);
      t.equal(harness.total('DuplicateUploads'), 1);
    }
  },
);

t.test('P5: a revoked PUT is refused without a list too', async (t) => {
  const { harness, key, lists } = await issued({ uploadsProtected: true });
  const event = harness.upload(key, 'late', 'Put');
  await harness.uploads.revoke(key);
  await harness.deliver(event);
  t.equal(harness.total('RevokedUploads') + harness.total('StoredBeforeRevocation'), 1);
  t.strictSame(lists(), []);
});
