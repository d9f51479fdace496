import { type Clock, pause } from '@upload-once/clock';
import { backoffSeconds, ROUND_BACKOFF } from './backoff.ts';
import { CopyNotSent, type CopySender } from './copy-sender.ts';
import type { DeleteBatcher } from './delete-batcher.ts';
import type { HeldMessage } from './held-message.ts';
import type { OutgoingMessage } from './send-messages.ts';

/** One to two minutes together: without a copy, the message loses a receive although nothing has failed. */
const MAX_ATTEMPTS = 5;

/**
 * Sends a copy of a message that is to be deleted then. While SQS does not take the copy, the message is held, and the copy is sent
 * again: five times at most, and once more with `ended`. While SQS deletes no messages, no copy is sent: copy and message would both
 * stay, and each of them would be copied again. So one process adds at most one copy of each message that it has in
 * such an outage.
 *
 * A send whose response is lost may leave a copy, and another attempt one more.
 *
 * @param options.held its heartbeats have ended; they go on while further attempts are made, and have ended again with the response
 * @param options.ended the message is lost, or the consumer does not wait any longer
 * @param options.onDelayed called with the failure of each attempt that another one follows
 * @returns why there is no copy; undefined when SQS has taken it
 */
export async function sendCopyHeld(options: {
  readonly copies: CopySender;
  readonly copy: OutgoingMessage;
  readonly deleter: DeleteBatcher;
  readonly held: HeldMessage;
  readonly ended: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onDelayed: (error: CopyNotSent) => void;
}): Promise<CopyNotSent | undefined> {
  const { copies, copy, deleter, held, ended, clock, random, onDelayed } = options;

  async function attempt(): Promise<CopyNotSent | undefined> {
    if (deleter.isFailing)
      return new CopyNotSent('SQS deletes no messages: a copy would be a second message');
    return copies.send(copy).then(
      () => undefined,
      (error) => error,
    );
  }

  let failure = await attempt();
  for (let attempts = 1; failure && attempts < MAX_ATTEMPTS && !ended.aborted; attempts += 1) {
    onDelayed(failure);
    held.resumeHeartbeats();
    await pause(clock, backoffSeconds(attempts, ROUND_BACKOFF, random) * 1000, ended);
    if (held.isLost) break;
    failure = await attempt();
  }
  await held.endHeartbeats();
  return failure;
}
