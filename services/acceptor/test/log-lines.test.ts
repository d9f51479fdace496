import { uploadIdOf } from '@upload-once/uploads';
import t from 'tap';
import { createHarness, issued } from './harness.ts';

t.test('each version that is kept apart has a line with its upload and outcome', async (t) => {
  const harness = createHarness();
  const used = await harness.issue();
  await harness.deliver(harness.upload(used, 'first'));
  const duplicate = harness.upload(used, 'another');
  await harness.deliver(duplicate);
  const again = harness.upload(used, 'first');
  await harness.deliver(again);
  const revoked = await harness.issue();
  const before = harness.upload(revoked, 'in time');
  await harness.uploads.revoke(revoked);
  await harness.deliver(before);
  harness.clock.now = new Date(harness.clock.now.getTime() + 60_000);
  const refused = harness.upload(revoked, 'too late');
  await harness.deliver(refused);
  const orphan = harness.upload('uploads/of no form', 'hello');
  await harness.deliver(orphan);

  const lines = harness.logLines.filter(({ msg }) => msg !== 'upload accepted');
  const line = ({ key, versionId, sizeBytes }: typeof orphan, outcome: string, level = 'warn') => ({
    level,
    uploadId: uploadIdOf(key),
    versionId,
    sizeBytes,
    outcome,
    msg: String,
  });
  t.match(lines, [
    line(duplicate, 'duplicate'),
    line(again, 'identical-duplicate', 'info'),
    { ...line(before, 'refused'), msg: /had stored before its upload was revoked/ },
    line(refused, 'refused'),
    line(orphan, 'orphan'),
  ]);
  t.equal(lines.length, 5);
  for (const each of harness.logLines) t.notOk('key' in each || 'kind' in each, 'the id says the same');
});

t.test('versions beyond those that are kept are one line each time they are counted', async (t) => {
  const { harness, key } = await issued({ keptDuplicates: 1 });
  for (const text of ['first', 'second', 'third']) await harness.deliver(harness.upload(key, text));
  t.match(harness.logLines.at(-1), { uploadId: uploadIdOf(key), outcome: 'duplicate', count: 1, surplus: 1 });
});
