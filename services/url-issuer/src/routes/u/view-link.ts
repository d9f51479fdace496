import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import type { UploadDefaults } from '../../issuing/upload-request.ts';
import { contentTypesOf, linkStateOf, maxBytesOf, type PresentedLink } from '../../links/link-state.ts';
import { linkOf } from '../../plugins/link-access.ts';
import { LINK_SECURITY, linkResponses, viewedLink } from './responses.ts';

/** `POST /u/view`: what the page of a link shows. It changes nothing, and signs nothing. */
export async function viewLink(
  app: FastifyInstance,
  { defaults }: { readonly defaults: UploadDefaults },
): Promise<void> {
  app.route({
    method: 'POST',
    url: '/u/view',
    config: { ignoresTraceparent: true },
    schema: {
      operationId: 'viewLink',
      summary: 'See what a link asks for, and its state',
      security: LINK_SECURITY,
      response: linkResponses({ 200: viewedLink }),
    },
    handler: async (request) => viewOf(linkOf(request), defaults),
  });
}

function viewOf(presented: PresentedLink, defaults: UploadDefaults): Static<typeof viewedLink> {
  const { upload, link } = presented;
  const { claimed, constraints, expiresAt } = upload;
  const { title, message, from, returnUrl, language } = link;
  const contentTypes = contentTypesOf(presented);
  const shown = { title, message, from, returnUrl, language };
  return {
    state: linkStateOf(presented),
    ...(Object.fromEntries(Object.entries(shown).filter(([, text]) => text !== undefined)) as Pick<
      Static<typeof viewedLink>,
      keyof typeof shown
    >),
    ...(contentTypes && { contentTypes: [...contentTypes] }),
    minBytes: constraints.minBytes,
    maxBytes: maxBytesOf(presented, defaults),
    expiresAt: expiresAt.toISOString(),
    ...(claimed && {
      received: {
        versionId: claimed.versionId,
        sizeBytes: claimed.sizeBytes,
        storedAt: claimed.storedAt.toISOString(),
      },
    }),
  };
}
