import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { CREDENTIALS, REGION } from './s3-server.ts';

/** One request as it goes over the wire. */
export interface RawRequest {
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface RawResponse {
  readonly status: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
  /** Out of the XML of a refusal. */
  readonly code: string | undefined;
}

interface Signer {
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly region?: string;
  readonly date?: Date;
}

/** The Signature Version 4 of AWS's own library, so that both sides are not ours. */
function signer({ credentials = CREDENTIALS, region = REGION }: Signer): SignatureV4 {
  return new SignatureV4({ credentials, region, service: 's3', sha256: Sha256, uriEscapePath: false });
}

export async function sign(endpoint: string, raw: RawRequest, by: Signer = {}): Promise<RawRequest> {
  const signed = await signer(by).sign(
    toSign(endpoint, {
      ...raw,
      headers: {
        'x-amz-content-sha256': createHash('sha256')
          .update(raw.body ?? '')
          .digest('hex'),
        ...raw.headers,
      },
    }),
    by.date === undefined ? {} : { signingDate: by.date },
  );
  return { ...raw, headers: signed.headers };
}

/** A URL that is good by itself; the headers given are signed and have to be sent. */
export async function presign(
  endpoint: string,
  raw: RawRequest,
  { expiresSeconds = 60, ...by }: Signer & { readonly expiresSeconds?: number } = {},
): Promise<RawRequest> {
  const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...raw.headers };
  const signed = await signer(by).presign(toSign(endpoint, { ...raw, headers }), {
    expiresIn: expiresSeconds,
    unhoistableHeaders: new Set(Object.keys(raw.headers ?? {})),
    ...(by.date && { signingDate: by.date }),
  });
  return { ...raw, query: signed.query as Record<string, string> };
}

export async function send(endpoint: string, raw: RawRequest): Promise<RawResponse> {
  const query = new URLSearchParams(raw.query).toString().replaceAll('+', '%20');
  const sent = request(endpoint, {
    method: raw.method,
    path: raw.path + (query === '' ? '' : `?${query}`),
    headers: {
      ...(raw.body !== undefined && { 'content-length': Buffer.byteLength(raw.body) }),
      ...raw.headers,
    },
    agent: false,
  });
  sent.end(raw.body);
  const [response] = await once(sent, 'response');
  const body = await text(response);
  return {
    status: response.statusCode,
    headers: response.headers,
    body,
    code: /<Code>(.*?)<\/Code>/.exec(body)?.[1],
  };
}

function toSign(endpoint: string, { method, path, query = {}, headers = {} }: RawRequest): HttpRequest {
  const { host, hostname } = new URL(endpoint);
  return new HttpRequest({ method, hostname, path, query, headers: { host, ...headers } });
}

class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array | string);
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('one hash, one use');
  }
}
