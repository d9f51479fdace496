import { type AccessStore, type ApiKey, findApiKey } from '@upload-once/access';
import fp from 'fastify-plugin';
import { forbidden, serviceUnavailable } from '../http-error.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The key that this request came with; undefined only where no key is asked for. */
    apiKey: ApiKey | undefined;
  }
}

const HEADER = 'x-api-key';

/** From here on nobody comes in without exactly one good `x-api-key`. */
export const apiKey = fp(
  async (app, options: { readonly accessStore: AccessStore }) => {
    app.decorateRequest('apiKey', undefined);
    app.addHook('onRequest', async (request) => {
      const [presented, ...others] = valuesOf(HEADER, request.raw.rawHeaders);
      if (!presented || others.length > 0) throw forbidden();
      const key = await findApiKey(options.accessStore, presented).catch((cause) => {
        throw serviceUnavailable(cause);
      });
      if (!key) throw forbidden();
      request.apiKey = key;
    });
  },
  { name: 'api-key', fastify: '5.x' },
);

/** Node joins a header that was sent twice into one value, which could even be a key: so the raw ones are counted. */
function valuesOf(header: string, rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === header);
}
