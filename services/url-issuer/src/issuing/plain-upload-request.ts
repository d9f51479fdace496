import { HttpError } from '../http-error.ts';
import {
  maxBytesFor,
  type UploadDefaults,
  type UploadRequest,
  type UploadRequester,
} from './upload-request.ts';

/**
 * The order of a client that can say nothing: `GET /getpresignedurl`. A key that is held to one content type gets it signed
 * into its form, where such a client sends it back like every other field.
 * @throws HttpError 403 for a key that allows several content types: a form is signed for one
 */
export function plainUploadRequest(requester: UploadRequester, defaults: UploadDefaults): UploadRequest {
  const contentType = onlyContentType(requester);
  return {
    namePart: defaults.namePart,
    isSharded: defaults.shardedKeys,
    constraints: {
      method: 'post',
      minBytes: 0,
      maxBytes: maxBytesFor(requester, defaults),
      ...(contentType !== undefined && { contentType }),
    },
    metadata: {},
    lifetimeSeconds: defaults.lifetimeSeconds,
  };
}

function onlyContentType({ allowedContentTypes }: UploadRequester): string | undefined {
  if (allowedContentTypes === undefined) return undefined;
  const [only, ...others] = allowedContentTypes;
  if (only !== undefined && others.length === 0 && !only.endsWith('/*')) return only;
  throw new HttpError(
    403,
    `This key is for content types of a list (${allowedContentTypes.join(', ')}): ask with POST /v1/uploads, where "contentType" names one`,
    { code: 'ContentTypeNeeded' },
  );
}
