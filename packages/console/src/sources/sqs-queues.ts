import { GetQueueAttributesCommand, type QueueAttributeName, type SQSClient } from '@aws-sdk/client-sqs';
import { deadLetterQueueUrl, redrivePolicyOf } from '@upload-once/queue';
import type { MessageCounts, QueueName, QueueSource } from '../ports.ts';

const COUNTS: QueueAttributeName[] = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
];

/** The attributes of queues and their dead-letter queues, as they are now: two GetQueueAttributes for each state. */
export function createSqsQueues(
  sqs: SQSClient,
  urls: Readonly<Partial<Record<QueueName, string>>>,
): QueueSource {
  async function attributesOf(QueueUrl: string, AttributeNames: QueueAttributeName[]) {
    const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
    return Attributes;
  }

  return {
    queues: Object.keys(urls) as QueueName[],

    async state(queue) {
      const url = urls[queue] ?? '';
      const attributes = await attributesOf(url, [...COUNTS, 'RedrivePolicy']);
      const policy = redrivePolicyOf(url, attributes['RedrivePolicy']);
      const deadLetterUrl = deadLetterQueueUrl(url, policy);
      return {
        queue,
        name: nameOf(url),
        counts: countsOf(attributes),
        deadLetterName: nameOf(deadLetterUrl),
        deadLetters: countsOf(await attributesOf(deadLetterUrl, COUNTS)),
        maxReceiveCount: policy.maxReceiveCount,
      };
    },
  };
}

function countsOf(attributes: Readonly<Record<string, string>>): MessageCounts {
  return {
    visible: Number(attributes['ApproximateNumberOfMessages'] ?? 0),
    inFlight: Number(attributes['ApproximateNumberOfMessagesNotVisible'] ?? 0),
    delayed: Number(attributes['ApproximateNumberOfMessagesDelayed'] ?? 0),
  };
}

function nameOf(queueUrl: string): string {
  return queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
}
