import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { deadLetterQueueUrl, readRedrivePolicy } from '@upload-once/queue';
import type { MessageCounts, QueueName, QueueSource } from '../ports.ts';

/** The attributes of queues and their dead-letter queues. Three GetQueueAttributes for each state, the first one only once. */
export function createSqsQueues(
  sqs: SQSClient,
  urls: Readonly<Partial<Record<QueueName, string>>>,
): QueueSource {
  const known = new Map<QueueName, { readonly deadLetterUrl: string; readonly maxReceiveCount: number }>();

  async function deadLettersOf(queue: QueueName, url: string) {
    const before = known.get(queue);
    if (before) return before;
    const policy = await readRedrivePolicy(sqs, url);
    const found = {
      deadLetterUrl: deadLetterQueueUrl(url, policy),
      maxReceiveCount: policy.maxReceiveCount,
    };
    known.set(queue, found);
    return found;
  }

  return {
    queues: Object.keys(urls) as QueueName[],

    async state(queue) {
      const url = urls[queue] ?? '';
      const { deadLetterUrl, maxReceiveCount } = await deadLettersOf(queue, url);
      const [counts, deadLetters] = await Promise.all([countsOf(sqs, url), countsOf(sqs, deadLetterUrl)]);
      return {
        queue,
        name: nameOf(url),
        counts,
        deadLetterName: nameOf(deadLetterUrl),
        deadLetters,
        maxReceiveCount,
      };
    },
  };
}

async function countsOf(sqs: SQSClient, QueueUrl: string): Promise<MessageCounts> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ],
    }),
  );
  return {
    visible: Number(Attributes['ApproximateNumberOfMessages'] ?? 0),
    inFlight: Number(Attributes['ApproximateNumberOfMessagesNotVisible'] ?? 0),
    delayed: Number(Attributes['ApproximateNumberOfMessagesDelayed'] ?? 0),
  };
}

function nameOf(queueUrl: string): string {
  return queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
}
