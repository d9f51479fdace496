import fastifyCors from '@fastify/cors';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

export interface CorsOptions {
  /** Origins whose pages may call; without any, no page of another origin may read a response. */
  readonly origins: readonly string[];
}

const PREFLIGHT_SECONDS = 600;
const EXPOSED_HEADERS = ['ratelimit', 'ratelimit-policy', 'retry-after', 'x-request-id'];

/**
 * Lets pages of the given origins call the API (Fetch Standard, "CORS protocol"). A browser asks beforehand, without a key:
 * this plugin responds to it before any key is required. The API uses no cookies, so none are allowed.
 * It comes before all that refuses a request, so that a page can read why.
 */
export const cors = fp(
  async (app, { origins }: CorsOptions) => {
    if (origins.length === 0) return;
    await app.register(fastifyCors, {
      delegator: (request, done) =>
        done(null, {
          origin: [...origins],
          methods: ['GET', 'POST', 'PATCH', 'DELETE'],
          allowedHeaders: ['content-type', 'idempotency-key', 'traceparent', 'x-api-key'],
          exposedHeaders: EXPOSED_HEADERS,
          maxAge: PREFLIGHT_SECONDS,
          // Any other OPTIONS is a request for an unknown route, and gets its response.
          preflight: isPreflight(request),
          strictPreflight: false,
        }),
    });
  },
  { name: 'cors', fastify: '5.x' },
);

/** The same headers for a response to what never became a request, and has none of the hooks. */
export function corsHeadersFor(
  { origin }: FastifyRequest['headers'],
  { origins }: CorsOptions,
): Record<string, string> {
  if (origins.length === 0) return {};
  return {
    vary: 'Origin',
    'access-control-expose-headers': EXPOSED_HEADERS.join(', '),
    ...(origin !== undefined && origins.includes(origin) && { 'access-control-allow-origin': origin }),
  };
}

function isPreflight({ headers }: FastifyRequest): boolean {
  return Boolean(headers.origin && headers['access-control-request-method']);
}
