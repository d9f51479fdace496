import fastifyCors from '@fastify/cors';
import fp from 'fastify-plugin';

export interface CorsOptions {
  /** Origins whose pages may call; without any, no page of another origin may read an answer. */
  readonly origins: readonly string[];
}

const PREFLIGHT_SECONDS = 600;

/**
 * Lets pages of the given origins call the API (Fetch Standard, "CORS protocol"). A browser asks beforehand, without a key:
 * that question is answered here, before anybody is asked for one. No cookies are ever of use, so none are allowed.
 */
export const cors = fp(
  async (app, { origins }: CorsOptions) => {
    if (origins.length === 0) return;
    await app.register(fastifyCors, {
      origin: [...origins],
      methods: ['GET', 'POST', 'DELETE'],
      allowedHeaders: ['content-type', 'idempotency-key', 'traceparent', 'x-api-key'],
      exposedHeaders: ['ratelimit', 'ratelimit-policy', 'retry-after', 'x-request-id'],
      maxAge: PREFLIGHT_SECONDS,
      strictPreflight: true,
    });
  },
  { name: 'cors', fastify: '5.x' },
);
