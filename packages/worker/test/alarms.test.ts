import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Delivery } from '@upload-once/queue';
import t, { type Test } from 'tap';
import { ageAlarm, codeAlarm, isSetOff, isSetOffBy } from '../../../test/support/code-alarm.ts';
import { type LocalCloud, startLocalCloud } from '../../../test/support/local-cloud.ts';
import { recordOutput } from '../../../test/support/record-output.ts';
import { startConsumerService } from '../src/index.ts';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const LONG_WORK = 'work that takes longer than each task lives';

/** A service on a queue, by default that of uploads, as one of the three consumers. */
async function startService(
  t: Test,
  cloud: LocalCloud,
  handle: (delivery: Delivery) => Promise<void>,
  { sqs = cloud.sqs, queueUrl = cloud.queues.uploadEvents }: { sqs?: SQSClient; queueUrl?: string } = {},
) {
  const output = recordOutput('acceptor', () => NOW);
  const service = await startConsumerService({
    ...output,
    sqs,
    handle,
    uploadIdsIn: () => [],
    dependencies: {},
    settings: {
      queueUrl,
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
  const { written, log, stop } = await startService(t, cloud, async () => undefined, { sqs });
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

/**
 * What SQS measures as ApproximateAgeOfOldestMessage, once a minute: the time since the oldest message was sent that is not deleted. No
 * value for an empty queue. Only while nothing consumes the queue: what is in flight cannot be seen from outside.
 */
async function agesOf(cloud: LocalCloud, queueUrl: string, forSeconds: number) {
  const { Messages = [] } = await cloud.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 0,
      MessageSystemAttributeNames: ['SentTimestamp'],
    }),
  );
  if (Messages.length === 0) return [];
  const sentMs = Math.min(...Messages.map(({ Attributes }) => Number(Attributes?.SentTimestamp)));
  return Array.from({ length: 1 + Math.floor(forSeconds / 60) }, (_, minute) => ({
    atMs: sentMs + minute * 60_000,
    value: minute * 60,
  }));
}

for (const [queue, name] of [
  ['upload_events', 'uploadEvents'],
  ['accepted_events', 'acceptedEvents'],
  ['webhooks', 'webhooks'],
] as const)
  t.test(
    `alarm age: a consumer that is stopped sets it off, and one that runs does not (${queue})`,
    async (t) => {
      const alarm = ageAlarm(queue);
      t.match(alarm, { metric: 'ApproximateAgeOfOldestMessage', statistic: 'Maximum' });
      const cloud = await startLocalCloud(t);
      const queueUrl = cloud.queues[name];
      const consume = async (body: string) => {
        const isHandled = Promise.withResolvers<void>();
        const handle = async (delivery: Delivery) => void (delivery.body === body && isHandled.resolve());
        const { stop } = await startService(t, cloud, handle, { queueUrl });
        await isHandled.promise;
        await stop();
      };
      await cloud.send(queueUrl, 'while it runs');
      await consume('while it runs');
      await cloud.depthIs(queueUrl, 0);
      t.notOk(isSetOffBy(alarm, await agesOf(cloud, queueUrl, 2 * alarm.threshold)), 'it has consumed all');
      await cloud.send(queueUrl, 'while it is stopped');
      t.notOk(isSetOffBy(alarm, await agesOf(cloud, queueUrl, alarm.threshold - 1)), 'not yet');
      t.ok(isSetOffBy(alarm, await agesOf(cloud, queueUrl, alarm.threshold)));
      await consume('while it is stopped');
      await cloud.depthIs(queueUrl, 0);
      t.notOk(isSetOffBy(alarm, await agesOf(cloud, queueUrl, 2 * alarm.threshold)), 'it runs again');
    },
  );
