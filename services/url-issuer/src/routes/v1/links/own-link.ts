import type { LinkedUpload, LinkStore } from '@upload-once/uploads';
import type { FastifyRequest } from 'fastify';
import { HttpError, serviceUnavailable } from '../../../http-error.ts';
import { keyOfId } from '../own-upload.ts';

/** One response for a link that does not exist, for one of another key, and for an upload without a link. */
function linkNotFound(): HttpError {
  return new HttpError(404, 'There is no such link of this API key', { code: 'LinkNotFound' });
}

/** @throws HttpError 404 unless the request's own key made it, 503 */
export async function findOwnLink(
  request: FastifyRequest<{ Params: { id: string } }>,
  linkStore: Pick<LinkStore, 'get'>,
): Promise<LinkedUpload> {
  const { apiKey, params } = request;
  if (!apiKey) throw new Error('The plugin api-key must come before this route');
  const found = await linkStore.get(keyOfId(params.id, linkNotFound)).catch((cause) => {
    throw serviceUnavailable(cause);
  });
  if (found?.upload.apiKeyId !== apiKey.keyId) throw linkNotFound();
  request.uploadKey = found.upload.key;
  return found;
}
