import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { S3RequestPresigner } from '@aws-sdk/s3-request-presigner';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import { buildQueryString, escapeUriPath, HttpRequest } from '@smithy/core/protocols';
import { metadataFields } from './metadata-fields.ts';
import { signatureTimes } from './signature-times.ts';
import type { SigningRequest } from './signing-request.ts';

/** Send the file's bytes as the body of a PUT to `url`, with just these headers; success is a 200. */
export interface SignedPut {
  readonly method: 'put';
  readonly url: string;
  /** All but `host`, which follows from the URL. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Signs presigned PUTs that S3 itself takes once: `If-None-Match: *` is among the signed headers, so that a second PUT gets
 * 412 for as long as the first one's object is there (Amazon S3 User Guide, "Conditional writes"). Nothing but a signed
 * `content-length` bounds what a PUT brings, so it is always signed, as one exact number.
 *
 * The SDK's presigner would move `x-amz-` headers into the URL, and leave `content-type` unsigned; here each header is signed
 * where it is sent, as S3's reference describes it ("Authenticating Requests: Using Query Parameters (AWS Signature Version 4)").
 */
export function createPutSigner(options: { readonly client: S3Client; readonly bucket: string }) {
  const { client, bucket: Bucket } = options;
  return async (toSign: SigningRequest): Promise<SignedPut> => {
    const { signedAt, lifetimeSeconds } = signatureTimes(toSign);
    const endpoint = await getEndpointFromInstructions({ Bucket, Key: toSign.key }, PutObjectCommand, {
      ...client.config,
    });
    const { url } = endpoint;
    const headers = signedHeaders(toSign);
    const names = ['host', ...Object.keys(headers)];
    const request = new HttpRequest({
      method: 'PUT',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port !== '' && { port: Number(url.port) }),
      path: `${url.pathname.replace(/\/$/, '')}/${escapeUriPath(toSign.key)}`,
      headers: { host: url.host, ...headers },
    });
    const presigner = new S3RequestPresigner({ ...client.config, credentials: async () => toSign.identity });
    const presigned = await presigner.presign(request, {
      signingDate: signedAt,
      expiresIn: lifetimeSeconds,
      signableHeaders: new Set(names),
      unhoistableHeaders: new Set(names),
    });
    return {
      method: 'put',
      url: `${url.origin}${presigned.path}?${buildQueryString(presigned.query ?? {})}`,
      headers,
    };
  };
}

function signedHeaders(toSign: SigningRequest): Record<string, string> {
  const { constraints } = toSign;
  if (constraints.minBytes !== constraints.maxBytes) {
    throw new RangeError(
      `a presigned PUT is for one exact size, not for ${constraints.minBytes} to ${constraints.maxBytes} bytes`,
    );
  }
  return {
    'content-length': String(constraints.maxBytes),
    ...(constraints.contentType !== undefined && { 'content-type': constraints.contentType }),
    'if-none-match': '*',
    ...(constraints.sha256 !== undefined && { 'x-amz-checksum-sha256': constraints.sha256 }),
    ...metadataFields(toSign),
  };
}
