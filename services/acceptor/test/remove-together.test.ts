import type { VersionName } from '@upload-once/uploads';
import t from 'tap';
import { removeTogether } from '../src/remove-together.ts';
import { createHarness } from './harness.ts';

const named = (count: number): VersionName[] =>
  Array.from({ length: count }, (_, at) => ({ key: `uploads/${at}`, versionId: `V${at}` }));

/** A bucket that refuses some versions, and a clock that goes on when the test says so. */
function openBucket(refused: readonly string[] = []) {
  const calls: (readonly VersionName[])[] = [];
  const timers: (() => void)[] = [];
  const remove = removeTogether({
    objects: {
      async deleteVersions(versions) {
        calls.push(versions);
        const left = [...versions.entries()].filter(([, { versionId }]) => refused.includes(versionId));
        return new Map(left.map(([at, { versionId }]) => [at, new Error(`${versionId} stays`)]));
      },
    },
    clock: {
      after(_delayMs, callback) {
        timers.push(callback);
        return () => timers.splice(timers.indexOf(callback), 1);
      },
    },
  });
  return { calls, remove, pass: () => timers.shift()?.() };
}

t.test('versions of several keys are removed in one call', async (t) => {
  const { calls, remove, pass } = openBucket();
  const removals = named(3).map(remove);
  t.strictSame(calls, [], 'the first waits for the others');
  pass();
  await Promise.all(removals);
  t.strictSame(calls, [named(3)]);
});

t.test('P3: a removal that S3 refuses fails alone', async (t) => {
  const { remove, pass } = openBucket(['V1']);
  const removals = named(3).map(remove);
  pass();
  const ends = await Promise.allSettled(removals);
  t.strictSame(
    ends.map((end) => (end.status === 'rejected' ? end.reason.message : end.status)),
    ['fulfilled', 'V1 stays', 'fulfilled'],
  );
});

t.test('a call takes no more versions than S3 allows', async (t) => {
  const { calls, remove, pass } = openBucket();
  const removals = named(1_001).map(remove);
  t.strictSame(
    calls.map(({ length }) => length),
    [1_000],
    'a full one does not wait',
  );
  pass();
  await Promise.all(removals);
  t.equal(calls[1]?.length, 1);
});

t.test(
  'P3: uploads that are accepted together share a call, and each event waits for its own removal',
  async (t) => {
    const harness = createHarness();
    const worker = harness.startWorker();
    const keys = await Promise.all([harness.issue(), harness.issue(), harness.issue()]);
    const removing = harness.bucketFaults.stallNext('before', 'deleteVersions');
    let acknowledged = 0;
    const deliveries = keys.map(async (key) => {
      await harness.deliver(harness.upload(key, key), {}, worker);
      acknowledged += 1;
    });
    await removing.reached;
    t.equal(acknowledged, 0);
    removing.release();
    await Promise.all(deliveries);
    const removals = harness.bucketFaults.calls.filter(({ operation }) => operation === 'deleteVersions');
    t.equal(removals.length, 1);
    for (const key of keys) t.strictSame(await harness.objects.listVersions(key), []);
  },
);
