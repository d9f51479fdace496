import type { Metrics } from '@upload-once/runtime';
import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether its response gives away what an upload that it brought into being is made with. */
    isIssued: boolean;
  }
}

/** Counts what was issued, what was refused and what failed, and how long responses take, to a tenth of a millisecond. */
export const requestMetrics = fp(
  async (app, options: { readonly metrics: Metrics }) => {
    app.decorateRequest('isIssued', false);
    app.addHook('onResponse', async (request, reply) => {
      if (request.routeOptions.config.probe) return;
      const RequestTime = Math.round(reply.elapsedTime * 10) / 10;
      options.metrics.addAll(request.isIssued ? { UploadsIssued: 1, RequestTime } : { RequestTime });
      if (reply.statusCode >= 500) options.metrics.add('ServerErrors', 1);
      else if (request.errorCode) options.metrics.add('RequestsRefused', 1, { Reason: request.errorCode });
    });
  },
  { name: 'request-metrics', fastify: '5.x' },
);
