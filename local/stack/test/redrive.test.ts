// Both services and the command as processes on a cloud of this machine: what a redrive does with dead letters.
import { acceptedKeyOf, UploadState } from '@upload-once/uploads';
import t from 'tap';
import { listenForHandlers } from '../../../test/support/handler-calls.ts';
import { startLocalCloud } from '../../../test/support/local-cloud.ts';
import { runCommand, startCommand } from './support/command-process.ts';
import {
  assertAllIsWell,
  audit,
  isIn,
  pathOf,
  startAcceptor,
  startProcessor,
} from './support/services-on-cloud.ts';
import { startSqsProxy } from './support/sqs-proxy.ts';

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
        // As if the two minutes had passed during which the messages of the dead worker are invisible.
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
