import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { FakeQueue } from './fake-queue.ts';
import type { Caller, Network } from './network.ts';
import { below, type Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The longest time between the moment at which SQS picks messages for a poll and its response. */
const MAX_HAND_OUT_MS = 40;

/**
 * The part of SQS's client that the consumer calls, over a queue in memory. A poll waits until there is a message, or until its process
 * stops and SQS ends the last poll: an empty response every twenty seconds would change nothing before that. SQS does not notice that
 * a client cancels a poll: until the poll ends, SQS still delivers messages to it.
 * @param options.onResponse called with the outcome, for its caller, of each call to send copies or to delete
 * @param options.lastPollEnds resolves when SQS ends the last poll of a process that stops
 */
export function createSqsClient(options: {
  readonly queue: FakeQueue;
  readonly network: Network;
  readonly caller: Caller;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly lastPollEnds: Promise<void>;
  readonly onResponse: (operation: 'SendMessageBatch' | 'DeleteMessageBatch', isDone: boolean) => void;
}): SQSClient {
  const { queue, network, caller, time, random, lastPollEnds, onResponse } = options;
  const { carry } = network.over(caller);

  async function carryBatch<T>(
    operation: 'SendMessageBatch' | 'DeleteMessageBatch',
    act: () => T,
  ): Promise<T> {
    try {
      const result = await carry({ operation, key: '' }, act);
      onResponse(operation, true);
      return result;
    } catch (error) {
      onResponse(operation, false);
      throw error;
    }
  }

  async function giveToDeadPoll(count: number, visibilitySeconds: number): Promise<void> {
    const isOver = lastPollEnds.then(() => true);
    if (await Promise.race([isOver, queue.untilVisible().then(() => false)])) return;
    time.after(below(MAX_HAND_OUT_MS, random), () => void queue.take(count, visibilitySeconds));
  }

  async function receive(command: ReceiveMessageCommand, signal: AbortSignal | undefined) {
    const { MaxNumberOfMessages: count = 1, VisibilityTimeout: seconds = 30 } = command.input;
    for (;;) {
      try {
        const isOver = lastPollEnds.then(() => true);
        const poll = Promise.race([isOver, queue.untilVisible().then(() => false)]);
        if (await unlessAborted(poll, signal)) return { Messages: [] };
      } catch (error) {
        void giveToDeadPoll(count, seconds);
        throw error;
      }
      const call = { operation: 'ReceiveMessage', key: '', ...(signal && { signal }) };
      const messages = await carry(call, () => queue.take(count, seconds));
      if (messages.length === 0) continue;
      return {
        Messages: messages.map(({ messageId, body, attributes, receiptHandle, receiveCount }) => ({
          MessageId: messageId,
          Body: body,
          ReceiptHandle: receiptHandle,
          Attributes: { ApproximateReceiveCount: String(receiveCount) },
          MessageAttributes: Object.fromEntries(
            Object.entries(attributes).map(([name, text]) => [
              name,
              { DataType: 'String', StringValue: text },
            ]),
          ),
        })),
      };
    }
  }

  async function send(command: unknown, options?: { abortSignal?: AbortSignal }): Promise<unknown> {
    if (command instanceof ReceiveMessageCommand) return receive(command, options?.abortSignal);
    if (command instanceof DeleteMessageBatchCommand) {
      const entries = command.input.Entries ?? [];
      return carryBatch('DeleteMessageBatch', () => {
        for (const { ReceiptHandle } of entries) queue.remove(ReceiptHandle ?? '');
        return { Successful: entries.map(({ Id }) => ({ Id })) };
      });
    }
    if (command instanceof SendMessageBatchCommand) {
      const entries = command.input.Entries ?? [];
      return carryBatch('SendMessageBatch', () => {
        for (const { MessageBody = '', MessageAttributes = {}, DelaySeconds = 0 } of entries) {
          const texts = Object.entries(MessageAttributes).map(([name, value]) => [
            name,
            value.StringValue ?? '',
          ]);
          queue.send(MessageBody, Object.fromEntries(texts), DelaySeconds);
        }
        return { Successful: entries.map(({ Id }) => ({ Id })) };
      });
    }
    if (command instanceof ChangeMessageVisibilityCommand) {
      const { ReceiptHandle = '', VisibilityTimeout = 0 } = command.input;
      return carry({ operation: 'ChangeMessageVisibility', key: '' }, () =>
        queue.changeVisibility(ReceiptHandle, VisibilityTimeout),
      );
    }
    if (command instanceof GetQueueAttributesCommand) {
      const policy = { maxReceiveCount: queue.maxReceiveCount, deadLetterTargetArn: 'arn:aws:sqs:::dead' };
      return { Attributes: { RedrivePolicy: JSON.stringify(policy) } };
    }
    throw new Error('the consumer makes a call that the queue in memory does not know');
  }

  return { send } as unknown as SQSClient;
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
