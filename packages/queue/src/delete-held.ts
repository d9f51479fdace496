import { type Clock, pause } from '@upload-once/clock';
import { backoffSeconds, ROUND_BACKOFF } from './backoff.ts';
import type { DeleteBatcher, DeleteFailed } from './delete-batcher.ts';
import type { HeldMessage } from './held-message.ts';

/**
 * Deletes a message that needs nothing more: it was handled, or a copy of it is in the queue. While SQS does not delete it, the message
 * is held, and its deletion is tried again. Given back, a message that was handled would use up its receives and end in the dead-letter
 * queue, although nothing has failed; one that was copied would be a second message. Ends when the message is
 * deleted, when it is lost (after SQS's 12 hours at the latest), when SQS calls the receipt handle invalid, or with `ended`.
 *
 * @param options.held its heartbeats have ended; they go on if the deletion takes longer than a quarter of the visibility timeout
 * @param options.ended the message is lost, or the consumer does not wait any longer
 * @param options.onDelayed called with the failure of each round that another one follows
 * @returns why the message was not deleted; undefined when it was
 */
export async function deleteHeld(options: {
  readonly deleter: DeleteBatcher;
  readonly receiptHandle: string;
  readonly held: HeldMessage;
  readonly visibilitySeconds: number;
  readonly ended: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onDelayed: (error: DeleteFailed) => void;
}): Promise<DeleteFailed | undefined> {
  const { deleter, receiptHandle, held, visibilitySeconds, ended, clock, random, onDelayed } = options;

  async function round(): Promise<DeleteFailed | undefined> {
    return deleter.delete(receiptHandle).then(
      () => undefined,
      (error) => error,
    );
  }

  const abandoned = Promise.withResolvers<void>();
  ended.addEventListener('abort', () => abandoned.resolve(), { once: true });
  const cancelHold = clock.after(visibilitySeconds * 250, held.resumeHeartbeats);
  let failure = await round();
  cancelHold();
  for (let rounds = 1; failure !== undefined && !failure.isFinal && !ended.aborted; rounds += 1) {
    onDelayed(failure);
    held.resumeHeartbeats();
    await pause(clock, backoffSeconds(rounds, ROUND_BACKOFF, random) * 1000, ended);
    if (ended.aborted) break;
    const before = failure;
    failure = await Promise.race([round(), abandoned.promise.then(() => before)]);
  }
  void held.endHeartbeats();
  return failure;
}
