import { createHash, createHmac } from 'node:crypto';
import { uriDecode, uriEncode } from './uri.ts';

export const SIGNING_ALGORITHM = 'AWS4-HMAC-SHA256';

/** What a signature is good for: a key, a day, a region. */
export interface Scope {
  readonly accessKeyId: string;
  /** YYYYMMDD */
  readonly date: string;
  readonly region: string;
}

export interface SignedRequest {
  readonly method: string;
  /** As it was sent, percent-encoded. */
  readonly path: string;
  /** All parameters but the signature itself. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Lower-case names, in order, with the values that were sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly payloadHash: string;
}

/** AWS General Reference, "Create a signed AWS API request"; S3 encodes the path once only. */
export function canonicalRequest({ method, path, query, headers, payloadHash }: SignedRequest): string {
  const pairs = query.map(([name, value]) => [uriEncode(name), uriEncode(value)] as const);
  pairs.sort(([a, x], [b, y]) => (a === b ? order(x, y) : order(a, b)));
  return [
    method,
    path.split('/').map(uriDecode).map(uriEncode).join('/'),
    pairs.map((pair) => pair.join('=')).join('&'),
    ...headers.map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}`),
    '',
    headers.map(([name]) => name).join(';'),
    payloadHash,
  ].join('\n');
}

export function stringToSign(timestamp: string, scope: Scope, canonical: string): string {
  const hash = createHash('sha256').update(canonical).digest('hex');
  return [SIGNING_ALGORITHM, timestamp, `${scope.date}/${scope.region}/s3/aws4_request`, hash].join('\n');
}

/** The signature in hex. */
export function sign(secretAccessKey: string, scope: Pick<Scope, 'date' | 'region'>, text: string): string {
  const day = hmac(`AWS4${secretAccessKey}`, scope.date);
  const key = hmac(hmac(hmac(day, scope.region), 's3'), 'aws4_request');
  return hmac(key, text).toString('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
