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
      // Whose an upload is never changes: between the look and the write nothing can happen to that.
      assertOwn(request, await uploadStore.get(key).catch(unavailable));
      request.uploadKey = key;
      await revoke(uploadStore, key);
      request.isRevoked = true;
      return reply.code(204).send();
    },
  });
}

/** @throws HttpError 409 once something was claimed, 503 */
export async function revoke(uploadStore: Pick<UploadStore, 'revoke'>, key: string): Promise<void> {
  const { upload } = await uploadStore.revoke(key).catch(unavailable);
  if (upload?.state === UploadState.revoked) return;
  throw new HttpError(409, `An upload has come already (${upload?.state}): it can't be revoked any more`, {
    code: 'AlreadyClaimed',
  });
}

function unavailable(cause: unknown): never {
  throw serviceUnavailable(cause);
}
