import { type ApiKey, type ApiKeyFinder, isMistypedApiKey } from '@upload-once/access';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { FailedKeyAttempts, KeyAttemptSource } from '../failed-key-attempts.ts';
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
  readonly failedKeyAttempts: FailedKeyAttempts;
}

const HEADER = 'x-api-key';

/**
 * From here on every request has exactly one good `x-api-key`.
 *
 * An address that presents many others has to wait, before anything is looked up. A key that has opened something at
 * this task comes in from there all the same: a client that shares an address with a guesser is not shut out.
 *
 * A key that the table knows and that opens nothing, disabled or expired, is no guess: a client that goes on with it does not shut out good
 * keys at its address. It is counted for itself, by the same number, so that it can't be used to load the table.
 */
export const apiKey = fp(
  async (app, { keys, failedKeyAttempts }: ApiKeyOptions) => {
    /** Undefined: a key that has opened something is not counted. */
    function sourceOf(request: FastifyRequest, presented: string): KeyAttemptSource | undefined {
      if (keys.isFamiliar(presented)) return undefined;
      const refusedKeyId = keys.refusedKeyId(presented);
      // A connection that is gone already has no address, whatever the type says.
      return refusedKeyId === undefined ? { address: request.ip as string | undefined } : { refusedKeyId };
    }

    app.decorateRequest('apiKey', undefined);
    app.addHook('onRequest', async (request) => {
      const [presented, ...others] = headerValues(HEADER, request.raw.rawHeaders);
      if (!presented || others.length > 0) throw forbidden();
      const source = sourceOf(request, presented);
      if (source) {
        const retryAfterSeconds = await failedKeyAttempts.begin(source);
        if (retryAfterSeconds > 0) throw tooManyBadKeys(retryAfterSeconds);
      }
      const refund = () => {
        if (source) failedKeyAttempts.refund(source);
      };
      const key = await keys.find(presented).catch((cause) => {
        refund();
        throw serviceUnavailable(cause);
      });
      if (!key) {
        // The look-up showed that it is no guess: from now on it is counted for itself.
        if (source && 'address' in source && keys.refusedKeyId(presented) !== undefined) refund();
        throw isMistypedApiKey(presented) ? mistypedApiKey() : forbidden();
      }
      refund();
      request.apiKey = key;
    });
  },
  { name: 'api-key', fastify: '5.x' },
);
