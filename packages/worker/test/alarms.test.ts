import { DeleteMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Delivery } from '@upload-once/queue';
import t, { type Test } from 'tap';
import { codeAlarm, isSetOff } from '../../../test/support/code-alarm.ts';
import { type LocalCloud, startLocalCloud } from '../../../test/support/local-cloud.ts';
import { recordOutput } from '../../../test/support/record-output.ts';
import { startConsumerService } from '../src/index.ts';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const LONG_WORK = 'work that takes longer than each task lives';

/** A service on the queue of uploads, as one of the three consumers. */
async function startService(
  t: Test,
  cloud: LocalCloud,
  handle: (delivery: Delivery) => Promise<void>,
  sqs: SQSClient = cloud.sqs,
) {
  const output = recordOutput('acceptor', () => NOW);
  const service = await startConsumerService({
    ...output,
    sqs,
    handle,
    uploadIdsIn: () => [],
    dependencies: {},
    settings: {
      queueUrl: cloud.queues.uploadEvents,
      concurrency: 1,
      visibilitySeconds: 30,
      pollWaitSeconds: 1,
      host: '127.0.0.1',
      port: 0,
      protectAfterSeconds: undefined,
      ecsAgentUri: undefined,
    },
  });
  let isStopped = false;
  const stop = async () => {
    if (!isStopped) await service.stop(0);
    isStopped = true;
  };
  t.teardown(stop);
  return { ...output, stop };
}

t.test('alarm messages-undeleted: a denied sqs:DeleteMessage sets it off', async (t) => {
  const alarm = codeAlarm('messages-undeleted');
  const cloud = await startLocalCloud(t);
  const tried = Promise.withResolvers<void>();
  const denied: Pick<SQSClient, 'send'>['send'] = (command: unknown, ...options: never[]) => {
    if (!(command instanceof DeleteMessageBatchCommand))
      return (cloud.sqs.send as (...given: unknown[]) => Promise<never>)(command, ...options);
    const failed = command.input.Entries?.map(({ Id }) => ({ Id, Code: 'AccessDenied', SenderFault: true }));
    return Promise.resolve({ Failed: failed }) as Promise<never>;
  };
  const sqs: SQSClient = Object.create(cloud.sqs, { send: { value: denied } });
  const { written, log, stop } = await startService(t, cloud, async () => undefined, sqs);
  const warn = log.warn.bind(log);
  log.warn = (...given: Parameters<typeof warn>) => {
    warn(...given);
    tried.resolve();
  };
  t.notOk(isSetOff(alarm, 'acceptor', written()));
  await cloud.send(cloud.queues.uploadEvents, 'handled, and not deleted');
  await tried.promise;
  t.ok(isSetOff(alarm, 'acceptor', written()));
  await stop();
});

t.test('alarm work-cut-off: the third stop in a row that interrupts the same work sets it off', async (t) => {
  const alarm = codeAlarm('work-cut-off');
  const cloud = await startLocalCloud(t);
  await cloud.send(cloud.queues.uploadEvents, LONG_WORK);
  for (const isThird of [false, false, true]) {
    const began = Promise.withResolvers<void>();
    const { written, stop } = await startService(t, cloud, async ({ body, signal }) => {
      // S3's own test event lies in the queue as well.
      if (body !== LONG_WORK) return;
      began.resolve();
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    await began.promise;
    await stop();
    t.equal(isSetOff(alarm, 'acceptor', written()), isThird);
  }
});
