import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** The queue gives a failing message again for ever: nothing would end in a dead-letter queue, no alarm would go off. */
export class QueueWithoutRedrivePolicy extends Error {
  readonly code = 'QueueWithoutRedrivePolicy';
}

export interface RedrivePolicy {
  /** How many times the queue gives a message before it moves it to its dead-letter queue; at least 1. */
  readonly maxReceiveCount: number;
  readonly deadLetterTargetArn: string;
}

/**
 * What the queue does with a message that can't be handled.
 * (Amazon SQS API Reference, "GetQueueAttributes", RedrivePolicy.)
 * @throws QueueWithoutRedrivePolicy
 */
export async function readRedrivePolicy(
  sqs: SQSClient,
  queueUrl: string,
  signal?: AbortSignal,
): Promise<RedrivePolicy> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['RedrivePolicy'] }),
    { ...(signal && { abortSignal: signal }) },
  );
  return redrivePolicyOf(queueUrl, Attributes?.['RedrivePolicy']);
}

/** The attribute RedrivePolicy of a queue. @throws QueueWithoutRedrivePolicy */
export function redrivePolicyOf(queueUrl: string, text: string | undefined): RedrivePolicy {
  const policy = text === undefined ? undefined : parse(text);
  if (policy === undefined) {
    throw new QueueWithoutRedrivePolicy(
      `the queue ${queueUrl} needs a RedrivePolicy with a deadLetterTargetArn and a maxReceiveCount of at least 1; ` +
        (text === undefined ? 'it has none' : `it has ${text}`),
    );
  }
  return policy;
}

/**
 * The URL of a queue's dead-letter queue. It is made, not asked for: a dead-letter queue has the account and the region of its
 * source (Amazon SQS Developer Guide, "Using dead-letter queues in Amazon SQS"), so only the name differs.
 */
export function deadLetterQueueUrl(queueUrl: string, { deadLetterTargetArn }: RedrivePolicy): string {
  const name = deadLetterTargetArn.slice(deadLetterTargetArn.lastIndexOf(':') + 1);
  return queueUrl.slice(0, queueUrl.lastIndexOf('/') + 1) + name;
}

function parse(text: string): RedrivePolicy | undefined {
  let parsed: { maxReceiveCount?: unknown; deadLetterTargetArn?: unknown } | null;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  // CloudFormation and older tools write the number as a string; SQS gives it back as it was written.
  const maxReceiveCount = Number(parsed?.maxReceiveCount);
  const deadLetterTargetArn = parsed?.deadLetterTargetArn;
  return Number.isInteger(maxReceiveCount) && maxReceiveCount >= 1 && typeof deadLetterTargetArn === 'string'
    ? { maxReceiveCount, deadLetterTargetArn }
    : undefined;
}
