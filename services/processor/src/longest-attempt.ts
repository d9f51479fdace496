import { MAX_BYSTANDER_ENDS } from './run-handler.ts';

/** How long a thread that was asked to end may take, in seconds. Then the service ends. */
export const END_LIMIT_SECONDS = 5;

/** A module that opens a database as it is imported is given time for it; one that waits forever is reported. In seconds. */
export const LOAD_LIMIT_SECONDS = 60;

/** SQS ends what takes longer (Amazon SQS Developer Guide, "Amazon SQS visibility timeout"). */
const MAX_VISIBILITY_SECONDS = 43_200;

/**
 * The longest time that one receive of a message is worked on, in seconds. A run of the handler takes up to the time to load it, its limit,
 * its grace and the end of its thread. An attempt has as many runs as a thread is ended under it by others, and one more alone. Before each
 * run the upload can have to wait: for a shared thread, where handlers block all of them, or for a place to be alone. All other slots can be
 * in front of it, and as many of them end at once as there are threads or places: a handler that blocks a thread is ended with it after its
 * limit, and a fresh one is started then. Terraform holds the retention of the queue to it (`longest_work_seconds`);
 * scripts/test/retention-in-terraform.test.ts compares the two.
 */
export function longestAttemptSeconds(options: {
  readonly limitSeconds: number;
  readonly graceSeconds: number;
  readonly concurrency: number;
  readonly threads: number;
}): number {
  const { limitSeconds, graceSeconds, concurrency, threads } = options;
  const runs = (MAX_BYSTANDER_ENDS + 1) * (1 + Math.ceil((concurrency - 1) / threads));
  const runSeconds = LOAD_LIMIT_SECONDS + limitSeconds + graceSeconds + END_LIMIT_SECONDS;
  return Math.min(MAX_VISIBILITY_SECONDS, runs * runSeconds);
}
