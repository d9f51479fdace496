import { ObservedKind, UploadState } from '@upload-once/uploads';
import t from 'tap';
import { createHarness, issued } from './harness.ts';

type Harness = ReturnType<typeof createHarness>;

/** What the metrics counted: duplicates that have an alarm, and those that have none. */
const counted = (harness: Harness) => [
  harness.total('DuplicateUploads'),
  harness.total('IdenticalDuplicates'),
];

/** An accepted upload, whose client sends `text` once more. */
async function sentAgain(harness: Harness, text: string) {
  const key = await harness.issue();
  await harness.deliver(harness.upload(key, 'the file'));
  const again = harness.upload(key, text);
  return { key, again, deliver: () => harness.deliver(again) };
}

t.test('P4: the same bytes again are recorded once, counted apart, and reported to no reader', async (t) => {
  const harness = createHarness();
  const { key, again, deliver } = await sentAgain(harness, 'the file');
  for (let time = 0; time < 3; time += 1) await deliver();
  t.strictSame(counted(harness), [0, 1]);
  t.strictSame(harness.reports, []);
  t.match(await harness.uploads.listObservedVersions(key), [
    { kind: ObservedKind.duplicate, versionId: again.versionId, reported: true, isIdentical: true },
  ]);
  t.match(await harness.uploads.get(key), { state: UploadState.accepted });
  t.equal((await harness.objects.listVersions(key)).length, 1, 'it is kept');
});

t.test('P4: other bytes of the same size are a duplicate with an alarm', async (t) => {
  const harness = createHarness();
  const { key, deliver } = await sentAgain(harness, 'the FILE');
  await deliver();
  t.strictSame(counted(harness), [1, 0]);
  t.equal(harness.reports.length, 1);
  t.notOk((await harness.uploads.listObservedVersions(key))[0]?.isIdentical);
});

t.test(
  'P4: where S3 has a CRC alone, or nothing, the same bytes are a duplicate with an alarm',
  async (t) => {
    for (const digest of ['CRC32', 'none'] as const) {
      const harness = createHarness({ digest });
      await (await sentAgain(harness, 'the file')).deliver();
      t.strictSame(counted(harness), [1, 0], digest);
    }
  },
);

t.test('P4: what can’t be compared is a duplicate with an alarm', async (t) => {
  const harness = createHarness();
  const { key, again, deliver } = await sentAgain(harness, 'the file');
  harness.bucketFaults.failNext('before', 'head', new Error('S3 is away'));
  await deliver();
  t.strictSame(counted(harness), [1, 0]);
  await harness.deliver(again);
  t.strictSame(counted(harness), [1, 0], 'and stays one');
  t.equal((await harness.uploads.listObservedVersions(key)).length, 1);
});

t.test('the same bytes are recognized before the first version is accepted, too', async (t) => {
  const { harness, key } = await issued();
  const [first, again] = [harness.upload(key, 'the file'), harness.upload(key, 'the file')];
  await harness.deliver(again, { receiveCount: 2 });
  await harness.deliver(first);
  t.strictSame(counted(harness), [0, 1]);
  t.match((await harness.uploads.get(key))?.claimed, { versionId: first.versionId });
});

t.test('P4: a crash before the mark counts again, and never leaves a duplicate out', async (t) => {
  const harness = createHarness();
  const { key, again } = await sentAgain(harness, 'the file');
  // The first gives it a place.
  harness.tableFaults.stallNext('before', 'update').release();
  harness.tableFaults.failNext('before', 'update', new Error('not marked'));
  await t.rejects(harness.deliver(again), { message: 'not marked' });
  t.match(await harness.uploads.listObservedVersions(key), [{ reported: false }]);
  await harness.deliver(again);
  t.strictSame(counted(harness), [0, 2]);
  t.match(await harness.uploads.listObservedVersions(key), [{ reported: true }]);
});

t.test(
  'P4: they count towards those that are kept: the rest of a flood is removed and alarmed',
  async (t) => {
    const { harness, key } = await issued({ keptDuplicates: 2 });
    await harness.deliver(harness.upload(key, 'the file'));
    for (let at = 0; at < 5; at += 1) await harness.deliver(harness.upload(key, 'the file'));
    t.strictSame(counted(harness), [3, 2]);
    t.equal((await harness.objects.listVersions(key)).length, 2);
    t.match(await harness.uploads.getTally(key, ObservedKind.duplicate), { surplus: 3 });
  },
);

t.test('a version of another size is not compared', async (t) => {
  const harness = createHarness();
  const { deliver } = await sentAgain(harness, 'another file');
  const before = harness.bucketFaults.calls.length;
  await deliver();
  const calls = harness.bucketFaults.calls.slice(before);
  t.notOk(calls.some(({ operation }) => operation === 'head'));
});
