import type { UploadStore } from '@upload-once/uploads';
import { memoryIssuer } from '../openapi/memory-issuer.ts';

const API_KEY = 'an example, and no key';
const BEGIN_MS = Date.parse('2026-11-29T09:00:00Z');

export interface Example {
  /** With its query. */
  readonly path: string;
  /** As a reader writes them: what is secret is a variable of the shell. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object | undefined;
  readonly status: number;
  readonly responseBody: object | undefined;
}

interface Request {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/**
 * A request to each operation, and the response of a url-issuer on fakes; by operation, such as `POST /v1/uploads`. The same each time.
 * @throws Error for a response that is no success
 */
export async function recordExamples(): Promise<ReadonlyMap<string, Example>> {
  let nowMs = BEGIN_MS;
  const { app, uploadStore } = await memoryIssuer({ apiKey: API_KEY, now: () => new Date(nowMs) });
  const examples = new Map<string, Example>();

  // biome-ignore lint/suspicious/noExplicitAny: JSON of any operation
  async function record(operation: string, { path, headers, body }: Request = {}): Promise<any> {
    const [method, template] = operation.split(' ') as ['GET', string];
    const url = path ?? template;
    const sent = headers ?? { 'x-api-key': API_KEY };
    const response = await app.inject({ method, url, headers: sent, ...(body && { payload: body }) });
    if (response.statusCode >= 300) throw new Error(`${operation}: ${response.statusCode} ${response.body}`);
    const responseBody = response.body === '' ? undefined : response.json();
    const written = { ...withoutSecrets(sent), ...(body && { 'content-type': 'application/json' }) };
    examples.set(operation, {
      path: url,
      headers: written,
      body,
      status: response.statusCode,
      responseBody,
    });
    return responseBody;
  }

  try {
    await record('GET /getpresignedurl');
    const upload = await record('POST /v1/uploads', {
      headers: { 'x-api-key': API_KEY, 'idempotency-key': 'readings-2026-11-29' },
      body: {
        name: 'readings',
        contentType: 'text/csv',
        maxBytes: 1_000_000,
        expiresInSeconds: 600,
        metadata: { customer: '4711' },
      },
    });
    const path = `/v1/uploads/${upload.id}`;
    await record('DELETE /v1/uploads/{id}', { path: `/v1/uploads/${await another()}` });
    await processUpload(uploadStore, `uploads/${upload.id}`, (seconds) => {
      nowMs += seconds * 1_000;
    });
    await record('GET /v1/uploads/{id}', { path: `${path}?wait=20&state=ISSUED` });

    const link = await record('POST /v1/links', {
      body: {
        title: 'Your invoice of November',
        from: 'Example Ltd',
        contentTypes: ['application/pdf', 'image/*'],
        maxBytes: 20_000_000,
        expiresInSeconds: 604_800,
      },
    });
    const linkPath = `/v1/links/${link.id}`;
    await record('GET /v1/links', { path: '/v1/links?limit=20' });
    await record('GET /v1/links/{id}', { path: linkPath });
    await record('PATCH /v1/links/{id}', { path: linkPath, body: { title: 'Your invoice of December' } });
    const asLink = { headers: { authorization: `Bearer ${new URL(link.url).hash.slice(1)}` } };
    await record('POST /u/view', asLink);
    await record('POST /u/sign', {
      ...asLink,
      body: { sizeBytes: 48_213, contentType: 'application/pdf', filename: 'invoice.pdf' },
    });
    await record('DELETE /v1/links/{id}', { path: linkPath });
    return examples;
  } finally {
    await app.close();
  }

  async function another(): Promise<string> {
    const { id } = await app
      .inject({ method: 'POST', url: '/v1/uploads', headers: { 'x-api-key': API_KEY }, payload: {} })
      .then((response) => response.json());
    return id;
  }
}

/** From the file's arrival to the end of its processing, as acceptor and processor record it. */
async function processUpload(
  uploads: UploadStore,
  key: string,
  wait: (seconds: number) => void,
): Promise<void> {
  wait(12);
  const storedAt = new Date(BEGIN_MS + 12_000);
  const eTag = '9b2cf535f27731c974343645a3985328';
  await uploads.claim(key, { versionId: '3HL4kqtJvjVBH40Nrjfkd', sizeBytes: 48_213, eTag, storedAt });
  await uploads.accept(key, {
    claimedVersionId: '3HL4kqtJvjVBH40Nrjfkd',
    acceptedVersionId: 'bR5fXwqhcM0Zx1',
  });
  wait(1);
  const lease = { acceptedVersionId: 'bR5fXwqhcM0Zx1', leaseOwner: 'an example', leaseSeconds: 60 };
  const { upload } = await uploads.startProcessing(key, lease);
  wait(3);
  await uploads.finish(key, upload?.attempt ?? 1);
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { 'x-api-key': apiKey, authorization, ...rest } = headers;
  return {
    ...(apiKey && { 'x-api-key': '$UPLOAD_ONCE_API_KEY' }),
    ...(authorization && { authorization: 'Bearer $LINK' }),
    ...rest,
  };
}
