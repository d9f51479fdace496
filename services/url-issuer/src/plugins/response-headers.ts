import fp from 'fastify-plugin';
import { SECURITY_HEADERS } from '../security-headers.ts';

/** The headers of every response, errors included. */
export const responseHeaders = fp(
  async (app) => {
    const headers = { 'cache-control': 'no-store', ...SECURITY_HEADERS };
    app.addHook('onRequest', (_request, reply, done) => {
      reply.headers(headers);
      done();
    });
  },
  { name: 'response-headers', fastify: '5.x' },
);
