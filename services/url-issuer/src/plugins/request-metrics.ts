import type { Metrics } from '@upload-once/runtime';
import fp from 'fastify-plugin';

/** Counts what was refused and what failed, and how long responses take. */
export const requestMetrics = fp(
  async (app, options: { readonly metrics: Metrics }) => {
    app.addHook('onResponse', async (request, reply) => {
      if (request.routeOptions.config.probe) return;
      options.metrics.add('RequestTime', reply.elapsedTime);
      if (reply.statusCode >= 500) options.metrics.add('ServerErrors', 1);
      else if (request.errorCode) options.metrics.add('RequestsRefused', 1, { Reason: request.errorCode });
    });
  },
  { name: 'request-metrics', fastify: '5.x' },
);
