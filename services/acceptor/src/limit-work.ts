import type { Clock } from '@upload-once/clock';
import type { Delivery } from '@upload-once/queue';

/**
 * How long the acceptor works on one message. A copy of 5 GiB, the most that a form takes, needs a few minutes. Terraform
 * counts on this number (`longest_work_seconds` in terraform/main.tf).
 */
export const ACCEPT_LIMIT_SECONDS = 3_600;

/** S3 or DynamoDB took longer than ACCEPT_LIMIT_SECONDS. */
class AcceptTooSlow extends Error {
  readonly code = 'AcceptTooSlow';
}

/**
 * The same handler, ended after `limitSeconds`: the signal is aborted and the promise rejects, whether the handler listens or not.
 * So the time that a message spends in its queue has a bound (`longestTimeInQueueSeconds`). What the handler still does then is
 * harmless: two workers at one upload end in one acceptance.
 */
export function limitWork(
  handle: (delivery: Delivery) => Promise<void>,
  options: { readonly limitSeconds: number; readonly clock: Pick<Clock, 'after'> },
): (delivery: Delivery) => Promise<void> {
  const { limitSeconds, clock } = options;
  return async (delivery) => {
    const tooSlow = new AbortController();
    const expired = Promise.withResolvers<never>();
    const stopTimer = clock.after(limitSeconds * 1000, () => {
      const error = new AcceptTooSlow(`the message was not done after ${limitSeconds} seconds`);
      tooSlow.abort(error);
      expired.reject(error);
    });
    const limited: Delivery = {
      ...delivery,
      // It can change; a spread would keep what it is now.
      get isLastReceive() {
        return delivery.isLastReceive;
      },
      signal: AbortSignal.any([delivery.signal, tooSlow.signal]),
    };
    try {
      await Promise.race([handle(limited), expired.promise]);
    } finally {
      stopTimer();
    }
  };
}
