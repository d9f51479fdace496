import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import fp from 'fastify-plugin';

/** By connection, the last request that was answered before all of it had come. */
export type EarlyAnswers = WeakMap<Socket, IncomingMessage>;

/** Keeps in mind which requests have their answer already: what goes wrong with the rest of one gets no second. */
export const earlyAnswers = fp(
  async (app, { answered }: { readonly answered: EarlyAnswers }) => {
    app.addHook('onResponse', async ({ raw }) => {
      if (!raw.complete) answered.set(raw.socket, raw);
    });
  },
  { name: 'early-answers', fastify: '5.x' },
);
