import fastifyRateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { tooManyRequests } from '../http-error.ts';
import { showLimit } from '../limit-headers.ts';
import { bucketStore } from '../rates/bucket-store.ts';
import type { TokenBuckets } from '../rates/token-buckets.ts';

/**
 * Holds each API key to its own rate, as a token bucket: `burst` requests may come at once, and `ratePerSecond` come back
 * each second.
 */
export const rateLimit = fp(
  async (app, { buckets }: { readonly buckets: TokenBuckets }) => {
    await app.register(fastifyRateLimit, {
      global: false,
      keyGenerator: (request) => keyOf(request).keyId,
      max: (request) => keyOf(request).burst,
      timeWindow: (request) => windowMs(keyOf(request)),
      store: bucketStore(buckets),
    });
    const count = app.createRateLimit();
    app.addHook('onRequest', async (request, reply) => {
      const counted = await count(request);
      if (counted.isAllowed) return;
      showLimit(reply, {
        name: 'rate',
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

function keyOf(request: FastifyRequest) {
  if (!request.apiKey) throw new Error('The rate is counted by API key: the plugin api-key comes first');
  return request.apiKey;
}

/** In which a whole burst comes back. */
function windowMs({ burst, ratePerSecond }: { burst: number; ratePerSecond: number }): number {
  return (burst / ratePerSecond) * 1000;
}
