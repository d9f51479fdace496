import type { IncomingMessage } from 'node:http';
import { S3Error } from '../s3-error.ts';
import { type Scope, SIGNING_ALGORITHM } from './signature-v4.ts';

/** What a request says about who signed it, and how. Nothing of it is checked yet. */
export interface Authorization {
  readonly scope: Scope;
  /** Lower case, in their order. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** YYYYMMDDTHHMMSSZ */
  readonly timestamp: string;
  readonly sessionToken: string | undefined;
  /** As the signature covers it: hex of SHA-256, UNSIGNED-PAYLOAD or one of the STREAMING words. */
  readonly payloadHash: string;
  /** Seconds for which a presigned URL is good; undefined where the header was used. */
  readonly lifetimeSeconds: number | undefined;
}

const WEEK_SECONDS = 604_800;
const TIMESTAMP = /^\d{8}T\d{6}Z$/;

/**
 * Reads a header `Authorization` or the query of a presigned URL.
 *
 * @throws S3Error AccessDenied (403) when the request is not signed at all; AuthorizationHeaderMalformed,
 *   AuthorizationQueryParametersError, InvalidRequest, InvalidArgument (400)
 */
export function readAuthorization(
  request: IncomingMessage,
  query: URLSearchParams,
  region: string,
): Authorization {
  const header = request.headers.authorization;
  if (header !== undefined) return fromHeader(header, request, region);
  if (query.has('X-Amz-Algorithm') || query.has('X-Amz-Signature')) return fromQuery(query, request, region);
  throw new S3Error('AccessDenied', 403, 'Access Denied');
}

function fromHeader(header: string, request: IncomingMessage, region: string): Authorization {
  if (!header.startsWith(`${SIGNING_ALGORITHM} `)) {
    throw new S3Error(
      'InvalidRequest',
      400,
      `The authorization mechanism you have provided is not supported. Please use ${SIGNING_ALGORITHM}.`,
    );
  }
  const fields = new Map(
    header
      .slice(SIGNING_ALGORITHM.length)
      .split(',')
      .map((field) => field.trim())
      .map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]),
  );
  const malformed = (why: string, details = {}) =>
    new S3Error(
      'AuthorizationHeaderMalformed',
      400,
      `The authorization header is malformed; ${why}`,
      details,
    );
  const credential = fields.get('Credential');
  const signedHeaders = fields.get('SignedHeaders');
  const signature = fields.get('Signature');
  if (!credential || !signedHeaders || !signature) {
    throw malformed(
      'the authorization header requires three components: Credential, SignedHeaders, and Signature.',
    );
  }
  const timestamp = single(request, 'x-amz-date');
  if (timestamp === undefined || !TIMESTAMP.test(timestamp)) {
    throw new S3Error('AccessDenied', 403, 'AWS authentication requires a valid Date or x-amz-date header');
  }
  const payloadHash = single(request, 'x-amz-content-sha256');
  if (payloadHash === undefined) {
    throw new S3Error(
      'InvalidRequest',
      400,
      'Missing required header for this request: x-amz-content-sha256',
    );
  }
  return {
    scope: readScope(credential, timestamp, region, malformed),
    signedHeaders: signedHeaders.split(';'),
    signature,
    timestamp,
    sessionToken: single(request, 'x-amz-security-token'),
    payloadHash,
    lifetimeSeconds: undefined,
  };
}

function fromQuery(query: URLSearchParams, request: IncomingMessage, region: string): Authorization {
  const malformed = (why: string, details = {}) =>
    new S3Error('AuthorizationQueryParametersError', 400, why, details);
  const wanted = ['Algorithm', 'Credential', 'Signature', 'Date', 'SignedHeaders', 'Expires'];
  const [algorithm = '', credential = '', signature = '', timestamp = '', signedHeaders = '', expires = ''] =
    wanted.map((name) => query.get(`X-Amz-${name}`) ?? '');
  if (![algorithm, credential, signature, timestamp, signedHeaders, expires].every(Boolean)) {
    throw malformed(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    );
  }
  if (algorithm !== SIGNING_ALGORITHM)
    throw malformed(`X-Amz-Algorithm only supports "${SIGNING_ALGORITHM}"`);
  if (!TIMESTAMP.test(timestamp)) {
    throw malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  }
  if (!/^\d+$/.test(expires)) throw malformed('X-Amz-Expires should be a number');
  if (Number(expires) > WEEK_SECONDS) {
    throw malformed(
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${WEEK_SECONDS} seconds`,
    );
  }
  return {
    scope: readScope(credential, timestamp, region, malformed),
    signedHeaders: signedHeaders.split(';'),
    signature,
    timestamp,
    sessionToken: query.get('X-Amz-Security-Token') ?? undefined,
    payloadHash:
      query.get('X-Amz-Content-Sha256') ?? single(request, 'x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD',
    lifetimeSeconds: Number(expires),
  };
}

function readScope(
  credential: string,
  timestamp: string,
  region: string,
  malformed: (why: string, details?: Record<string, string>) => S3Error,
): Scope {
  const parts = credential.split('/');
  const [end, service, scopeRegion, date] = parts.splice(-4).reverse();
  const accessKeyId = parts.join('/');
  if (!accessKeyId || !date || !scopeRegion || service !== 's3' || end !== 'aws4_request') {
    throw malformed(
      `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/s3/aws4_request", not "${credential}".`,
    );
  }
  if (date !== timestamp.slice(0, 8)) {
    throw malformed(
      `the Credential's date "${date}" is not that of the request, "${timestamp.slice(0, 8)}".`,
    );
  }
  if (scopeRegion !== region) {
    throw malformed(`the region '${scopeRegion}' is wrong; expecting '${region}'`, { Region: region });
  }
  return { accessKeyId, date, region };
}

function single(request: IncomingMessage, name: string): string | undefined {
  return request.headersDistinct[name]?.[0];
}
