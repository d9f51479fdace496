import { allowsContentType } from '@upload-once/access';
import { assertNamePart, type Constraints, InvalidNamePart } from '@upload-once/uploads';
import type { Static } from 'typebox';
import { HttpError } from '../http-error.ts';
import { METADATA_MAX_BYTES, type uploadBody } from './upload-body.ts';
import { maxBytesFor, type UploadDefaults, type UploadOrder, type UploadRequester } from './upload-order.ts';

type Body = Static<typeof uploadBody>;

/**
 * Makes an order of a body that its schema found no fault with.
 * @throws HttpError 400 that names the field, its value and what is allowed; 403 for what only this key must not ask for
 */
export function readUploadBody(
  body: Body,
  requester: UploadRequester,
  defaults: UploadDefaults,
): UploadOrder {
  const namePart = body.name ?? defaults.namePart;
  assertName(namePart);
  const metadata = body.metadata ?? {};
  assertMetadataSize(metadata);
  return {
    namePart,
    constraints: readConstraints(body, requester, defaults),
    metadata,
    lifetimeSeconds: readLifetime(body, defaults),
  };
}

function readConstraints(body: Body, requester: UploadRequester, defaults: UploadDefaults): Constraints {
  const { method = 'post', contentType } = body;
  assertContentType(contentType, requester);
  return {
    method,
    ...readSizes(body, maxBytesFor(requester, defaults), requester),
    ...(contentType !== undefined && { contentType }),
    ...(body.sha256 !== undefined && { sha256: inBase64(body.sha256) }),
  };
}

function readSizes(body: Body, limitBytes: number, requester: UploadRequester) {
  const { method = 'post', minBytes = 0, maxBytes = limitBytes } = body;
  for (const [field, bytes] of Object.entries({ maxBytes, minBytes })) {
    if (bytes <= limitBytes) continue;
    const message = `"${field}" is at most ${limitBytes}${requester.maxBytes === limitBytes ? ' for this key' : ''}, not ${bytes}`;
    throw requester.maxBytes === limitBytes
      ? new HttpError(403, message, { code: 'TooLargeForKey' })
      : new HttpError(400, message);
  }
  if (minBytes > maxBytes) {
    throw new HttpError(400, `"minBytes" is at most "maxBytes", which is ${maxBytes}, not ${minBytes}`);
  }
  if (method === 'put' && (body.minBytes === undefined || minBytes !== maxBytes)) {
    throw new HttpError(
      400,
      `"minBytes" and "maxBytes" are both the exact size when "method" is "put", not ${JSON.stringify(body.minBytes)} and ${JSON.stringify(body.maxBytes)}`,
    );
  }
  return { minBytes, maxBytes };
}

function assertContentType(contentType: string | undefined, requester: UploadRequester): void {
  if (allowsContentType(requester, contentType)) return;
  const allowed = requester.allowedContentTypes?.join(', ');
  if (contentType === undefined) {
    throw new HttpError(400, `"contentType" is needed with this key: one of ${allowed}`);
  }
  throw new HttpError(
    403,
    `"contentType" is one of ${allowed} for this key, not ${JSON.stringify(contentType)}`,
    { code: 'ContentTypeNotAllowed' },
  );
}

function readLifetime(
  { expiresInSeconds }: Body,
  { lifetimeSeconds, lifetimeMaxSeconds }: UploadDefaults,
): number {
  if (expiresInSeconds !== undefined && expiresInSeconds > lifetimeMaxSeconds) {
    throw new HttpError(
      400,
      `"expiresInSeconds" is at most ${lifetimeMaxSeconds} here, not ${expiresInSeconds}`,
    );
  }
  return expiresInSeconds ?? lifetimeSeconds;
}

function assertName(name: string): void {
  try {
    assertNamePart(name);
  } catch (error) {
    if (!(error instanceof InvalidNamePart)) throw error;
    throw new HttpError(400, `"name" can't be used: ${error.message}`, { cause: error });
  }
}

/** Names and values are ASCII: a character is a byte. */
function assertMetadataSize(metadata: Readonly<Record<string, string>>): void {
  const sizeBytes = Object.entries(metadata).reduce(
    (sum, [name, value]) => sum + name.length + value.length,
    0,
  );
  if (sizeBytes <= METADATA_MAX_BYTES) return;
  throw new HttpError(
    400,
    `"metadata" has at most ${METADATA_MAX_BYTES} bytes, names and values together, not ${sizeBytes}`,
  );
}

function inBase64(sha256: string): string {
  return sha256.length === 64 ? Buffer.from(sha256, 'hex').toString('base64') : sha256;
}
