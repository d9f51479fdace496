import fp from 'fastify-plugin';
import { SECURITY_HEADERS } from '../security-headers.ts';

/** The headers of every response, errors included. */
export const responseHeaders = fp(
  async (app) => {
    app.addHook('onRequest', async (_request, reply) => {
      reply.headers({ 'cache-control': 'no-store', ...SECURITY_HEADERS });
    });
  },
  { name: 'response-headers', fastify: '5.x' },
);
