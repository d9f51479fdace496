/** How long to wait from one attempt to the next; both even, so that half of them are whole seconds. */
export interface Backoff {
  readonly baseSeconds: number;
  readonly capSeconds: number;
}

/** Between the receives of a message that failed: 2–4 s, 4–8 s, 8–16 s … from the ninth receive on 450–900 s. */
export const RETRY_BACKOFF: Backoff = { baseSeconds: 4, capSeconds: 900 };

/**
 * The longest wait between two receives, whatever a handler asks for: `longestTimeInQueueSeconds` counts on it.
 * A visibility timeout that is longer is the longest, for so long another worker's lease may last.
 */
export function longestWaitSeconds(visibilitySeconds: number): number {
  return Math.max(RETRY_BACKOFF.capSeconds, visibilitySeconds);
}

/** Between polls that failed: 1–2 s, 2–4 s … from the fifth on 15–30 s. */
export const POLL_BACKOFF: Backoff = { baseSeconds: 2, capSeconds: 30 };

/** Between the attempts to delete a message. */
export const DELETE_BACKOFF: Backoff = { baseSeconds: 2, capSeconds: 4 };

/** Between the rounds of such attempts, and between the attempts to send a copy: 4–8 s, 8–16 s … from the fourth on 30–60 s. */
export const ROUND_BACKOFF: Backoff = { baseSeconds: 8, capSeconds: 60 };

/**
 * Exponential backoff with equal jitter: a whole number of seconds from half of min(cap, base × 2^(attempt − 1)) up to
 * all of it, each as likely. The half that is certain keeps a failing dependency from being hammered, the half
 * that is random keeps messages which failed together from coming back together.
 * @param attempt 1 after the first failure
 * @param random uniform in [0, 1)
 */
export function backoffSeconds(attempt: number, backoff: Backoff, random: () => number): number {
  const half = Math.min(backoff.capSeconds, backoff.baseSeconds * 2 ** (attempt - 1)) / 2;
  return half + Math.floor(random() * (half + 1));
}
