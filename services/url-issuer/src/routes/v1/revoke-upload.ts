import { UploadState, type UploadStore } from '@upload-once/uploads';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { HttpError, serviceUnavailable } from '../../http-error.ts';
import { assertOwn, idParameter, keyOfId } from './own-upload.ts';
import { responses } from './responses.ts';

/** `DELETE /v1/uploads/{id}`: nothing that arrives from now on is accepted; 409 once something was claimed. */
export async function revokeUpload(
  app: FastifyInstance,
  { uploadStore }: { readonly uploadStore: UploadStore },
): Promise<void> {
  /** Whose an upload is never changes: between the look and the write nothing can happen to that. */
  async function revokeOwn(key: string, assertIsOwn: (upload: { apiKeyId: string } | undefined) => void) {
    const unavailable = (cause: unknown) => {
      throw serviceUnavailable(cause);
    };
    assertIsOwn(await uploadStore.get(key).catch(unavailable));
    return await uploadStore.revoke(key).catch(unavailable);
  }

  app.route<{ Params: Static<typeof idParameter> }>({
    method: 'DELETE',
    url: '/v1/uploads/:id',
    schema: {
      operationId: 'revokeUpload',
      summary: 'Revoke an upload before a file comes',
      params: idParameter,
      response: responses(
        { 204: Type.Null({ description: 'The upload is revoked, now or before.' }) },
        404,
        409,
        414,
      ),
    },
    handler: async (request, reply) => {
      const key = keyOfId(request.params.id);
      const revoked = await revokeOwn(key, (upload) => assertOwn(request, upload));
      request.uploadKey = key;
      const state = revoked.upload?.state;
      if (state !== UploadState.revoked) {
        throw new HttpError(409, `An upload has come already (${state}): it can't be revoked any more`, {
          code: 'AlreadyClaimed',
        });
      }
      return reply.code(204).send();
    },
  });
}
