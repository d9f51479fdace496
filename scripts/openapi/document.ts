import { readFileSync } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import {
  createMemoryAccessStore,
  createMemoryIdempotencyStore,
  createMemoryQuotaCounters,
} from '@upload-once/access/testing';
import { createLogger } from '@upload-once/runtime';
import { createMemoryUploadStore } from '@upload-once/uploads/testing';
import { buildApp } from '../../services/url-issuer/src/app.ts';
import { createMemoryBuckets } from '../../services/url-issuer/src/rates/memory-buckets.ts';
import { createUploadSigner } from '../../services/url-issuer/src/signing/upload-signer.ts';
import type { OpenApi } from './open-api.ts';

/** The API as clients of the last release know it: `make docs` never touches it, a release replaces it. */
export const RELEASED = new URL('../../docs/openapi-released.json', import.meta.url);
/** The API as it is now. */
export const CURRENT = new URL('../../docs/openapi.json', import.meta.url);

export function readDocument(url: URL): OpenApi {
  return JSON.parse(readFileSync(url, 'utf8')) as OpenApi;
}

/** What a url-issuer without a path prefix serves at /openapi.json. */
export async function servedDocument(): Promise<OpenApi> {
  const now = () => new Date(0);
  const uploadStore = createMemoryUploadStore({ now, newToken: () => '', recordRetentionSeconds: 1 });
  const app = await buildApp({
    pathPrefix: '',
    trustedProxies: [],
    corsOrigins: [],
    defaults: {
      namePart: 'x',
      maxBytes: 1,
      lifetimeSeconds: 1,
      lifetimeMaxSeconds: 1,
      presignedPut: true,
      redirectOrigins: [],
    },
    accessStore: createMemoryAccessStore(),
    keyCacheSeconds: 1,
    maxConnections: 10,
    statusRatePerSecond: 1,
    badKeysPerMinute: 0,
    buckets: createMemoryBuckets({ now, maxBuckets: 1 }),
    quotaCounters: createMemoryQuotaCounters(),
    idempotencyStore: createMemoryIdempotencyStore({ now }),
    uploadStore,
    issuedUploads: uploadStore.issued,
    linkStore: uploadStore.links,
    links: {
      returnOrigins: [],
      lifetimeSeconds: 1,
      lifetimeMaxSeconds: 1,
      ratePerMinute: 1,
      addressRatePerMinute: 1,
    },
    signer: createUploadSigner({ client: new S3Client({ region: 'us-east-1' }), bucket: 'x', now }),
    readiness: { reasonsAgainst: async () => [], stop() {} },
    metrics: { add() {}, addAll() {} },
    log: createLogger({ service: 'url-issuer', level: 'error', destination: { write() {} } }),
    now,
    // Never used: no request is sent.
    randomBytes: (count) => new Uint8Array(count).fill(1),
  });
  try {
    const response = await app.inject({ method: 'GET', url: '/openapi.json' });
    return response.json();
  } finally {
    await app.close();
  }
}

/** As it is committed: one value a line, so that a change shows as what it is. */
export function asCommitted(document: OpenApi): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
