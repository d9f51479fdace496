import t from 'tap';
import { deadLetterQueueUrl, readRedrivePolicy } from '../src/redrive-policy.ts';
import { startLocalQueue } from './local-queue.ts';

t.test('a queue’s dead-letter queue is found by its policy', async (t) => {
  const { sqs, queueUrl, deadLetterUrl } = await startLocalQueue(t, { maxReceiveCount: 7 });
  const policy = await readRedrivePolicy(sqs, queueUrl);
  t.equal(policy.maxReceiveCount, 7);
  t.equal(deadLetterQueueUrl(queueUrl, policy), deadLetterUrl);
});

t.test('a queue without a policy is refused by its URL', async (t) => {
  const { sqs, deadLetterUrl } = await startLocalQueue(t);
  await t.rejects(readRedrivePolicy(sqs, deadLetterUrl), {
    code: 'QueueWithoutRedrivePolicy',
    message: new RegExp(`^the queue ${deadLetterUrl} needs a RedrivePolicy .*; it has none$`),
  });
});

t.test('on AWS only the name differs', async (t) => {
  t.equal(
    deadLetterQueueUrl('https://sqs.eu-central-1.amazonaws.com/123456789012/once-upload-events', {
      maxReceiveCount: 5,
      deadLetterTargetArn: 'arn:aws:sqs:eu-central-1:123456789012:once-upload-events-dead-letter',
    }),
    'https://sqs.eu-central-1.amazonaws.com/123456789012/once-upload-events-dead-letter',
  );
});
