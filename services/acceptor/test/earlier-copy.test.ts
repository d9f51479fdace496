import { acceptedKeyOf, ObservedKind, UploadState } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import { createHarness, issued, uploaded } from './harness.ts';

/** What a copy that finds something under accepted/ takes for its own, and what it never does. */
type Harness = ReturnType<typeof createHarness>;

/** An upload that is CLAIMED: its acceptor died before it copied. */
async function claimedUpload(harness: Harness, text = 'first') {
  const key = await harness.issue();
  const event = harness.upload(key, text);
  harness.bucketFaults.failNext('before', 'copyIfAbsent', new Error('crash'));
  await harness.deliver(event).catch(() => undefined);
  return { key, event };
}

/** Nothing was accepted, and both objects are as they were. */
async function assertUntouched(t: Test, harness: Harness, key: string, versionIds: string[]) {
  t.match(await harness.uploads.get(key), { state: UploadState.claimed, acceptedVersionId: undefined });
  t.equal(harness.total('UploadsAccepted'), 0);
  t.equal((await harness.objects.listVersions(key)).length, 1, 'the source is untouched');
  const there = await harness.versionIds(acceptedKeyOf(key));
  t.strictSame(there, versionIds);
}

t.test('P2: other bytes of the same size under accepted/ never replace the upload', async (t) => {
  for (const digest of ['MD5', 'CRC32', 'none'] as const) {
    for (const isBeforehand of [true, false]) {
      const { harness, key } = await issued({ digest });
      const described = { contentType: 'text/plain', metadata: { of: 'first' } };
      const beforehand = isBeforehand ? harness.plant(key, 'other', described) : undefined;
      const event = harness.upload(key, 'first');
      const planted = beforehand ?? harness.plant(key, 'other', described);
      await t.rejects(harness.deliver(event), { code: 'Unprocessable', message: new RegExp(planted) });
      await t.rejects(harness.deliver(event), { code: 'Unprocessable' }, 'and not with a redelivery');
      await assertUntouched(t, harness, key, [planted]);
      await harness.objects.deleteVersion(acceptedKeyOf(key), planted);
      await harness.deliver(event);
      t.equal(await harness.acceptedText(key), 'first', 'a redrive after the object was moved away');
    }
  }
});

t.test('P2: other bytes with the same CRC under accepted/ never replace the upload', async (t) => {
  const harness = createHarness({ digest: 'CRC32' });
  const { key, event } = await claimedUpload(harness, 'plumless');
  const planted = harness.plant(key, 'buckeroo', { contentType: 'text/plain', metadata: { of: 'plumless' } });
  const [source, other] = [await harness.objects.head(key), await harness.objects.head(acceptedKeyOf(key))];
  t.strictSame(source?.digests, other?.digests, 'the case is the case');
  await t.rejects(harness.deliver(event), { code: 'Unprocessable', message: /they differ in their SHA-256/ });
  await assertUntouched(t, harness, key, [planted]);
});

t.test('P2: where a CRC tells two versions apart their bytes are not read', async (t) => {
  const harness = createHarness({ digest: 'CRC32' });
  const { key, event } = await claimedUpload(harness);
  harness.plant(key, 'other', { contentType: 'text/plain', metadata: { of: 'first' } });
  await t.rejects(harness.deliver(event), { code: 'Unprocessable', message: /they differ in their CRC32/ });
  t.notOk(harness.bucketFaults.calls.some(({ operation }) => operation === 'haveSameBytes'));
});

t.test('P2: the same bytes with another description are not the copy', async (t) => {
  for (const attributes of [
    { contentType: 'text/html', metadata: { of: 'first' } },
    { contentType: 'text/plain', metadata: { of: 'another' } },
  ]) {
    const harness = createHarness();
    const { key, event } = await claimedUpload(harness);
    const planted = harness.plant(key, 'first', attributes);
    await t.rejects(harness.deliver(event), { code: 'Unprocessable', message: /they differ in/ });
    await assertUntouched(t, harness, key, [planted]);
  }
});

t.test(
  'P5: what was stored before the upload is not its copy, though nothing tells them apart',
  async (t) => {
    const { harness, key } = await issued();
    const planted = harness.plant(key, 'first');
    const event = harness.upload(key, 'first');
    await t.rejects(harness.deliver(event), { code: 'Unprocessable', message: /before the upload/ });
    await assertUntouched(t, harness, key, [planted]);
  },
);

t.test('P4: what is on record as an orphan is never recorded as accepted', async (t) => {
  const harness = createHarness();
  const { key, event } = await claimedUpload(harness);
  const planted = harness.plant(key, 'first');
  const version = await harness.objects.head(acceptedKeyOf(key));
  if (!version) throw new Error('it was planted');
  await harness.uploads.recordObservedVersion(acceptedKeyOf(key), ObservedKind.orphan, version);
  await t.rejects(harness.deliver(event), { code: 'Unprocessable', message: /on record as an orphan/ });
  await assertUntouched(t, harness, key, [planted]);
});

t.test(
  'P4: what may be one of the orphans that were only counted is never recorded as accepted',
  async (t) => {
    const harness = createHarness();
    const { key, event } = await claimedUpload(harness);
    const planted = harness.plant(key, 'first');
    await harness.uploads.countSurplus(acceptedKeyOf(key), ObservedKind.orphan, 1);
    await t.rejects(harness.deliver(event), { code: 'Unprocessable', message: /more orphan objects/ });
    await assertUntouched(t, harness, key, [planted]);
  },
);

t.test(
  'P3: a copy is found again where each orphan of its key is on record, and it is none of them',
  async (t) => {
    const harness = createHarness();
    const { key, event } = await claimedUpload(harness);
    harness.plant(key, 'first');
    await harness.uploads.reserveEvidence(acceptedKeyOf(key), ObservedKind.orphan, 'another-version', 1);
    await harness.deliver(event);
    t.match(await harness.uploads.get(key), { state: UploadState.accepted });
  },
);

t.test('P3: a copy whose record was lost is found again, also where S3 keeps no digest of it', async (t) => {
  for (const digest of ['MD5', 'CRC32', 'none'] as const) {
    for (const text of ['first', '']) {
      const { harness, key } = await issued({ digest });
      const event = harness.upload(key, text);
      harness.bucketFaults.failNext('after', 'copyIfAbsent', new Error('crash'));
      await t.rejects(harness.deliver(event), { message: 'crash' });
      await harness.deliver(event);
      t.match(await harness.uploads.get(key), { state: UploadState.accepted });
      t.equal(await harness.acceptedText(key), text);
      t.equal((await harness.objects.listVersions(acceptedKeyOf(key))).length, 1);
      t.strictSame(await harness.objects.listVersions(key), []);
      const comparisons = harness.bucketFaults.calls.filter(({ operation }) => operation === 'haveSameBytes');
      t.equal(
        comparisons.length,
        digest === 'MD5' ? 0 : 1,
        'bytes are read only where no digest proves them',
      );
    }
  }
});

t.test('P3: a copy made in the same second as its upload is no older one', async (t) => {
  const { harness, key, event } = await uploaded('first');
  harness.bucketFaults.failNext('after', 'copyIfAbsent', new Error('crash'));
  await t.rejects(harness.deliver(event), { message: 'crash' });
  t.equal(event.storedAt.getMilliseconds(), 234, 'S3 gives the copy’s time in whole seconds');
  await harness.deliver({ ...event, storedAt: new Date(event.storedAt.getTime() + 700) });
  t.match(await harness.uploads.get(key), { state: UploadState.accepted });
});

t.test('where the claimed version is gone only a copy with its very ETag is accepted', async (t) => {
  for (const [planted, isCopy] of [
    ['first', true],
    ['other', false],
  ] as const) {
    const harness = createHarness();
    const { key, event } = await claimedUpload(harness);
    harness.plant(key, planted);
    await harness.objects.deleteVersion(key, event.versionId);
    if (isCopy) await harness.deliver(event);
    else
      await t.rejects(harness.deliver(event), { code: 'Unprocessable', message: /claimed version is gone/ });
    t.match(await harness.uploads.get(key), { state: isCopy ? UploadState.accepted : UploadState.claimed });
  }
});

t.test('P3: what lies under accepted/ after another worker has accepted its copy is no matter', async (t) => {
  const { harness, key, event } = await uploaded('first');
  const sleeping = harness.bucketFaults.stallNext('before', 'copyIfAbsent');
  const sleeper = harness.deliver(event);
  await sleeping.reached;
  await harness.deliver(event);
  const accepted = await harness.objects.head(acceptedKeyOf(key));
  await harness.objects.deleteVersion(acceptedKeyOf(key), accepted?.versionId ?? '');
  const restored = harness.plant(key, 'other');
  sleeping.release();
  await sleeper;
  t.match(await harness.uploads.get(key), {
    state: UploadState.accepted,
    acceptedVersionId: accepted?.versionId,
  });
  t.match(await harness.objects.listVersions(acceptedKeyOf(key)), [{ versionId: restored }]);
});
