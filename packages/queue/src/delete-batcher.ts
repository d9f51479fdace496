import { DeleteMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { backoffSeconds, DELETE_BACKOFF } from './backoff.ts';
import type { Timers } from './timers.ts';

/** What DeleteMessageBatch takes (Amazon SQS API Reference). */
const MAX_BATCH_ENTRIES = 10;
/** How long the first message of a batch waits for company. */
const FLUSH_AFTER_MS = 5;
const MAX_ATTEMPTS = 3;

/** SQS did not delete a message, or no answer tells that it did. */
export class DeleteFailed extends Error {
  readonly code = 'DeleteFailed';
}

export interface DeleteBatcher {
  /**
   * Deletes one message, together with whatever else is to be deleted within a few milliseconds. Resolves when SQS has
   * confirmed this very message. A failure is tried again up to three times in all, with a growing jittered wait;
   * one that SQS calls the sender's fault is not.
   * @throws DeleteFailed
   */
  delete(receiptHandle: string): Promise<void>;
}

interface Entry {
  readonly receiptHandle: string;
  attempts: number;
  readonly settled: PromiseWithResolvers<void>;
}

export function createDeleteBatcher(options: {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly timers: Timers;
  readonly random: () => number;
}): DeleteBatcher {
  const { sqs, queueUrl, timers, random } = options;
  let waiting: Entry[] = [];
  let cancelFlush: (() => void) | undefined;

  function enqueue(entry: Entry): void {
    waiting.push(entry);
    if (waiting.length === MAX_BATCH_ENTRIES) flush();
    else cancelFlush ??= timers.after(FLUSH_AFTER_MS, flush);
  }

  function flush(): void {
    cancelFlush?.();
    cancelFlush = undefined;
    const batch = waiting;
    waiting = [];
    void send(batch);
  }

  async function send(batch: readonly Entry[]): Promise<void> {
    let failures: ReadonlyMap<number, { readonly cause: unknown; readonly final: boolean }>;
    try {
      const answer = await sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: batch.map((entry, index) => ({ Id: String(index), ReceiptHandle: entry.receiptHandle })),
        }),
      );
      failures = new Map(
        (answer.Failed ?? []).map((failed) => [
          Number(failed.Id),
          { cause: `${failed.Code}: ${failed.Message ?? 'no message'}`, final: failed.SenderFault === true },
        ]),
      );
    } catch (error) {
      failures = new Map(batch.map((_, index) => [index, { cause: error, final: false }]));
    }
    for (const [index, entry] of batch.entries()) {
      const failure = failures.get(index);
      if (failure === undefined) entry.settled.resolve();
      else retry(entry, failure);
    }
  }

  function retry(entry: Entry, failure: { readonly cause: unknown; readonly final: boolean }): void {
    entry.attempts += 1;
    if (failure.final || entry.attempts === MAX_ATTEMPTS) {
      const message = `SQS did not delete the message in ${entry.attempts} of at most ${MAX_ATTEMPTS} attempts`;
      entry.settled.reject(new DeleteFailed(message, { cause: failure.cause }));
      return;
    }
    const waitSeconds = backoffSeconds(entry.attempts, DELETE_BACKOFF, random);
    timers.after(waitSeconds * 1000, () => enqueue(entry));
  }

  return {
    delete(receiptHandle) {
      const settled = Promise.withResolvers<void>();
      enqueue({ receiptHandle, attempts: 0, settled });
      return settled.promise;
    },
  };
}
