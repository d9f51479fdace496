// One server that plays the issuer's /v1 and S3's PUT. It records each request, and the test sets each response.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Test } from 'tap';

interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export const EXPIRES_AT = '2030-01-02T03:04:05.000Z';
export const PUT_HEADERS = { 'content-length': '5', 'if-none-match': '*', 'content-type': 'text/plain' };
/** What the issuer says of an upload. */
export const STATUS = {
  id: 'Zähler 1+1-x',
  state: 'PROCESSED',
  method: 'post',
  minBytes: 0,
  maxBytes: 9,
  metadata: { customer: 'A\u001b[31m' },
  issuedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: EXPIRES_AT,
  duplicates: 2,
  refused: 0,
  duplicatesRemoved: 2990,
  refusedRemoved: 0,
  leadTimeSeconds: 1.5,
};

/** Responds until the test ends. */
export async function startV1Server(t: Test) {
  const asked: Asked[] = [];
  const servers = {
    asked,
    issuerResponse: { status: 200, body: '' as unknown, headers: {} as Record<string, string> },
    s3: { status: 200, body: '' },
    stored: 0,
    issuerUrl: '',
    apiKey: 'key-1',
    /** Of a client that accepts a response as it is. */
    retries: { maxSeconds: 0 },
    put: () => ({
      id: 'a-x',
      state: 'ISSUED',
      method: 'put',
      url: `${servers.issuerUrl}/bucket/uploads/a-x?X-Amz-Signature=s`,
      headers: PUT_HEADERS,
      expiresAt: EXPIRES_AT,
    }),
  };
  const server = createServer(async (request, response) => {
    const { method, url: path, headers } = request;
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    asked.push({ method, path, headers, body });
    if (method === 'PUT') servers.stored += 1;
    if (path?.startsWith('/bucket')) {
      response.writeHead(servers.s3.status, { etag: '"e1"', 'x-amz-version-id': 'v1' }).end(servers.s3.body);
      return;
    }
    const { issuerResponse } = servers;
    if (method === 'DELETE' && issuerResponse.status === 200) {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(issuerResponse.status, issuerResponse.headers);
    response.end(
      typeof issuerResponse.body === 'string' ? issuerResponse.body : JSON.stringify(issuerResponse.body),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  servers.issuerUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return servers;
}
