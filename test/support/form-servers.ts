// One real HTTP server that plays the issuer (GET, and POST to /v1/uploads) and S3's form endpoint (every other POST), each replaceable
// by a test.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { Busboy } from '@fastify/busboy';
import type { UploadForm } from '@upload-once/client';

export interface ReceivedPost {
  fields: [string, string][];
  /** What stood between the fields' end and the file: nothing but the file may follow the fields. */
  order: string[];
  fileName: string;
  fileType: string;
  sizeBytes: number;
  sha256: string;
  contentLength: number;
  bodyBytes: number;
}

export interface AskedForForm {
  path: string;
  apiKey: string | undefined;
  /** Of a POST. */
  idempotencyKey?: string | undefined;
  body?: unknown;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

export const EXPIRES_AT = new Date('2030-01-02T03:04:05.000Z');

/** The policy as S3 wants it, in base64. The server here does not verify it. */
export function policyUntil(expiration: string): string {
  return Buffer.from(JSON.stringify({ expiration, conditions: [] })).toString('base64');
}

/** The response to `POST /v1/uploads`. */
export function createdUpload({ url, fields }: Pick<UploadForm, 'url' | 'fields'>) {
  const id = fields['key']?.replace(/^uploads\//, '');
  return { id, state: 'ISSUED', method: 'post', url, fields, expiresAt: EXPIRES_AT.toISOString() };
}

/** Where the issuer's own POST goes, behind any prefix. */
export const CREATE_UPLOAD_PATH = /\/v1\/uploads$/;

export function s3ErrorXml(code: string, message: string, extra = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${extra}<RequestId>R1</RequestId><HostId>H1</HostId></Error>`;
}

/** Servers that end with the test. */
export async function withServers(test: { teardown(end: () => unknown): unknown }) {
  const servers = await startServers();
  test.teardown(() => servers.close());
  return servers;
}

export async function startServers() {
  let issued = 0;
  const received: ReceivedPost[] = [];
  const asked: AskedForForm[] = [];
  const errors: unknown[] = [];

  const servers = {
    url: '',
    received,
    asked,
    errors,
    connections: 0,
    /** Replace this to change the response of the issuer. */
    issue: (({ method }, response) => {
      issued += 1;
      const form = {
        url: `${servers.url}/bucket`,
        fields: {
          key: `uploads/name-${issued}`,
          policy: policyUntil(EXPIRES_AT.toISOString()),
          'x-amz-date': 'D',
        },
      };
      const isV1 = method === 'POST';
      response.writeHead(isV1 ? 201 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(isV1 ? createdUpload(form) : { url: form }));
    }) as Handler,
    /** Replace this to change the response of S3. */
    take: (async (request, response) => {
      received.push(await readPost(request));
      response.writeHead(204, {
        'x-amz-version-id': `version-${received.length}`,
        etag: `"etag-${received.length}"`,
        location: `${servers.url}/bucket/uploads%2Fname`,
      });
      response.end();
    }) as Handler,
    form(fields: Record<string, string> = { key: 'uploads/a', policy: 'p' }): UploadForm {
      return { url: `${servers.url}/bucket`, fields, key: fields['key'] ?? '', expiresAt: EXPIRES_AT };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  const server = createServer(async (request, response) => {
    try {
      const { method, url: path = '', headers } = request;
      const isV1 = method === 'POST' && CREATE_UPLOAD_PATH.test(path);
      if (method === 'POST' && !isV1) {
        await servers.take(request, response);
        return;
      }
      const { 'x-api-key': apiKey, 'idempotency-key': idempotencyKey } = headers as Record<string, string>;
      asked.push({ path, apiKey, ...(isV1 && { idempotencyKey, body: await json(request) }) });
      await servers.issue(request, response);
    } catch (error) {
      errors.push(error);
      response.destroy();
    }
  });
  server.on('connection', () => {
    servers.connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return servers;
}

/** Reads a form to its end, as S3 does, without keeping the file. */
export async function readPost(request: IncomingMessage): Promise<ReceivedPost> {
  const post: ReceivedPost = {
    fields: [],
    order: [],
    fileName: '',
    fileType: '',
    sizeBytes: 0,
    sha256: '',
    contentLength: Number(request.headers['content-length']),
    bodyBytes: 0,
  };
  const hash = createHash('sha256');
  const reader = new Busboy({ headers: request.headers as { 'content-type': string } });
  reader.on('field', (name, value) => {
    post.fields.push([name, value]);
    post.order.push(name);
  });
  reader.on('file', (name, stream, fileName, _encoding, fileType) => {
    post.order.push(name);
    post.fileName = fileName;
    post.fileType = fileType;
    stream.on('data', (chunk: Buffer) => {
      post.sizeBytes += chunk.length;
      hash.update(chunk);
    });
  });
  request.on('data', (chunk: Buffer) => {
    post.bodyBytes += chunk.length;
  });
  request.pipe(reader);
  await once(reader, 'finish');
  post.sha256 = hash.digest('hex');
  return post;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
