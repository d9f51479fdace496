import { type ApiKey, type ApiKeyFinder, isMistypedApiKey } from '@upload-once/access';
import fp from 'fastify-plugin';
import type { Guesses } from '../guesses.ts';
import { headerValues } from '../header-values.ts';
import { forbidden, mistypedApiKey, serviceUnavailable, tooManyBadKeys } from '../http-error.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The key that this request came with; undefined only where no key is asked for. */
    apiKey: ApiKey | undefined;
  }
}

export interface ApiKeyOptions {
  readonly keys: ApiKeyFinder;
  readonly guesses: Guesses;
}

const HEADER = 'x-api-key';

/**
 * From here on nobody comes in without exactly one good `x-api-key`.
 *
 * An address that presents many others is told to wait, before anything is looked up. A key that has opened something at
 * this task comes in from there all the same: whoever shares an address with somebody who guesses is not shut out.
 */
export const apiKey = fp(
  async (app, { keys, guesses }: ApiKeyOptions) => {
    app.decorateRequest('apiKey', undefined);
    app.addHook('onRequest', async (request) => {
      const [presented, ...others] = headerValues(HEADER, request.raw.rawHeaders);
      if (!presented || others.length > 0) throw forbidden();
      const isGuess = !keys.isFamiliar(presented);
      // A connection that is gone already has none, whatever the type says.
      const address: string | undefined = request.ip;
      if (isGuess) {
        const retryAfterSeconds = await guesses.begin(address);
        if (retryAfterSeconds > 0) throw tooManyBadKeys(retryAfterSeconds);
      }
      const forgive = () => {
        if (isGuess) guesses.forgive(address);
      };
      const key = await keys.find(presented).catch((cause) => {
        forgive();
        throw serviceUnavailable(cause);
      });
      if (!key) throw isMistypedApiKey(presented) ? mistypedApiKey() : forbidden();
      forgive();
      request.apiKey = key;
    });
  },
  { name: 'api-key', fastify: '5.x' },
);
