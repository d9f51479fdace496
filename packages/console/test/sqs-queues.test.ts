import type { SQSClient } from '@aws-sdk/client-sqs';
import t from 'tap';
import { createSqsQueues } from '../src/index.ts';

const urlOf = (name: string) => `https://sqs.eu-central-1.amazonaws.com/123456789012/${name}`;

t.test('a queue’s redrive policy is the one that it has now', async (t) => {
  const asked: unknown[] = [];
  let deadLetters = 'dead-1';
  const client = {
    async send({ input }: { input: { QueueUrl: string; AttributeNames: string[] } }) {
      asked.push(input.QueueUrl);
      const RedrivePolicy = JSON.stringify({
        deadLetterTargetArn: `arn:aws:sqs:eu-central-1:123456789012:${deadLetters}`,
        maxReceiveCount: asked.length,
      });
      const all = {
        ApproximateNumberOfMessages: '3',
        ApproximateNumberOfMessagesNotVisible: '2',
        RedrivePolicy,
      };
      const names = new Set(input.AttributeNames);
      return { Attributes: Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name))) };
    },
  } as unknown as SQSClient;
  const queues = createSqsQueues(client, { uploads: urlOf('mine') });
  const counts = { visible: 3, inFlight: 2, delayed: 0 };
  const state = { queue: 'uploads', name: 'mine', counts, deadLetters: counts };
  t.strictSame(queues.queues, ['uploads']);
  t.strictSame(await queues.state('uploads'), { ...state, deadLetterName: 'dead-1', maxReceiveCount: 1 });
  deadLetters = 'dead-2';
  t.strictSame(await queues.state('uploads'), { ...state, deadLetterName: 'dead-2', maxReceiveCount: 3 });
  t.strictSame(asked, [urlOf('mine'), urlOf('dead-1'), urlOf('mine'), urlOf('dead-2')]);
});
