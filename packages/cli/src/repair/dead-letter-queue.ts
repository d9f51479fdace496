import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type DeadLetter, type QueuePurpose, RECEIVE_ATTRIBUTES, toDeadLetter } from './dead-letter.ts';

/** What ReceiveMessage gives, and what a batch takes (Amazon SQS API Reference). */
const MAX_BATCH_ENTRIES = 10;
/** A long poll, however short, asks all of SQS's servers: its empty response says that nothing is visible. */
const WAIT_SECONDS = 1;
/** How long a message is hidden while it is looked at; also how soon it is back when the look is broken off. */
const LOOK_SECONDS = 30;

/** What a dead-letter queue says of itself; SQS's numbers are approximate. */
export interface DeadLetterCount {
  readonly visible: number;
  /** Received by another consumer, or by a look that was broken off less than a minute ago. */
  readonly hidden: number;
}

export async function countDeadLetters(sqs: SQSClient, queueUrl: string): Promise<DeadLetterCount> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return {
    visible: Number(Attributes?.ApproximateNumberOfMessages ?? 0),
    hidden: Number(Attributes?.ApproximateNumberOfMessagesNotVisible ?? 0),
  };
}

/** One receive: 0 to `count` messages (10 at most), hidden for `visibilitySeconds`. None: nothing is visible. */
export async function receiveDeadLetters(
  sqs: SQSClient,
  queueUrl: string,
  options: { readonly count: number; readonly visibilitySeconds: number; readonly purpose?: QueuePurpose },
): Promise<DeadLetter[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(MAX_BATCH_ENTRIES, options.count),
      VisibilityTimeout: options.visibilitySeconds,
      WaitTimeSeconds: WAIT_SECONDS,
      MessageSystemAttributeNames: [...RECEIVE_ATTRIBUTES.MessageSystemAttributeNames],
      MessageAttributeNames: [...RECEIVE_ATTRIBUTES.MessageAttributeNames],
    }),
  );
  return Messages.map((message) => toDeadLetter(message, options.purpose));
}

/**
 * Makes messages visible again at once. One whose visibility timeout has run out meanwhile is visible already; any other that SQS
 * does not give back now comes back by itself. Never rejects.
 */
export async function giveBack(
  sqs: SQSClient,
  queueUrl: string,
  receiptHandles: readonly string[],
): Promise<void> {
  for (let at = 0; at < receiptHandles.length; at += MAX_BATCH_ENTRIES) {
    const Entries = receiptHandles
      .slice(at, at + MAX_BATCH_ENTRIES)
      .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 }));
    await sqs
      .send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }))
      .catch(() => undefined);
  }
}

/**
 * Looks at the first `limit` messages of a dead-letter queue and gives them back: nothing is changed but their receive counts,
 * by one, which a dead-letter queue without a redrive policy of its own does not mind. A look that is broken off, or takes
 * longer than `visibilitySeconds`, has them come back by themselves; a message that is met twice for that is shown once.
 */
export async function lookAtDeadLetters(
  sqs: SQSClient,
  queueUrl: string,
  limit: number,
  {
    visibilitySeconds = LOOK_SECONDS,
    purpose = {},
  }: { readonly visibilitySeconds?: number; readonly purpose?: QueuePurpose } = {},
): Promise<DeadLetter[]> {
  const seen = new Map<string, DeadLetter>();
  try {
    while (seen.size < limit) {
      const letters = await receiveDeadLetters(sqs, queueUrl, {
        count: limit - seen.size,
        visibilitySeconds,
        purpose,
      });
      const known = seen.size;
      for (const letter of letters) seen.set(letter.messageId, letter);
      // Nothing, or only what came back because this took so long: the queue has been gone through.
      if (seen.size === known) break;
    }
    return [...seen.values()];
  } finally {
    await giveBack(
      sqs,
      queueUrl,
      [...seen.values()].map(({ receiptHandle }) => receiptHandle),
    );
  }
}
