import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit';
import type { TokenBuckets } from './token-buckets.ts';

/**
 * Buckets of tokens as a store of @fastify/rate-limit, which knows windows: `max` requests in `timeWindow` milliseconds are
 * a bucket of `max` tokens that is filled once in that time. Its `ttl` is the time until the bucket is full again, or for a
 * request that is refused the time until there is a token.
 */
export function bucketStore(buckets: TokenBuckets): FastifyRateLimitStoreCtor {
  return class BucketStore implements FastifyRateLimitStore {
    incr: FastifyRateLimitStore['incr'] = (name, callback, timeWindow, max) => {
      const limit = { burst: max, ratePerSecond: (max * 1000) / timeWindow };
      buckets.take(name, limit).then(
        ({ taken, remaining, waitMs, fullInMs }) =>
          callback(null, {
            current: taken ? max - remaining : max + 1,
            ttl: taken ? fullInMs : waitMs,
          }),
        (error) => callback(error),
      );
    };

    child() {
      return this;
    }
  };
}
