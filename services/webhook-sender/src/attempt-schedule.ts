/** How long to wait after the first attempt, the second … : the schedule that Standard Webhooks recommends, over three days. */
const WAITS_SECONDS = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/** The attempt that no other follows. */
export const LAST_ATTEMPT = WAITS_SECONDS.length + 1;

/** A wait is up to this part shorter or longer, so that events that failed together do not come back together. */
const JITTER = 0.2;

const LONGEST_RETRY_AFTER_SECONDS = 86_400;

/**
 * How long to wait after an attempt that failed, in seconds; 0 after the last one.
 * @param attempt 1 for the first
 * @param retryAfterSeconds what the endpoint asks for: a wait is never shorter, unless more than a day is asked for
 * @param random uniform in [0, 1)
 */
export function waitAfterAttempt(
  attempt: number,
  retryAfterSeconds: number | undefined,
  random: () => number,
): number {
  const waitSeconds = WAITS_SECONDS[attempt - 1];
  if (waitSeconds === undefined) return 0;
  const asked = Math.min(retryAfterSeconds ?? 0, LONGEST_RETRY_AFTER_SECONDS);
  const jitter = JITTER * (2 * random() - 1);
  return Math.max(waitSeconds * (1 + jitter), asked * (1 + Math.abs(jitter)));
}
