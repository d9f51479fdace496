import { type MessageAttributeValue, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** What SendMessageBatch takes (Amazon SQS API Reference): entries, and bytes of all of them; an entry that is larger goes alone. */
const MAX_BATCH_ENTRIES = 10;
const MAX_BATCH_BYTES = 262_144;
/** For the attributes of a message: ours are short. */
const ATTRIBUTES_BYTES = 1_024;

/** Errors of a connection that never stood: no byte of the request left. */
const NO_CONNECTION: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Not every 200 is SQS's, and what it does not name it has not promised to have. */
const UNNAMED = 'SQS’s response does not name the message';

/** Why SQS is not known to have a message. */
export interface SendFailure {
  readonly reason: string;
  /** No response proves that SQS does not have it. False: SQS refused it each time, or was never reached. */
  readonly mayBeSent: boolean;
}

export interface OutgoingMessage {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttributeValue>>;
  /** For how long the queue gives it to no consumer: whole seconds, 0 to 900. By default what the queue says. */
  readonly delaySeconds?: number;
}

/**
 * Sends messages to a standard queue, in batches, one after the other. Not atomic: SQS may take some messages of a batch and refuse
 * others. Never rejects: each message that SQS refused, did not name in its response, or left without a response after the client's own
 * retries, is reported by its index in `messages`, with what is known of it. A message that is not reported is in the queue: SQS named it as
 * successful.
 */
export async function sendMessages(
  sqs: SQSClient,
  queueUrl: string,
  messages: readonly OutgoingMessage[],
): Promise<ReadonlyMap<number, SendFailure>> {
  const failures = new Map<number, SendFailure>();
  for (const batch of batchesOf(messages)) {
    const command = new SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: batch.map((index) => ({
        Id: String(index),
        MessageBody: messages[index]?.body,
        MessageAttributes: messages[index]?.attributes,
        DelaySeconds: messages[index]?.delaySeconds,
      })),
    });
    let mayBeSent = false;
    /** SQS has taken the request; where it counts as failed all the same, its response could not be read. */
    let hasResponse = false;
    // Behind the client's retries, so that it sees each attempt: a first one may have arrived, though the last was refused.
    command.middlewareStack.add(
      (next) => async (args) => {
        try {
          const response = await next(args);
          hasResponse = true;
          return response;
        } catch (error) {
          mayBeSent ||= mayHaveArrived(error);
          throw error;
        }
      },
      { step: 'finalizeRequest', priority: 'low', name: 'watchAttempts' },
    );
    try {
      const { Successful = [], Failed = [] } = await sqs.send(command);
      for (const index of batch) failures.set(index, { reason: UNNAMED, mayBeSent: true });
      for (const { Id } of Successful) failures.delete(Number(Id));
      for (const { Id, Code, Message = 'no message' } of Failed)
        failures.set(Number(Id), { reason: `${Code}: ${Message}`, mayBeSent });
    } catch (error) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      for (const index of batch) failures.set(index, { reason, mayBeSent: mayBeSent || hasResponse });
    }
  }
  return failures;
}

/** Whether SQS may have carried out an attempt that failed: a 4xx says that it did not. */
function mayHaveArrived(error: unknown): boolean {
  const { code, $metadata } = error as { code?: unknown; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  // A 200 whose response could not be read to its end is a failed attempt as well.
  if (status !== undefined) return status < 400 || status >= 500;
  return !NO_CONNECTION.has(code);
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
