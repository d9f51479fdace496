import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Caller, Network } from './network.ts';
import type { QueueTwin } from './queue-twin.ts';

/**
 * What the consumer calls of SQS's client, over a queue in memory. A poll waits until there is a message: an empty answer every
 * twenty seconds would change nothing.
 */
export function createSqsClient(queue: QueueTwin, network: Network, caller: Caller): SQSClient {
  const { carry } = network.over(caller);

  async function receive(command: ReceiveMessageCommand, signal: AbortSignal | undefined) {
    const { MaxNumberOfMessages: count = 1, VisibilityTimeout: seconds = 30 } = command.input;
    for (;;) {
      await unlessAborted(queue.untilVisible(), signal);
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
      return carry({ operation: 'DeleteMessageBatch', key: '' }, () => {
        for (const { ReceiptHandle } of entries) queue.remove(ReceiptHandle ?? '');
        return {};
      });
    }
    if (command instanceof SendMessageBatchCommand) {
      const entries = command.input.Entries ?? [];
      return carry({ operation: 'SendMessageBatch', key: '' }, () => {
        for (const { MessageBody = '', MessageAttributes = {} } of entries) {
          const texts = Object.entries(MessageAttributes).map(([name, value]) => [
            name,
            value.StringValue ?? '',
          ]);
          queue.send(MessageBody, Object.fromEntries(texts));
        }
        return {};
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

async function unlessAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return promise;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
