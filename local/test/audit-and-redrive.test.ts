// Both services and the command as processes on a cloud of this machine: what operators do when events or messages are lost.
import { fileURLToPath } from 'node:url';
import { DeleteQueueCommand } from '@aws-sdk/client-sqs';
import { acceptedKeyOf, UploadState } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import { type LocalCloud, startLocalCloud } from '../../packages/runtime/test/support/local-cloud.ts';
import { startServiceProcess } from '../../packages/runtime/test/support/service-process.ts';
import { listenForHandlers } from '../../services/processor/test/support/handler-calls.ts';
import { runCommand, startCommand } from './support/command-process.ts';
import { startSqsProxy } from './support/sqs-proxy.ts';

const pathOf = (name: string) => fileURLToPath(new URL(`../../services/${name}`, import.meta.url));
const isIn = (state: UploadState) => (upload: { state: UploadState }) => upload.state === state;

function startAcceptor(t: Test, cloud: LocalCloud) {
  return startServiceProcess(t, pathOf('acceptor/src/main.ts'), cloud.envFor(cloud.queues.uploadEvents));
}

function startProcessor(t: Test, cloud: LocalCloud, settings: Record<string, string> = {}) {
  const env = { ...cloud.envFor(cloud.queues.acceptedEvents), ...settings };
  return startServiceProcess(t, pathOf('processor/src/main.ts'), env);
}

/** What an audit without patience names. */
async function audit(t: Test, cloud: LocalCloud, ...args: string[]) {
  const { stdout, stderr, code } = await runCommand(
    t,
    cloud,
    'audit',
    '--older-than',
    '0',
    '--json',
    ...args,
  );
  const findings = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return { code, stderr, findings };
}

async function assertAllIsWell(t: Test, cloud: LocalCloud) {
  t.match(await audit(t, cloud), { code: 0, findings: { length: 0 } });
}

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

  // Twice, one of them while the services work on the other's events.
  const repairs = await Promise.all([audit(t, cloud, '--repair'), audit(t, cloud, '--repair')]);
  for (const { code, stderr } of repairs) t.equal(code, 4, stderr);
  await cloud.upload(uploadLost, isIn(UploadState.processed));
  await cloud.upload(copyLost, isIn(UploadState.processed));
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
  await cloud.depthIs(cloud.queues.acceptedEvents, 0);
  await assertAllIsWell(t, cloud);

  await acceptor.stop();
  await processor.stop();
  t.equal(await cloud.read(acceptedKeyOf(uploadLost)), 'the upload’s event is lost');
  t.equal(acceptor.total('UploadsAccepted') + processor.total('UploadsAccepted'), 2);
  t.equal(acceptor.total('DuplicateUploads'), 1);
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

t.test('P3: what a handler could not do is done after a redrive', async (t) => {
  const cloud = await startLocalCloud(t, { maxReceiveCount: 1 });
  const calls = await listenForHandlers(t);
  const acceptor = startAcceptor(t, cloud);
  const processor = startProcessor(t, cloud, {
    PROCESSOR_HANDLER: pathOf('processor/test/fixtures/call-test.ts'),
    TEST_URL: calls.url,
  });
  const key = await cloud.issue();
  await cloud.put(key, 'content');
  (await calls.call(1)).fail('the disk is full');
  await cloud.upload(key, isIn(UploadState.failed));
  await cloud.depthIs(cloud.queues.acceptedEventsDeadLetter, 1);

  const shown = await runCommand(t, cloud, 'redrive');
  t.equal(shown.code, 0, shown.stderr);
  t.match(
    shown.stdout,
    new RegExp(`\\n {2}accepted .* FAILED +${acceptedKeyOf(key)} .*\\n {4}.*the disk is full`),
  );
  t.match(await audit(t, cloud, '--repair'), { code: 4, findings: [{ kind: 'failed', key, sent: false }] });

  const moved = await runCommand(t, cloud, 'redrive', '--yes');
  t.match(moved, { code: 0, stdout: /\n0 moved to upload-events\n$|\n1 moved to accepted-events\n$/ });
  const second = await calls.call(2);
  t.match(second.given, { attempt: 2 });
  second.succeed();
  await cloud.upload(key, isIn(UploadState.processed));
  await cloud.depthIs(cloud.queues.acceptedEvents, 0);
  await cloud.depthIs(cloud.queues.acceptedEventsDeadLetter, 0);
  await assertAllIsWell(t, cloud);
  await acceptor.stop();
  await processor.stop();
  t.equal(calls.all.length, 2);
  t.equal(processor.total('UploadsProcessed'), 1);
});

t.test(
  'P3, P4: a redrive that is killed between send and delete doubles messages, and no outcome',
  async (t) => {
    const cloud = await startLocalCloud(t);
    const { gate } = cloud.localAws.events;
    gate.hold();
    const key = await cloud.issue();
    await cloud.put(key, 'first');
    const duplicate = await cloud.put(key, 'second');
    await gate.whenHeld(2);
    for (const { body } of gate.held()) await cloud.send(cloud.queues.uploadEventsDeadLetter, body);
    gate.drop();

    const proxy = await startSqsProxy(t, cloud.localAws.endpoints.sqs, (name, input) => {
      if (name !== 'DeleteMessageBatch') {
        // As if the two minutes had passed in which nobody else sees what the dead one had in hand.
        return 'VisibilityTimeout' in input ? { ...input, VisibilityTimeout: 0 } : input;
      }
      killed.kill();
      return undefined;
    });
    const toUploads = ['redrive', '--yes', '--queue', 'uploads', '--limit', '1'];
    const killed = startCommand(t, cloud, toUploads, {
      AWS_ENDPOINT_URL_SQS: proxy,
      UPLOAD_EVENTS_QUEUE_URL: proxy + new URL(cloud.queues.uploadEvents).pathname,
    });
    t.match(await killed.ended, { signal: 'SIGKILL', stderr: '' });
    await cloud.depthIs(cloud.queues.uploadEventsDeadLetter, 2);

    const acceptor = startAcceptor(t, cloud);
    const processor = startProcessor(t, cloud);
    await cloud.upload(key, isIn(UploadState.processed));
    const again = await runCommand(t, cloud, ...toUploads);
    t.match(again, { code: 0, stdout: /\n2 moved to upload-events\n$/ });
    await cloud.depthIs(cloud.queues.uploadEventsDeadLetter, 0);
    await cloud.depthIs(cloud.queues.uploadEvents, 0);
    await cloud.depthIs(cloud.queues.acceptedEvents, 0);
    await assertAllIsWell(t, cloud);
    await acceptor.stop();
    await processor.stop();
    t.equal(await cloud.read(acceptedKeyOf(key)), 'first');
    t.strictSame(await cloud.versionsOf(key), [duplicate]);
    t.equal(acceptor.total('UploadsAccepted') + processor.total('UploadsAccepted'), 1);
    t.equal(acceptor.total('DuplicateUploads'), 1);
    t.equal(processor.total('UploadsProcessed'), 1);
  },
);
