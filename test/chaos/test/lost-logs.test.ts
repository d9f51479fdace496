import { fileURLToPath } from 'node:url';
import { waitFor } from '@upload-once/local-stack/outcome.ts';
import t from 'tap';
import { contentOf } from '../src/content.ts';
import { startFaultStack } from '../src/fault-stack.ts';
import { lookFromOutside } from '../src/outside.ts';

t.setTimeout(120_000);

t.test('P4: after a crash of the log pipeline every duplicate is still reported, once each', async (t) => {
  const stack = await startFaultStack({ logFolder: t.testdir(), visibilitySeconds: 2, maxReceiveCount: 20 });
  t.teardown(() => stack.stop());
  const outside = lookFromOutside(stack);
  t.teardown(() => outside.close());
  const acceptor = await stack.add('acceptor', { KEPT_DUPLICATES: '3' });
  await acceptor.start();
  acceptor.closeOutput();

  const key = await outside.issue();
  const versions: string[] = [];
  for (let at = 0; at < 14; at += 1)
    versions.push(await outside.put(key, contentOf(Buffer.from(`version ${at}`), `${at}`)));
  await waitFor(
    () => outside.uploads.getTally(key, 'duplicate'),
    (tally) => tally?.surplusReported === 10,
    (tally) => `of ${key} ${tally?.surplus} versions were counted, ${tally?.surplusReported} reported`,
    60_000,
  );

  t.equal(acceptor.total('DuplicateUploads'), 0, 'no metric arrived');
  const observedVersions = await outside.uploads.listObservedVersions(key);
  t.equal(observedVersions.length, 3);
  t.strictSame(
    [...(await outside.reports())].sort(),
    [
      ...observedVersions.map(({ versionId }) => `duplicate#${key}#${versionId}`),
      `duplicate-count#${key}#10`,
    ].sort(),
  );
  t.match(await outside.uploads.get(key), { state: 'ACCEPTED', claimed: { versionId: versions[0] } });
});

t.test('P3: a handler that prints where nothing reads goes on, and ends no process', async (t) => {
  const stack = await startFaultStack({ logFolder: t.testdir(), visibilitySeconds: 2, maxReceiveCount: 20 });
  t.teardown(() => stack.stop());
  const outside = lookFromOutside(stack);
  t.teardown(() => outside.close());
  const acceptor = await stack.add('acceptor');
  await acceptor.start();
  const handler = fileURLToPath(new URL('../src/printing-handler.mjs', import.meta.url));
  const processor = await stack.add('processor', { PROCESSOR_HANDLER: handler });
  await processor.start();
  const { pid } = processor;
  processor.closeOutput();

  for (let at = 0; at < 3; at += 1) {
    const key = await outside.issue();
    await outside.put(key, contentOf(Buffer.from(`file ${at}`), `${at}`));
    await waitFor(
      () => outside.uploads.get(key),
      (upload) => upload?.state === 'PROCESSED',
      (upload) => `${key} is ${upload?.state}`,
      60_000,
    );
    t.match(await outside.uploads.get(key), { attempt: 1 });
  }
  t.ok(processor.isRunning);
  t.equal(processor.pid, pid);
});
