import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Error } from '../s3-error.ts';
import { type Authorization, readAuthorization } from './authorization.ts';
import type { Credential, S3Services } from './call.ts';
import { canonicalRequest, sign, stringToSign } from './signature-v4.ts';

/** Amazon S3 API Reference, "Error responses", RequestTimeTooSkewed. */
const MAX_SKEW_SECONDS = 15 * 60;

/**
 * Checks who signed a request, that every `x-amz-` header is covered, and that it is not too old or too new.
 *
 * @param startedAt when the request began: what a presigned URL's expiry is judged by
 * @returns what the body must hash to, see `openBody`
 * @throws S3Error AccessDenied, InvalidAccessKeyId, SignatureDoesNotMatch, RequestTimeTooSkewed (403), InvalidToken (400)
 */
export function authenticate(
  request: IncomingMessage,
  query: URLSearchParams,
  startedAt: Date,
  { credentials, region }: Pick<S3Services, 'credentials' | 'region'>,
): { payloadHash: string } {
  const authorization = readAuthorization(request, query, region);
  const credential = credentials.find(({ accessKeyId }) => accessKeyId === authorization.scope.accessKeyId);
  if (credential === undefined) {
    throw new S3Error(
      'InvalidAccessKeyId',
      403,
      'The AWS Access Key Id you provided does not exist in our records.',
      { AWSAccessKeyId: authorization.scope.accessKeyId },
    );
  }
  if (authorization.sessionToken !== credential.sessionToken) {
    throw new S3Error('InvalidToken', 400, 'The provided token is malformed or otherwise invalid.');
  }
  assertTime(authorization, startedAt);
  assertAllSigned(authorization, request);
  assertSignature(authorization, credential, request, query);
  return { payloadHash: authorization.payloadHash };
}

function assertTime({ timestamp, lifetimeSeconds }: Authorization, startedAt: Date): void {
  const signedAt = Date.parse(timestamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const ageSeconds = (startedAt.getTime() - signedAt) / 1000;
  if (lifetimeSeconds === undefined) {
    if (Math.abs(ageSeconds) <= MAX_SKEW_SECONDS) return;
    throw new S3Error(
      'RequestTimeTooSkewed',
      403,
      'The difference between the request time and the current time is too large.',
      {
        RequestTime: timestamp,
        ServerTime: startedAt.toISOString(),
        MaxAllowedSkewMs: String(MAX_SKEW_SECONDS * 1000),
      },
    );
  }
  if (!(ageSeconds >= -MAX_SKEW_SECONDS)) {
    throw new S3Error('AccessDenied', 403, 'Request is not yet valid', {
      ServerTime: startedAt.toISOString(),
    });
  }
  if (ageSeconds >= lifetimeSeconds) {
    throw new S3Error('AccessDenied', 403, 'Request has expired', {
      'X-Amz-Expires': String(lifetimeSeconds),
      Expires: new Date(signedAt + lifetimeSeconds * 1000).toISOString(),
      ServerTime: startedAt.toISOString(),
    });
  }
}

function assertAllSigned({ signedHeaders }: Authorization, request: IncomingMessage): void {
  const unsigned = Object.keys(request.headersDistinct).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signedHeaders.includes(name),
  );
  if (unsigned.length === 0) return;
  throw new S3Error('AccessDenied', 403, 'There were headers present in the request which were not signed', {
    HeadersNotSigned: unsigned.join(', '),
  });
}

function assertSignature(
  { scope, signedHeaders, signature, timestamp, payloadHash }: Authorization,
  credential: Credential,
  request: IncomingMessage,
  query: URLSearchParams,
): void {
  const canonical = canonicalRequest({
    method: request.method ?? '',
    path: (request.url ?? '').replace(/\?.*$/s, ''),
    query: [...query].filter(([name]) => name !== 'X-Amz-Signature'),
    headers: signedHeaders.map((name) => [name, request.headersDistinct[name]?.join(',') ?? '']),
    payloadHash,
  });
  const toSign = stringToSign(timestamp, scope, canonical);
  const expected = Buffer.from(sign(credential.secretAccessKey, scope, toSign));
  const provided = Buffer.from(signature);
  if (provided.length === expected.length && timingSafeEqual(provided, expected)) return;
  throw new S3Error(
    'SignatureDoesNotMatch',
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    {
      AWSAccessKeyId: credential.accessKeyId,
      StringToSign: toSign,
      SignatureProvided: signature,
      CanonicalRequest: canonical,
    },
  );
}
