// Both services and the command as processes on a cloud of this machine: what an audit does when events are lost.
import { readFile } from 'node:fs/promises';
import { DeleteQueueCommand, PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { acceptedKeyOf, UploadState } from '@upload-once/uploads';
import t from 'tap';
import { startLocalCloud } from '../../../test/support/local-cloud.ts';
import { runCommand } from './support/command-process.ts';
import { assertAllIsWell, audit, isIn, startAcceptor, startProcessor } from './support/services-on-cloud.ts';

t.test('P3: events that S3 never sent are named, sent again, and the uploads processed', async (t) => {
  const cloud = await startLocalCloud(t);
  const acceptor = startAcceptor(t, cloud);
  const processor = startProcessor(t, cloud);
  const { gate } = cloud.localAws.events;
  await processor.logged('listening, and polling');

  // Of one upload the first event is lost, of the other the copy's, and a duplicate's of the same.
  gate.hold({ keyPrefix: 'accepted/' });
  const copyLost = await cloud.issue();
  await cloud.put(copyLost, 'the copy’s event is lost');
  await gate.whenHeld(1);
  await cloud.upload(copyLost, isIn(UploadState.accepted));
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
  gate.hold();
  const duplicate = await cloud.put(copyLost, 'a duplicate');
  const uploadLost = await cloud.issue();
  const version = await cloud.put(uploadLost, 'the upload’s event is lost');
  await gate.whenHeld(3);
  gate.drop();

  const named = await audit(t, cloud);
  t.equal(named.code, 4);
  t.strictSame(
    named.findings.map(({ kind, key, state }) => `${kind} ${key} ${state}`).sort(),
    [
      `no-outcome ${copyLost} ACCEPTED`,
      `no-outcome ${uploadLost} ISSUED`,
      `stuck ${copyLost} ACCEPTED`,
    ].sort(),
  );
  t.match(new Set(named.findings.map(({ versionId }) => versionId)), new Set([duplicate, version]));

  // Twice, one of them while the services work on the other's events; it may come too late to find any of it, or
  // find what they have just made, which is too young to be judged.
  const repairs = await Promise.all([audit(t, cloud, '--repair'), audit(t, cloud, '--repair')]);
  for (const { code, stderr } of repairs) t.ok([0, 4, 6].includes(code ?? -1), stderr);
  t.ok(repairs.some(({ code }) => code === 4));
  await cloud.upload(uploadLost, isIn(UploadState.processed));
  await cloud.upload(copyLost, isIn(UploadState.processed));
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
  await cloud.depthIs(cloud.queues.acceptedEvents, 0);
  await assertAllIsWell(t, cloud);

  await acceptor.stop();
  await processor.stop();
  t.equal(await cloud.read(acceptedKeyOf(uploadLost)), 'the upload’s event is lost');
  t.equal(acceptor.total('UploadsAccepted') + processor.total('UploadsAccepted'), 2);
  // Recorded once; reported at least once, since both repairs may have sent its event, and two deliveries can meet.
  t.ok(acceptor.total('DuplicateUploads') >= 1);
  t.equal(processor.total('UploadsProcessed'), 2);
  t.strictSame([...acceptor.errors(), ...processor.errors()], []);
});

t.test('P3: what lay in queues that were deleted is found in bucket and table', async (t) => {
  const cloud = await startLocalCloud(t);
  const first = startAcceptor(t, cloud);
  const accepted = await cloud.issue();
  await cloud.put(accepted, 'accepted');
  await cloud.upload(accepted, isIn(UploadState.accepted));
  await first.stop();
  const waiting = await cloud.issue();
  await cloud.put(waiting, 'waiting');
  await cloud.depthIs(cloud.queues.uploadEvents, 1);

  for (const QueueUrl of Object.values(cloud.queues))
    await cloud.sqs.send(new DeleteQueueCommand({ QueueUrl }));
  await cloud.provision();
  const acceptor = startAcceptor(t, cloud);
  const processor = startProcessor(t, cloud);
  const { code, stderr, findings } = await audit(t, cloud, '--repair');
  t.equal(code, 4, stderr);
  t.strictSame(
    findings.map(({ kind, key, sent }) => [kind, key, sent]),
    [
      ['no-outcome', waiting, true],
      ['stuck', accepted, true],
    ],
  );
  await cloud.upload(waiting, isIn(UploadState.processed));
  await cloud.upload(accepted, isIn(UploadState.processed));
  await assertAllIsWell(t, cloud);
  await acceptor.stop();
  await processor.stop();
  t.equal(processor.total('UploadsProcessed'), 2);
});

t.test('P3: after a purge, the procedure of docs/operations.md has every upload processed', async (t) => {
  const docs = await readFile(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  const [, section = ''] = docs.split('### A queue that was purged or deleted\n');
  const [repair, look, ...others] = [
    ...(section.split('\n#')[0] ?? '').matchAll(/^ *npx upload-once (.*)$/gm),
  ];
  const commandOf = (line?: RegExpExecArray) => line?.[1]?.split(' ') ?? [];
  t.strictSame(others, [], 'two commands');

  const cloud = await startLocalCloud(t);
  const keys = await Promise.all(Array.from({ length: 20 }, () => cloud.issue()));
  await Promise.all(keys.map((key) => cloud.put(key, `content of ${key}`)));
  // The test event of a new bucket as well.
  await cloud.depthIs(cloud.queues.uploadEvents, 21);
  await cloud.sqs.send(new PurgeQueueCommand({ QueueUrl: cloud.queues.uploadEvents }));
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
  const before = await runCommand(t, cloud, ...commandOf(look));
  t.match(before, { code: 6, stderr: /^20 are too young to be judged[\s\S]*\nNothing else was found; / });
  const repaired = await runCommand(t, cloud, ...commandOf(repair));
  t.match(repaired, { code: 4, stderr: /^20 found, 20 events sent; looked at/ });

  // Not before: a repair beside services may find what they have just accepted as well.
  const acceptor = startAcceptor(t, cloud);
  const processor = startProcessor(t, cloud);
  for (const key of keys) await cloud.upload(key, isIn(UploadState.processed));
  t.match(await runCommand(t, cloud, ...commandOf(look)), { code: 0, stderr: /^nothing found; looked at/ });
  await acceptor.stop();
  await processor.stop();
  t.equal(processor.total('UploadsProcessed'), 20);
});
