import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { deadLetterQueueUrl, QueueWithoutRedrivePolicy, readRedrivePolicy } from '@upload-once/queue';

/** A queue and its dead-letter queue. */
export interface QueuePair {
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly deadLetterUrl: string;
}

/** The queue is not what it was given as: nothing was sent to it, and nothing taken from it. */
export class WrongQueue extends Error {
  readonly code = 'WrongQueue';
}

/**
 * The pair that a queue belongs to, held to the attributes of both: the queue names its dead-letter queue (RedrivePolicy), and that one
 * does not refuse it (RedriveAllowPolicy, where it has one). Two GetQueueAttributes. (Amazon SQS API Reference, "SetQueueAttributes".)
 * @throws WrongQueue for a dead-letter queue in the place of the queue, and for a pair that does not belong together
 */
export async function openQueuePair(sqs: SQSClient, queueUrl: string): Promise<QueuePair> {
  const policy = await readRedrivePolicy(sqs, queueUrl).catch((cause) => {
    if (!(cause instanceof QueueWithoutRedrivePolicy)) throw cause;
    throw new WrongQueue(
      `${queueUrl} has no dead-letter queue: it may be a dead-letter queue itself. (It has no usable RedrivePolicy.)`,
      { cause },
    );
  });
  const deadLetterUrl = deadLetterQueueUrl(queueUrl, policy);
  const [queue, deadLetters] = [await attributesOf(sqs, queueUrl), await attributesOf(sqs, deadLetterUrl)];
  const sources = allowedSources(deadLetters.RedriveAllowPolicy);
  if (
    deadLetters.QueueArn !== policy.deadLetterTargetArn ||
    !(sources?.includes(queue.QueueArn ?? '') ?? true)
  ) {
    throw new WrongQueue(
      `${queueUrl} names ${policy.deadLetterTargetArn} as its dead-letter queue, and that one takes messages ` +
        `from ${sources?.length ? sources.join(', ') : 'no queue'} alone (its RedriveAllowPolicy). Correct the queues, or the URL`,
    );
  }
  return { queueUrl, queueArn: queue.QueueArn ?? '', deadLetterUrl };
}

async function attributesOf(sqs: SQSClient, QueueUrl: string) {
  const ask = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn', 'RedriveAllowPolicy'] });
  return (await sqs.send(ask)).Attributes ?? {};
}

/** The ARNs of the queues whose messages it takes; undefined: any. */
function allowedSources(policy: string | undefined): readonly string[] | undefined {
  if (policy === undefined) return undefined;
  const { redrivePermission, sourceQueueArns = [] } = JSON.parse(policy) as {
    redrivePermission?: string;
    sourceQueueArns?: readonly string[];
  };
  if (redrivePermission === 'allowAll') return undefined;
  return redrivePermission === 'denyAll' ? [] : sourceQueueArns;
}
