/** What a bucket holds and how fast it fills. */
export interface BucketLimit {
  /** Tokens that may be taken at once: what a full bucket holds. At least 1. */
  readonly burst: number;
  /** Tokens that come back each second; above 0, may be a fraction. */
  readonly ratePerSecond: number;
}

/** What became of one request for a token. */
export interface BucketResult {
  readonly taken: boolean;
  /** Whole tokens that are left. */
  readonly remaining: number;
  /** Until there is a token again, in milliseconds; 0 where there is one. */
  readonly waitMs: number;
  /** Until the bucket is full again if nothing more is taken. */
  readonly fullInMs: number;
}

/** One bucket of tokens for each name; an unused bucket is full. */
export interface TokenBuckets {
  /** Takes one token if there is one, atomically. */
  take(name: string, limit: BucketLimit): Promise<BucketResult>;
}

/** Times are doubles in milliseconds: this much of one is rounding, not waiting. */
export const ROUNDING_MS = 0.01;

/**
 * The whole state of a bucket is the time at which it is full again (the generic cell rate algorithm of ITU-T I.371, as a
 * token bucket): each token puts it off by the time that one takes to come back.
 *
 * @param fullAt what this function gave for the last token, undefined for an unused bucket
 * @param now milliseconds on the same clock
 * @returns what to remember, and the result. A clock that was set back and a limit that was lowered leave no bucket emptier
 *   than empty.
 */
export function takeToken(
  fullAt: number | undefined,
  now: number,
  { burst, ratePerSecond }: BucketLimit,
): { readonly fullAt: number; readonly result: BucketResult } {
  const tokenMs = 1000 / ratePerSecond;
  const emptyMs = burst * tokenMs;
  const before = Math.min(Math.max(fullAt ?? now, now), now + emptyMs);
  const after = before + tokenMs;
  const waitMs = after - now - emptyMs;
  const taken = waitMs <= ROUNDING_MS;
  const standing = taken ? after : before;
  return {
    fullAt: standing,
    result: bucketResult(taken, waitMs, standing - now, { burst, ratePerSecond }),
  };
}

/** The same words for what this process has counted and what a store has. */
export function bucketResult(
  taken: boolean,
  waitMs: number,
  fullInMs: number,
  { burst, ratePerSecond }: BucketLimit,
): BucketResult {
  const missing = ((fullInMs - ROUNDING_MS) * ratePerSecond) / 1000;
  return {
    taken,
    remaining: Math.min(burst, Math.max(0, burst - Math.ceil(missing))),
    waitMs: taken ? 0 : waitMs,
    fullInMs,
  };
}
