import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { operationOf, readAddress } from '@upload-once/local-aws';
import type { ObjectVersion } from '@upload-once/uploads';

/** What stands in for S3: it knows versions by their sizes and has no bytes, so that gigabytes can be copied on any machine. */
export interface S3Stub {
  readonly endpoint: string;
  /** Puts a new version under a key. */
  store(key: string, sizeBytes: number): ObjectVersion;
  /** Copies whose target was there already, or under way: work that was done twice. */
  copiesMadeTwice(): number;
  /** From now on each copy of a whole object waits. */
  holdCopies(): void;
  /** How many wait now. */
  heldCopies(): number;
  releaseCopies(): void;
  close(): void;
}

interface Call {
  readonly key: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly body: string;
}

interface Result {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly xml?: string;
}

const STORED_AT = '2026-01-01T00:00:00.000Z';
const E_TAG = '&quot;0123456789abcdef0123456789abcdef&quot;';
const TARGET_IS_THERE: Result = { status: 412, xml: '<Error><Code>PreconditionFailed</Code></Error>' };

/** @param bytesPerSecond what S3 copies on one connection; the response to a copy comes when so many bytes would be done */
export async function startS3Stub(bytesPerSecond: number): Promise<S3Stub> {
  const versions = new Map<string, ObjectVersion[]>();
  const begun = new Set<string>();
  let copiesMadeTwice = 0;
  let hold: PromiseWithResolvers<void> | undefined;
  let held = 0;

  function store(key: string, sizeBytes: number): ObjectVersion {
    const version = {
      versionId: randomBytes(16).toString('hex'),
      eTag: '0123456789abcdef0123456789abcdef',
      sizeBytes,
      storedAt: new Date(),
    };
    versions.set(key, [...(versions.get(key) ?? []), version]);
    return version;
  }

  const OPERATIONS: Readonly<Record<string, (call: Call) => Result | Promise<Result>>> = {
    HeadBucket: () => ({}),
    AbortMultipartUpload: () => ({ status: 204 }),
    CreateMultipartUpload: () => ({
      xml: element('InitiateMultipartUploadResult', '<UploadId>u</UploadId>'),
    }),

    ListObjectVersions({ query }) {
      const key = query.get('prefix') ?? '';
      const listed = (versions.get(key) ?? [])
        .toReversed()
        .map(
          ({ versionId, sizeBytes }) =>
            `<Version><Key>${key}</Key><VersionId>${versionId}</VersionId><ETag>${E_TAG}</ETag>` +
            `<Size>${sizeBytes}</Size><LastModified>${STORED_AT}</LastModified></Version>`,
        );
      return { xml: element('ListVersionsResult', listed.join('')) };
    },

    HeadObject({ key }) {
      const version = versions.get(key)?.[0];
      if (!version) return { status: 404 };
      return { headers: { 'content-length': version.sizeBytes, 'x-amz-version-id': version.versionId } };
    },

    async CopyObject({ key, request }) {
      const isBegun = begun.has(key);
      begun.add(key);
      if (isBegun) copiesMadeTwice += 1;
      const sizeBytes = sourceOf(request)?.sizeBytes ?? 0;
      held += 1;
      await hold?.promise;
      held -= 1;
      await pause(sizeBytes);
      if (versions.has(key)) return TARGET_IS_THERE;
      return { headers: versionHeader(store(key, sizeBytes)), xml: copyResult('CopyObjectResult') };
    },

    async UploadPartCopy({ request }) {
      const [, first, last] =
        /^bytes=(\d+)-(\d+)$/.exec(String(request.headers['x-amz-copy-source-range'])) ?? [];
      await pause(Number(last) - Number(first) + 1);
      return { xml: copyResult('CopyPartResult') };
    },

    CompleteMultipartUpload({ key }) {
      if (versions.has(key)) return TARGET_IS_THERE;
      const xml = element('CompleteMultipartUploadResult', `<ETag>${E_TAG}</ETag>`);
      return { headers: versionHeader(store(key, 0)), xml };
    },

    DeleteObjects({ body }) {
      for (const [, key = '', id] of body.matchAll(/<Key>(.*?)<\/Key><VersionId>(.*?)<\/VersionId>/g)) {
        versions.set(
          key,
          (versions.get(key) ?? []).filter(({ versionId }) => versionId !== id),
        );
      }
      return { xml: element('DeleteResult', '') };
    },
  };

  function sourceOf({ headers }: IncomingMessage): ObjectVersion | undefined {
    const [path = '', id] = decodeURIComponent(String(headers['x-amz-copy-source'])).split('?versionId=');
    return versions.get(path.replace(/^\/?[^/]+\//, ''))?.find(({ versionId }) => versionId === id);
  }

  async function pause(sizeBytes: number): Promise<void> {
    await delay((sizeBytes / bytesPerSecond) * 1_000);
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = readAddress(request);
    const operation = operationOf(request, address);
    const run = OPERATIONS[operation];
    if (!run) throw new Error(`the stub of S3 has no ${operation}`);
    const { status = 200, headers, xml } = await run({ ...address, request, body: await text(request) });
    response.writeHead(status, { 'content-type': 'application/xml', ...headers }).end(xml);
  }

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    respond(request, response).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    store,
    copiesMadeTwice: () => copiesMadeTwice,
    holdCopies() {
      hold = Promise.withResolvers();
    },
    heldCopies: () => held,
    releaseCopies() {
      hold?.resolve();
      hold = undefined;
    },
    close: () => server.close().closeAllConnections(),
  };
}

function element(name: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><${name}>${content}</${name}>`;
}

function copyResult(name: string): string {
  return element(name, `<ETag>${E_TAG}</ETag><LastModified>${STORED_AT}</LastModified>`);
}

function versionHeader({ versionId }: ObjectVersion) {
  return { 'x-amz-version-id': versionId };
}
