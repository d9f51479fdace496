import type { DailyQuota } from '@upload-once/access';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { limitExceeded, serviceUnavailable } from '../http-error.ts';
import { showLimit } from '../limit-headers.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * Takes one unit of the key's daily quota for this request, the first time that it is called; again it does nothing.
     * A key without a quota has any number.
     *
     * @throws HttpError 429 when nothing is left today, 503 when the quota could not be read
     */
    takeQuota(reply: FastifyReply): Promise<void>;
  }
}

/**
 * Holds each API key to its quota of a day, over all tasks. A route that issues takes from it, as late as possible: a request
 * that is refused for another reason, or only reads, uses none of it.
 */
export const quota = fp(
  async (app, { dailyQuota, now }: { readonly dailyQuota: DailyQuota; readonly now: () => Date }) => {
    const taken = new WeakMap<FastifyRequest, Promise<void>>();

    async function take(request: FastifyRequest, reply: FastifyReply): Promise<void> {
      if (!request.apiKey) throw new Error('The quota is counted by API key: the plugin api-key comes first');
      const result = await dailyQuota.take(request.apiKey).catch((cause) => {
        throw serviceUnavailable(cause);
      });
      if (!result) return;
      const resetSeconds = Math.max(1, Math.ceil((result.resetsAt.getTime() - now().getTime()) / 1000));
      showLimit(reply, {
        name: 'day',
        limit: result.quota,
        windowSeconds: 86_400,
        remaining: result.remaining,
        resetSeconds,
      });
      if (!result.granted) throw limitExceeded(resetSeconds);
    }

    app.decorateRequest('takeQuota', function (this: FastifyRequest, reply: FastifyReply) {
      const first = taken.get(this) ?? take(this, reply);
      taken.set(this, first);
      return first;
    });
  },
  { name: 'quota', fastify: '5.x', dependencies: ['api-key'] },
);
