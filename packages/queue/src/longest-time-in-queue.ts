import { longestWaitSeconds } from './backoff.ts';
import { MAX_VISIBILITY_SECONDS } from './failures.ts';
import { LIMIT_WAIT_SECONDS } from './receive-limit.ts';

/** Before the work, before the processor records a failure, and before the failure is reported. */
const READS_OF_LIMIT = 3;

/**
 * The longest time from a message's first receive until its queue moves it to the dead-letter queue, in seconds, where a
 * consumer polls all the while. A queue must keep its messages for longer: SQS deletes a message whose retention is over, and
 * sends it to no dead-letter queue (Amazon SQS API Reference, "SetQueueAttributes", MessageRetentionPeriod). Terraform's
 * rule for `longest_work_seconds` is this formula; scripts/test/retention-in-terraform.test.ts compares the two.
 *
 * Each receive but the last costs at most the work, a visibility timeout, a wait and three reads of maxReceiveCount:
 * - The work ends after `longestWorkSeconds`. The processor records the end of it for at most one more lease, which is as
 *   long as a visibility timeout.
 * - A worker that is killed, or a give-back that fails, returns the message one visibility timeout after its last heartbeat.
 *   A poll that is cut off returns it after one visibility timeout.
 * - A failure and `RetryLater` wait no longer than `longestWaitSeconds`.
 * - A read without a response is awaited for `LIMIT_WAIT_SECONDS`.
 *
 * With the last receive the processor waits until another worker's lease ends, and then works itself. SQS ends that after 12
 * hours, counted from the receive.
 *
 * Two times are left out. SQS does not count the time before a receive as one: the alarm on the age of the oldest message tells
 * of it. A message that was handled, and can't be deleted, may expire.
 *
 * @param visibilitySeconds of the consumer, 1 to 43,200
 * @param maxReceiveCount of the queue's RedrivePolicy, at least 1
 * @param longestWorkSeconds how long one receive is worked on, 0 or more
 */
export function longestTimeInQueueSeconds(options: {
  readonly visibilitySeconds: number;
  readonly maxReceiveCount: number;
  readonly longestWorkSeconds: number;
}): number {
  const { visibilitySeconds, maxReceiveCount, longestWorkSeconds } = options;
  const readSeconds = READS_OF_LIMIT * LIMIT_WAIT_SECONDS;
  const receiveSeconds =
    longestWorkSeconds + visibilitySeconds + longestWaitSeconds(visibilitySeconds) + readSeconds;
  return (maxReceiveCount - 1) * receiveSeconds + MAX_VISIBILITY_SECONDS;
}
