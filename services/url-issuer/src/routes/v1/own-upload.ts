import { uploadKeyOfId } from '@upload-once/uploads';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { HttpError } from '../../http-error.ts';

export const idParameter = Type.Object({ id: Type.String() });

/** One response for an upload that does not exist and for one of another key, so that it does not reveal which ids exist. */
export function uploadNotFound(): HttpError {
  return new HttpError(404, 'There is no such upload of this API key', { code: 'UploadNotFound' });
}

/** Amazon S3 User Guide, "Naming Amazon S3 objects"; DynamoDB would refuse a partition key beyond 2,048 bytes with an error. */
const KEY_MAX_BYTES = 1024;

/** @throws HttpError 404 for what can be no upload's id */
export function keyOfId(id: string, notFound = uploadNotFound): string {
  const key = uploadKeyOfId(id);
  if (Buffer.byteLength(key) > KEY_MAX_BYTES) throw notFound();
  return key;
}

/** @throws HttpError 404 unless the request's own key made it */
export function assertOwn(request: FastifyRequest, upload: { readonly apiKeyId: string } | undefined): void {
  if (!request.apiKey) throw new Error('The plugin api-key must come before this route');
  if (upload?.apiKeyId !== request.apiKey.keyId) throw uploadNotFound();
}
