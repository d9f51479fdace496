import { DeleteMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '@upload-once/clock';
import { backoffSeconds, DELETE_BACKOFF } from './backoff.ts';
import { gather } from './gather.ts';

const MAX_ATTEMPTS = 3;

/**
 * How long a failure counts. Longer than from one attempt to the next for a message that is held (`deleteHeld`), with the client's own
 * retries and time-outs.
 */
const FAILING_SECONDS = 300;

/** SQS did not delete a message, or no response confirms it. */
export class DeleteFailed extends Error {
  readonly code = 'DeleteFailed';
  /** SQS calls it the sender's fault: the receipt handle is not valid any more, and no later attempt can succeed. */
  readonly isFinal: boolean;

  constructor(message: string, options: ErrorOptions & { readonly isFinal: boolean }) {
    super(message, options);
    this.isFinal = options.isFinal;
  }
}

export interface DeleteBatcher {
  /**
   * Deletes one message, together with whatever else is to be deleted within a few milliseconds. Resolves when SQS has
   * named this very message as deleted. A failure, also a response that does not name it, is tried again up to three times in all, with a growing jittered wait;
   * one that SQS calls the sender's fault is not.
   * @throws DeleteFailed
   */
  delete(receiptHandle: string): Promise<void>;
  /** The last attempt to delete any message has failed, at most five minutes ago; an invalid receipt handle is no failure. */
  readonly isFailing: boolean;
}

interface Entry {
  readonly receiptHandle: string;
  attempts: number;
  readonly settled: PromiseWithResolvers<void>;
}

export function createDeleteBatcher(options: {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly clock: Clock;
  readonly random: () => number;
}): DeleteBatcher {
  const { sqs, queueUrl, clock, random } = options;
  const enqueue = gather<Entry>(clock, (batch) => void send(batch));
  let failedAtMs = Number.NEGATIVE_INFINITY;

  async function send(batch: readonly Entry[]): Promise<void> {
    let failures: ReadonlyMap<number, { readonly cause: unknown; readonly final: boolean }>;
    try {
      const response = await sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: batch.map((entry, index) => ({ Id: String(index), ReceiptHandle: entry.receiptHandle })),
        }),
      );
      const unnamed = { cause: 'SQS’s response does not name the message', final: false };
      const all = new Map<number, { readonly cause: unknown; readonly final: boolean }>();
      for (const index of batch.keys()) all.set(index, unnamed);
      for (const { Id } of response.Successful ?? []) all.delete(Number(Id));
      for (const { Id, Code, Message = 'no message', SenderFault } of response.Failed ?? [])
        all.set(Number(Id), { cause: `${Code}: ${Message}`, final: SenderFault === true });
      failures = all;
    } catch (error) {
      failures = new Map(batch.map((_, index) => [index, { cause: error, final: false }]));
    }
    for (const [index, entry] of batch.entries()) {
      const failure = failures.get(index);
      if (failure?.final !== true)
        failedAtMs = failure === undefined ? Number.NEGATIVE_INFINITY : clock.monotonicMs();
      if (failure === undefined) entry.settled.resolve();
      else retry(entry, failure);
    }
  }

  function retry(entry: Entry, failure: { readonly cause: unknown; readonly final: boolean }): void {
    entry.attempts += 1;
    if (failure.final || entry.attempts === MAX_ATTEMPTS) {
      const message = `SQS did not delete the message in ${entry.attempts} of at most ${MAX_ATTEMPTS} attempts`;
      entry.settled.reject(new DeleteFailed(message, { cause: failure.cause, isFinal: failure.final }));
      return;
    }
    const waitSeconds = backoffSeconds(entry.attempts, DELETE_BACKOFF, random);
    clock.after(waitSeconds * 1000, () => enqueue(entry));
  }

  return {
    delete(receiptHandle) {
      const settled = Promise.withResolvers<void>();
      enqueue({ receiptHandle, attempts: 0, settled });
      return settled.promise;
    },
    get isFailing() {
      return clock.monotonicMs() - failedAtMs < FAILING_SECONDS * 1000;
    },
  };
}
