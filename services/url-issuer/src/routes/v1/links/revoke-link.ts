import type { LinkStore, UploadStore } from '@upload-once/uploads';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { idParameter } from '../own-upload.ts';
import { responses } from '../responses.ts';
import { revoke } from '../revoke-upload.ts';
import { findOwnLink } from './own-link.ts';

/** `DELETE /v1/links/{id}`: nothing that arrives from now on is accepted; 409 once a file was received. */
export async function revokeLink(
  app: FastifyInstance,
  { uploadStore, linkStore }: { readonly uploadStore: UploadStore; readonly linkStore: LinkStore },
): Promise<void> {
  app.route<{ Params: Static<typeof idParameter> }>({
    method: 'DELETE',
    url: '/v1/links/:id',
    schema: {
      operationId: 'revokeLink',
      summary: 'Revoke a link before a file comes',
      params: idParameter,
      response: responses(
        { 204: Type.Null({ description: 'The link is revoked, now or before.' }) },
        404,
        409,
        414,
      ),
    },
    handler: async (request, reply) => {
      const { upload } = await findOwnLink(request, linkStore);
      await revoke(uploadStore, upload.key);
      request.isRevoked = true;
      return reply.code(204).send();
    },
  });
}
