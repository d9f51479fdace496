import fastifyRateLimit, { type FastifyRateLimitStoreCtor } from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { tooManyRequests } from '../http-error.ts';

export interface RateLimitOptions {
  /** Where the counts are kept; by default in this process alone, each task then allowing the whole rate. */
  readonly store?: FastifyRateLimitStoreCtor;
}

/**
 * Holds each API key to its own rate: at most `burst` requests in any window of burst / ratePerSecond seconds,
 * the window beginning with the first request.
 */
export const rateLimit = fp(
  async (app, options: RateLimitOptions) => {
    await app.register(fastifyRateLimit, {
      global: false,
      keyGenerator: (request) => keyOf(request).keyId,
      max: (request) => keyOf(request).burst,
      timeWindow: (request) => Math.ceil((keyOf(request).burst / keyOf(request).ratePerSecond) * 1000),
      ...(options.store && { store: options.store }),
    });
    const count = app.createRateLimit();
    app.addHook('onRequest', async (request) => {
      const limit = await count(request);
      if (!limit.isAllowed && limit.isExceeded) throw tooManyRequests(limit.ttlInSeconds);
    });
  },
  { name: 'rate-limit', fastify: '5.x', dependencies: ['api-key'] },
);

function keyOf(request: FastifyRequest) {
  if (!request.apiKey) throw new Error('The rate is counted by API key: the plugin api-key comes first');
  return request.apiKey;
}
