import type { UploadStore } from '@upload-once/uploads';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { serviceUnavailable } from '../../http-error.ts';
import { assertOwn, idParameter, keyOfId, uploadNotFound } from './own-upload.ts';
import { responses, uploadResponse } from './responses.ts';
import { OBSERVED_VERSIONS_MAX, uploadView } from './upload-view.ts';

/** `GET /v1/uploads/{id}`: what became of an upload, for the key that made it, by one Query. */
export async function getUpload(
  app: FastifyInstance,
  { uploadStore }: { readonly uploadStore: UploadStore },
): Promise<void> {
  app.route<{ Params: Static<typeof idParameter> }>({
    method: 'GET',
    url: '/v1/uploads/:id',
    exposeHeadRoute: false,
    schema: {
      operationId: 'getUpload',
      summary: 'Get the state of an upload',
      params: idParameter,
      response: responses({ 200: uploadResponse }, 404, 414),
    },
    handler: async (request) => {
      const key = keyOfId(request.params.id);
      const found = await uploadStore.getWithObservedVersions(key, OBSERVED_VERSIONS_MAX).catch((cause) => {
        throw serviceUnavailable(cause);
      });
      assertOwn(request, found?.upload);
      if (!found) throw uploadNotFound();
      request.uploadKey = key;
      return uploadView(found.upload, found.observedVersions, found.tallies);
    },
  });
}
