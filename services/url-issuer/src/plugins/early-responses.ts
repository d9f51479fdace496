import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import fp from 'fastify-plugin';

/** By connection, the last request that got its response before all of it had arrived. */
export type EarlyResponses = WeakMap<Socket, IncomingMessage>;

/** Remembers which requests have their response already: an error in the rest of one gets no second response. */
export const earlyResponses = fp(
  async (app, { responded }: { readonly responded: EarlyResponses }) => {
    app.addHook('onResponse', async ({ raw }) => {
      if (!raw.complete) responded.set(raw.socket, raw);
    });
  },
  { name: 'early-responses', fastify: '5.x' },
);
