import type { LinkStore } from '@upload-once/uploads';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { serviceUnavailable } from '../../../http-error.ts';
import { responses } from '../responses.ts';
import { linkView } from './link-view.ts';
import { linkPage } from './responses.ts';

/** A page is one Query, and one BatchGetItem for links and uploads, which takes 100 items. */
const LIMIT_MAX = 50;
const LIMIT_DEFAULT = 20;

const query = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LIMIT_MAX,
        default: LIMIT_DEFAULT,
        description: 'The greatest number of links in a page.',
        'x-expected': `a whole number from 1 to ${LIMIT_MAX}`,
      }),
    ),
    after: Type.Optional(
      Type.String({
        maxLength: 2_048,
        pattern: '^[A-Za-z0-9_-]+$',
        description: 'The `next` of the previous page.',
        'x-expected': 'the "next" of a page',
      }),
    ),
  },
  { additionalProperties: false },
);

/** `GET /v1/links`: the links of an API key, page by page. */
export async function listLinks(
  app: FastifyInstance,
  { linkStore }: { readonly linkStore: LinkStore },
): Promise<void> {
  app.route<{ Querystring: Static<typeof query> }>({
    method: 'GET',
    url: '/v1/links',
    exposeHeadRoute: false,
    schema: {
      operationId: 'listLinks',
      summary: 'List the links of the API key',
      querystring: query,
      response: responses({ 200: linkPage }),
    },
    handler: async ({ apiKey, query: { limit = LIMIT_DEFAULT, after } }) => {
      if (!apiKey) throw new Error('The plugin api-key must come before this route');
      const before = after === undefined ? undefined : Buffer.from(after, 'base64url').toString();
      const { links, next } = await linkStore.list(apiKey.keyId, limit, before).catch((cause) => {
        throw serviceUnavailable(cause);
      });
      return {
        links: links.map(linkView),
        ...(next !== undefined && { next: Buffer.from(next).toString('base64url') }),
      };
    },
  });
}
