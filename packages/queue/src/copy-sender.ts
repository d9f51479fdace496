import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '@upload-once/clock';
import { gather } from './gather.ts';
import { type OutgoingMessage, sendMessages } from './send-messages.ts';

/** SQS did not take the copy of a message, or no response confirms it. */
export class CopyNotSent extends Error {
  readonly code = 'CopyNotSent';
}

export interface CopySender {
  /**
   * Sends one message, together with whatever else is to be sent within a few milliseconds. Resolves when SQS has taken this very
   * message. One call sends it once, apart from the client's own retries.
   * @throws CopyNotSent
   */
  send(copy: OutgoingMessage): Promise<void>;
}

export function createCopySender(options: {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly clock: Clock;
}): CopySender {
  const { sqs, queueUrl, clock } = options;
  const enqueue = gather<{ readonly copy: OutgoingMessage; readonly sent: PromiseWithResolvers<void> }>(
    clock,
    async (batch) => {
      const failures = await sendMessages(
        sqs,
        queueUrl,
        batch.map(({ copy }) => copy),
      );
      for (const [index, { sent }] of batch.entries()) {
        const failure = failures.get(index);
        if (failure === undefined) sent.resolve();
        else sent.reject(new CopyNotSent(`SQS did not take the copy of the message: ${failure.reason}`));
      }
    },
  );

  return {
    send(copy) {
      const sent = Promise.withResolvers<void>();
      enqueue({ copy, sent });
      return sent.promise;
    },
  };
}
