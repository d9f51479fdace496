import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** The queue gives a failing message again for ever: nothing would end in a dead-letter queue, no alarm would go off. */
export class QueueWithoutRedrivePolicy extends Error {
  readonly code = 'QueueWithoutRedrivePolicy';
}

/**
 * How many times the queue gives a message before it moves it to its dead-letter queue.
 * (Amazon SQS API Reference, "GetQueueAttributes", RedrivePolicy.)
 * @throws QueueWithoutRedrivePolicy
 */
export async function readMaxReceiveCount(
  sqs: SQSClient,
  queueUrl: string,
  signal: AbortSignal,
): Promise<number> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['RedrivePolicy'] }),
    { abortSignal: signal },
  );
  const policy = Attributes?.['RedrivePolicy'];
  const count = policy === undefined ? undefined : maxReceiveCountOf(policy);
  if (count === undefined) {
    throw new QueueWithoutRedrivePolicy(
      `the queue ${queueUrl} needs a RedrivePolicy with a deadLetterTargetArn and a maxReceiveCount of at least 1; ` +
        (policy === undefined ? 'it has none' : `it has ${policy}`),
    );
  }
  return count;
}

function maxReceiveCountOf(policy: string): number | undefined {
  let parsed: { maxReceiveCount?: unknown; deadLetterTargetArn?: unknown } | null;
  try {
    parsed = JSON.parse(policy);
  } catch {
    return undefined;
  }
  // CloudFormation and older tools write the number as a string; SQS gives it back as it was written.
  const count = Number(parsed?.maxReceiveCount);
  return Number.isInteger(count) && count >= 1 && typeof parsed?.deadLetterTargetArn === 'string'
    ? count
    : undefined;
}
