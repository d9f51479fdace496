import { traceparentFrom } from '@upload-once/runtime';
import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyRequest {
    /** W3C Trace Context: the caller's trace if it sent one, a new one otherwise. */
    traceparent: string;
  }
}

/** Gives every request its place in a trace. */
export const trace = fp(
  async (app, options: { readonly randomBytes: (count: number) => Uint8Array }) => {
    app.decorateRequest('traceparent', '');
    app.addHook('onRequest', (request, _reply, done) => {
      const header = request.headers['traceparent'];
      request.traceparent = traceparentFrom(
        typeof header === 'string' ? header : undefined,
        options.randomBytes,
      );
      done();
    });
  },
  { name: 'trace', fastify: '5.x' },
);
