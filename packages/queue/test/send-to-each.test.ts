import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import t from 'tap';
import { sendToEach } from '../src/send-to-each.ts';
import { startLocalQueue } from './local-queue.ts';

async function twoReaders(t: Parameters<typeof startLocalQueue>[0]) {
  const queue = await startLocalQueue(t);
  const { QueueUrl = '' } = await queue.sqs.send(new CreateQueueCommand({ QueueName: 'of-another' }));
  const other = new URL(new URL(QueueUrl).pathname, queue.queueUrl).href;
  const bodiesOf = async (queueUrl: string) => (await queue.receive(queueUrl)).map(({ Body }) => Body);
  return { queue, other, bodiesOf };
}

t.test('every reader gets the message', async (t) => {
  const { queue, other, bodiesOf } = await twoReaders(t);
  await sendToEach(queue.sqs, [queue.queueUrl, other], 'a report');
  t.strictSame(await bodiesOf(queue.queueUrl), ['a report']);
  t.strictSame(await bodiesOf(other), ['a report']);
});

t.test('a queue that is not there is named, and keeps the message from no other reader', async (t) => {
  const { queue, other, bodiesOf } = await twoReaders(t);
  const gone = `${queue.queueUrl}-gone`;
  await t.rejects(sendToEach(queue.sqs, [queue.queueUrl, gone, other], 'a report'), {
    code: 'NotSentToEach',
    message: new RegExp(`^1 of 3 queues did not take the message: ${gone}: `),
  });
  t.strictSame(await bodiesOf(queue.queueUrl), ['a report']);
  t.strictSame(await bodiesOf(other), ['a report']);
});

t.test(
  'an attempt to send waits seconds for its response, whatever a long poll of the same client may take',
  async (t) => {
    const timeoutsMs: (number | undefined)[] = [];
    const sqs = new SQSClient({
      region: 'eu-central-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      requestHandler: {
        async handle(_request: unknown, options?: { requestTimeout?: number }) {
          timeoutsMs.push(options?.requestTimeout);
          throw new Error('no response');
        },
      },
      maxAttempts: 1,
    });
    const queueUrls = [
      'https://sqs.eu-central-1.amazonaws.com/1/one',
      'https://sqs.eu-central-1.amazonaws.com/1/other',
    ];
    await t.rejects(sendToEach(sqs, queueUrls, 'a report'), { code: 'NotSentToEach' });
    t.strictSame(timeoutsMs, [5_000, 5_000]);
  },
);
