import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** A queue, and where its messages go that failed too often; by their URLs. */
export interface QueuePair {
  readonly queue: string;
  readonly deadLetterQueue: string;
}

/**
 * Moves every dead letter back to its queue, sent before it is removed.
 * @returns one line for each: which object it is about, and why it was given up, as far as a service could say so
 */
export async function redrive(
  sqs: SQSClient,
  { queue, deadLetterQueue }: QueuePair,
  reasons: ReadonlyMap<string, string>,
): Promise<string[]> {
  const moved: string[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: deadLetterQueue, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) return moved;
    for (const { MessageId = '', Body = '', ReceiptHandle = '' } of Messages as readonly Message[]) {
      await sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: Body }));
      await sqs.send(new DeleteMessageCommand({ QueueUrl: deadLetterQueue, ReceiptHandle }));
      const key = /"key":"([^"]*)"/.exec(Body)?.[1] ?? Body.slice(0, 100);
      const reason =
        reasons.get(MessageId) ?? 'the worker that had it last was killed, or the receive was lost';
      moved.push(`${decodeURIComponent(key)}: ${reason}`);
    }
  }
}
