import { type MessageAttributeValue, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** What SendMessageBatch takes (Amazon SQS API Reference): entries, and bytes of all of them; an entry that is larger goes alone. */
const MAX_BATCH_ENTRIES = 10;
const MAX_BATCH_BYTES = 262_144;
/** For the attributes of a message: ours are short. */
const ATTRIBUTES_BYTES = 1_024;

export interface OutgoingMessage {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttributeValue>>;
}

/**
 * Sends messages to a standard queue, in batches, one after the other. Not atomic: of a batch SQS may take some and refuse
 * others. Never rejects: what SQS refused, or left without an answer after the client's own retries (and may have taken), is
 * told by its place in `messages`, with the reason. A message that is not told of is in the queue.
 */
export async function sendMessages(
  sqs: SQSClient,
  queueUrl: string,
  messages: readonly OutgoingMessage[],
): Promise<ReadonlyMap<number, string>> {
  const failures = new Map<number, string>();
  for (const batch of batchesOf(messages)) {
    try {
      const { Failed = [] } = await sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: batch.map((index) => ({
            Id: String(index),
            MessageBody: messages[index]?.body,
            MessageAttributes: messages[index]?.attributes,
          })),
        }),
      );
      for (const { Id, Code, Message = 'no message' } of Failed)
        failures.set(Number(Id), `${Code}: ${Message}`);
    } catch (error) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      for (const index of batch) failures.set(index, reason);
    }
  }
  return failures;
}

function batchesOf(messages: readonly OutgoingMessage[]): number[][] {
  const batches: number[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const [index, { body }] of messages.entries()) {
    const size = Buffer.byteLength(body) + ATTRIBUTES_BYTES;
    const batch = batches.at(-1);
    if (batch && batch.length < MAX_BATCH_ENTRIES && bytes + size <= MAX_BATCH_BYTES) {
      batch.push(index);
      bytes += size;
    } else {
      batches.push([index]);
      bytes = size;
    }
  }
  return batches;
}
