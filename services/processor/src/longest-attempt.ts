import { MAX_BYSTANDER_ENDS } from './run-handler.ts';

/** How long a thread that was told to end may take, in seconds. Then the service ends. */
export const END_LIMIT_SECONDS = 5;

/** SQS ends what takes longer (Amazon SQS Developer Guide, "Amazon SQS visibility timeout"). */
const MAX_VISIBILITY_SECONDS = 43_200;

/**
 * The longest time that one receive of a message is worked on, in seconds. A run of the handler takes up to its limit, its grace and
 * the end of its thread. An attempt is as many runs as a thread is ended under it by others, one more alone, and before that the wait for a
 * place: all other slots can be in front of it. Terraform holds the retention of the queue to it (`longest_work_seconds`);
 * scripts/test/retention-in-terraform.test.ts compares the two.
 */
export function longestAttemptSeconds(options: {
  readonly limitSeconds: number;
  readonly graceSeconds: number;
  readonly slots: number;
  readonly threads: number;
}): number {
  const { limitSeconds, graceSeconds, slots, threads } = options;
  const runs = MAX_BYSTANDER_ENDS + Math.ceil((slots - 1) / threads) + 1;
  return Math.min(MAX_VISIBILITY_SECONDS, runs * (limitSeconds + graceSeconds + END_LIMIT_SECONDS));
}
