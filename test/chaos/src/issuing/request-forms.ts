import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import type { UploadForm } from '@upload-once/client';

/** What one client got. */
export interface FormResponse {
  /** Undefined: the connection broke before all of the response was there. */
  readonly status: number | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  /** Of a 201. */
  readonly form?: UploadForm;
}

export interface FormRequests {
  readonly issuerUrl: string;
  readonly apiKey: string;
  /** One for each request; undefined: it has none. */
  readonly idempotencyKeys: readonly (string | undefined)[];
  readonly upload: Readonly<Record<string, unknown>>;
}

/**
 * `POST /v1/uploads` so many times at once, each on a connection of its own, and never again.
 * @param onArrived called when the issuer has begun with all of them, and nothing of them is left to send
 */
export async function requestForms(
  { issuerUrl, apiKey, idempotencyKeys, upload }: FormRequests,
  onArrived: () => void = () => undefined,
): Promise<FormResponse[]> {
  const body = JSON.stringify(upload);
  const common = {
    'x-api-key': apiKey,
    'content-type': 'application/json',
    'content-length': body.length,
    // The issuer's server responds with 100 to a request that it has begun with.
    expect: '100-continue',
  };
  const clients = idempotencyKeys.map((key) => {
    const headers = { ...common, ...(key !== undefined && { 'idempotency-key': key }) };
    return sendOnce(new URL('/v1/uploads', issuerUrl), headers, body);
  });
  void Promise.allSettled(clients.map(({ sent }) => sent)).then(onArrived);
  return Promise.all(clients.map(({ received }) => received));
}

function sendOnce(url: URL, headers: Readonly<Record<string, string | number>>, body: string) {
  const sending = request(url, { method: 'POST', agent: false, headers });
  const received = (once(sending, 'response') as Promise<[IncomingMessage]>)
    .then(async ([response]) => readResponse(response.statusCode, await json(response)))
    .catch((): FormResponse => ({ status: undefined, body: {} }));
  const sent = once(sending, 'continue').then(async () => {
    sending.end(body);
    await once(sending, 'finish');
  });
  sending.on('error', () => undefined);
  return { sent, received };
}

function readResponse(status: number | undefined, read: unknown): FormResponse {
  const body = read as Record<string, unknown>;
  if (status !== 201) return { status, body };
  const { url, fields, expiresAt } = body;
  const { key = '', ...others } = fields as Record<string, string>;
  const form = { url: String(url), fields: { key, ...others }, key, expiresAt: new Date(String(expiresAt)) };
  return { status, body, form };
}
