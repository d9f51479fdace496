import { acceptedKeyOf, ObservedKind, UploadState } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import { createWorld } from './world.ts';

/** What a copy that finds something under accepted/ takes for its own, and what it never does. */
type World = ReturnType<typeof createWorld>;

/** An upload that is CLAIMED: its acceptor died before it copied. */
async function claimedUpload(world: World, text = 'first') {
  const key = await world.issue();
  const event = world.upload(key, text);
  world.bucketFaults.failNext('before', 'copyIfAbsent', new Error('crash'));
  await world.deliver(event).catch(() => undefined);
  return { key, event };
}

/** Nothing was accepted, and both objects are as they were. */
async function assertUntouched(t: Test, world: World, key: string, versionIds: string[]) {
  t.match(await world.uploads.get(key), { state: UploadState.claimed, acceptedVersionId: undefined });
  t.equal(world.total('UploadsAccepted'), 0);
  t.equal((await world.objects.listVersions(key)).length, 1, 'the source is untouched');
  const there = (await world.objects.listVersions(acceptedKeyOf(key))).map(({ versionId }) => versionId);
  t.strictSame(there, versionIds);
}

t.test('P2: other bytes of the same size under accepted/ never replace the upload', async (t) => {
  for (const keepsDigests of [true, false]) {
    for (const isBeforehand of [true, false]) {
      const world = createWorld({ keepsDigests });
      const key = await world.issue();
      const described = { contentType: 'text/plain', metadata: { of: 'first' } };
      const beforehand = isBeforehand ? world.plant(key, 'other', described) : undefined;
      const event = world.upload(key, 'first');
      const planted = beforehand ?? world.plant(key, 'other', described);
      await t.rejects(world.deliver(event), { code: 'Unprocessable', message: new RegExp(planted) });
      await t.rejects(world.deliver(event), { code: 'Unprocessable' }, 'and not with a redelivery');
      await assertUntouched(t, world, key, [planted]);
      await world.objects.deleteVersion(acceptedKeyOf(key), planted);
      await world.deliver(event);
      t.equal(await world.acceptedText(key), 'first', 'a redrive after the object was moved away');
    }
  }
});

t.test('P2: the same bytes with another description are not the copy', async (t) => {
  for (const attributes of [
    { contentType: 'text/html', metadata: { of: 'first' } },
    { contentType: 'text/plain', metadata: { of: 'another' } },
  ]) {
    const world = createWorld();
    const { key, event } = await claimedUpload(world);
    const planted = world.plant(key, 'first', attributes);
    await t.rejects(world.deliver(event), { code: 'Unprocessable', message: /they differ in/ });
    await assertUntouched(t, world, key, [planted]);
  }
});

t.test(
  'P5: what was stored before the upload is not its copy, though nothing tells them apart',
  async (t) => {
    const world = createWorld();
    const key = await world.issue();
    const planted = world.plant(key, 'first');
    const event = world.upload(key, 'first');
    await t.rejects(world.deliver(event), { code: 'Unprocessable', message: /before the upload/ });
    await assertUntouched(t, world, key, [planted]);
  },
);

t.test('P4: what is on record as an orphan is never recorded as accepted', async (t) => {
  const world = createWorld();
  const { key, event } = await claimedUpload(world);
  const planted = world.plant(key, 'first');
  const version = await world.objects.head(acceptedKeyOf(key));
  if (!version) throw new Error('it was planted');
  await world.uploads.recordObservedVersion(acceptedKeyOf(key), ObservedKind.orphan, version);
  await t.rejects(world.deliver(event), { code: 'Unprocessable', message: /on record as an orphan/ });
  await assertUntouched(t, world, key, [planted]);
});

t.test(
  'P4: what may be one of the orphans that were only counted is never recorded as accepted',
  async (t) => {
    const world = createWorld();
    const { key, event } = await claimedUpload(world);
    const planted = world.plant(key, 'first');
    await world.uploads.countSurplus(acceptedKeyOf(key), ObservedKind.orphan, 1);
    await t.rejects(world.deliver(event), { code: 'Unprocessable', message: /more orphan objects/ });
    await assertUntouched(t, world, key, [planted]);
  },
);

t.test('P3: a copy whose record was lost is found again, also where S3 keeps no digest of it', async (t) => {
  for (const keepsDigests of [true, false]) {
    for (const text of ['first', '']) {
      const world = createWorld({ keepsDigests });
      const key = await world.issue();
      const event = world.upload(key, text);
      world.bucketFaults.failNext('after', 'copyIfAbsent', new Error('crash'));
      await t.rejects(world.deliver(event), { message: 'crash' });
      await world.deliver(event);
      t.match(await world.uploads.get(key), { state: UploadState.accepted });
      t.equal(await world.acceptedText(key), text);
      t.equal((await world.objects.listVersions(acceptedKeyOf(key))).length, 1);
      t.strictSame(await world.objects.listVersions(key), []);
      const comparisons = world.bucketFaults.calls.filter(({ operation }) => operation === 'haveSameBytes');
      t.equal(comparisons.length, keepsDigests ? 0 : 1, 'bytes are read only where nothing else tells');
    }
  }
});

t.test('P3: a copy made in the same second as its upload is no older one', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const event = world.upload(key, 'first');
  world.bucketFaults.failNext('after', 'copyIfAbsent', new Error('crash'));
  await t.rejects(world.deliver(event), { message: 'crash' });
  t.equal(event.storedAt.getMilliseconds(), 234, 'S3 gives the copy’s time in whole seconds');
  await world.deliver({ ...event, storedAt: new Date(event.storedAt.getTime() + 700) });
  t.match(await world.uploads.get(key), { state: UploadState.accepted });
});

t.test('where the claimed version is gone only a copy with its very ETag is accepted', async (t) => {
  for (const [planted, isCopy] of [
    ['first', true],
    ['other', false],
  ] as const) {
    const world = createWorld();
    const { key, event } = await claimedUpload(world);
    world.plant(key, planted);
    await world.objects.deleteVersion(key, event.versionId);
    if (isCopy) await world.deliver(event);
    else await t.rejects(world.deliver(event), { code: 'Unprocessable', message: /claimed version is gone/ });
    t.match(await world.uploads.get(key), { state: isCopy ? UploadState.accepted : UploadState.claimed });
  }
});

t.test('P3: what lies under accepted/ after another worker has accepted its copy is no matter', async (t) => {
  const world = createWorld();
  const key = await world.issue();
  const event = world.upload(key, 'first');
  const sleeping = world.bucketFaults.stallNext('before', 'copyIfAbsent');
  const sleeper = world.deliver(event);
  await sleeping.reached;
  await world.deliver(event);
  const accepted = await world.objects.head(acceptedKeyOf(key));
  await world.objects.deleteVersion(acceptedKeyOf(key), accepted?.versionId ?? '');
  const restored = world.plant(key, 'other');
  sleeping.release();
  await sleeper;
  t.match(await world.uploads.get(key), {
    state: UploadState.accepted,
    acceptedVersionId: accepted?.versionId,
  });
  t.match(await world.objects.listVersions(acceptedKeyOf(key)), [{ versionId: restored }]);
});
