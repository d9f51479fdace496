import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '@upload-once/clock';
import { readRedrivePolicy } from './redrive-policy.ts';

/** What a message waits at most for maxReceiveCount to be read: `longestTimeInQueueSeconds` counts on it. */
export const LIMIT_WAIT_SECONDS = 5;

/** A queue's maxReceiveCount, as it was read last: it can be changed while a consumer runs. */
export interface ReceiveLimit {
  readonly maxReceiveCount: number;
  /**
   * Reads it again if the last attempt to do so is at least `olderThanSeconds` ago; joins a read that is under way. A read that
   * fails keeps the number and calls `onUnread`. Never rejects.
   */
  renew(olderThanSeconds: number): Promise<void>;
}

/**
 * Reads the queue's maxReceiveCount.
 * @param options.signal ends reads, without a word
 * @throws QueueWithoutRedrivePolicy, or the error of SQS
 */
export async function readReceiveLimit(options: {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onUnread: (error: unknown, maxReceiveCount: number) => void;
}): Promise<ReceiveLimit> {
  const { sqs, queueUrl, clock, signal, onUnread } = options;
  let triedAtMs = clock.monotonicMs();
  let { maxReceiveCount } = await readRedrivePolicy(sqs, queueUrl, signal);
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    triedAtMs = clock.monotonicMs();
    try {
      maxReceiveCount = (await readRedrivePolicy(sqs, queueUrl, signal)).maxReceiveCount;
    } catch (error) {
      if (!signal.aborted) onUnread(error, maxReceiveCount);
    }
    reading = undefined;
  }

  return {
    get maxReceiveCount() {
      return maxReceiveCount;
    },
    async renew(olderThanSeconds) {
      if (reading === undefined && clock.monotonicMs() - triedAtMs < olderThanSeconds * 1000) return;
      reading ??= read();
      await reading;
    },
  };
}
