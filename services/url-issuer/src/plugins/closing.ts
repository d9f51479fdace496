import fp from 'fastify-plugin';

/**
 * While the service stops, every response asks its client to open another connection for the next request. Node closes
 * the connections that are idle when a server closes; those that become idle later would be kept open by their clients.
 */
export const closing = fp(
  async (app) => {
    let stopping = false;
    app.addHook('preClose', async () => {
      stopping = true;
    });
    app.addHook('onSend', (_request, reply, payload, done) => {
      if (stopping) reply.header('connection', 'close');
      done(null, payload);
    });
  },
  { name: 'closing', fastify: '5.x' },
);
