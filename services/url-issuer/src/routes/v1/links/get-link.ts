import type { LinkStore } from '@upload-once/uploads';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { idParameter } from '../own-upload.ts';
import { responses } from '../responses.ts';
import { linkView } from './link-view.ts';
import { findOwnLink } from './own-link.ts';
import { linkResponse } from './responses.ts';

/** `GET /v1/links/{id}`: a link, for the key that made it. */
export async function getLink(
  app: FastifyInstance,
  { linkStore }: { readonly linkStore: LinkStore },
): Promise<void> {
  app.route<{ Params: Static<typeof idParameter> }>({
    method: 'GET',
    url: '/v1/links/:id',
    exposeHeadRoute: false,
    config: { asksForState: true },
    schema: {
      operationId: 'getLink',
      summary: 'Get a link',
      params: idParameter,
      response: responses({ 200: linkResponse }, 404, 414),
    },
    handler: async (request) => linkView(await findOwnLink(request, linkStore)),
  });
}
