import { setTimeout as pause } from 'node:timers/promises';
import type { SQSClient } from '@aws-sdk/client-sqs';

/** What SQS takes for a call in its own region. */
const LATENCY_MS = 10;

export interface FakeSqs {
  readonly client: SQSClient;
  /** How many calls were made. */
  calls(): number;
}

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: {
    readonly MaxNumberOfMessages?: number;
    readonly Entries?: readonly { readonly Id?: string }[];
  };
}

/** A queue that always has more messages, without a network, so that only what a consumer does with its time is measured. */
export function createFakeSqs(): FakeSqs {
  let calls = 0;
  let messages = 0;

  function respond({ constructor: { name }, input }: Command): object {
    switch (name) {
      case 'ReceiveMessageCommand':
        return { Messages: Array.from({ length: input.MaxNumberOfMessages ?? 1 }, message) };
      case 'GetQueueAttributesCommand':
        return {
          Attributes: { RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:::d","maxReceiveCount":5}' },
        };
      default:
        return { Successful: input.Entries?.map(({ Id }) => ({ Id })) };
    }
  }

  function message() {
    messages += 1;
    const id = String(messages);
    return { MessageId: id, ReceiptHandle: id, Body: id, Attributes: { ApproximateReceiveCount: '1' } };
  }

  async function send(command: Command, options?: { readonly abortSignal?: AbortSignal }): Promise<object> {
    calls += 1;
    await pause(LATENCY_MS, undefined, options?.abortSignal && { signal: options.abortSignal });
    return respond(command);
  }

  return { client: { send } as unknown as SQSClient, calls: () => calls };
}
