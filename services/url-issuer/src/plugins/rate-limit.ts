import fastifyRateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { tooManyRequests } from '../http-error.ts';
import { showLimit } from '../limit-headers.ts';
import { bucketStore } from '../rates/bucket-store.ts';
import type { BucketLimit, TokenBuckets } from '../rates/token-buckets.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Counted apart, by a rate that is the same for all keys: to ask for a state uses nothing of the rate of issuing up. */
    asksForState?: boolean;
  }
}

export interface RateLimitOptions {
  readonly buckets: TokenBuckets;
  /** Of requests for a state, each second and API key. Twice as many may come at once. */
  readonly statusRatePerSecond: number;
}

/**
 * Holds each API key to its own rate, as a token bucket: `burst` requests may come at once, and `ratePerSecond` come back
 * each second.
 */
export const rateLimit = fp(
  async (app, { buckets, statusRatePerSecond }: RateLimitOptions) => {
    function limitOf(request: FastifyRequest): Limit {
      const { keyId, burst, ratePerSecond } = keyOf(request);
      if (!request.routeOptions.config.asksForState)
        return { name: 'rate', bucket: keyId, burst, ratePerSecond };
      const status = { burst: 2 * statusRatePerSecond, ratePerSecond: statusRatePerSecond };
      return { name: 'status', bucket: `status:${keyId}`, ...status };
    }

    await app.register(fastifyRateLimit, {
      global: false,
      keyGenerator: (request) => limitOf(request).bucket,
      max: (request) => limitOf(request).burst,
      timeWindow: (request) => windowMs(limitOf(request)),
      store: bucketStore(buckets),
    });
    const count = app.createRateLimit();
    app.addHook('onRequest', async (request, reply) => {
      const counted = await count(request);
      if (counted.isAllowed) return;
      showLimit(reply, {
        name: limitOf(request).name,
        limit: counted.max,
        windowSeconds: Math.max(1, Math.round(counted.timeWindow / 1000)),
        remaining: counted.remaining,
        resetSeconds: counted.ttlInSeconds,
      });
      if (counted.isExceeded) throw tooManyRequests(counted.ttlInSeconds);
    });
  },
  { name: 'rate-limit', fastify: '5.x', dependencies: ['api-key'] },
);

/** What a request is counted against. */
interface Limit extends BucketLimit {
  /** In the response's headers. */
  readonly name: string;
  readonly bucket: string;
}

function keyOf(request: FastifyRequest) {
  if (!request.apiKey) throw new Error('The rate is counted by API key: the plugin api-key comes first');
  return request.apiKey;
}

/** In which a whole burst comes back. */
function windowMs({ burst, ratePerSecond }: BucketLimit): number {
  return (burst / ratePerSecond) * 1000;
}
