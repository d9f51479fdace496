import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { text } from 'node:stream/consumers';

export interface RawCall {
  readonly method: string;
  /** Sent to the byte as it is: no `..` is resolved, nothing is encoded or decoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface RawResponse {
  readonly status: number;
  /** S3's error code; empty when there is none, as in the response to a HEAD. */
  readonly code: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Sends what `fetch` would put right or refuse to send. @param origin for example `https://bucket.s3.amazonaws.com` */
export async function callRaw(
  origin: string,
  { method, path, headers = {}, body }: RawCall,
): Promise<RawResponse> {
  const send = origin.startsWith('https:') ? secureRequest : request;
  const sending = send(new URL(origin), {
    method,
    path,
    agent: false,
    headers: { ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }), ...headers },
  });
  sending.end(body);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  const received = await text(response);
  return {
    status: response.statusCode ?? 0,
    code: /<Code>(\w+)<\/Code>/.exec(received)?.[1] ?? '',
    headers: response.headers,
    body: received,
  };
}
