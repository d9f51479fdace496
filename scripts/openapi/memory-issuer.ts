import { S3Client } from '@aws-sdk/client-s3';
import { type AccessStore, hashApiKey } from '@upload-once/access';
import {
  createMemoryAccessStore,
  createMemoryIdempotencyStore,
  createMemoryQuotaCounters,
} from '@upload-once/access/testing';
import { createLogger } from '@upload-once/runtime';
import type { UploadStore } from '@upload-once/uploads';
import { createMemoryUploadStore } from '@upload-once/uploads/testing';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../services/url-issuer/src/app.ts';
import { createMemoryBuckets } from '../../services/url-issuer/src/rates/memory-buckets.ts';
import { createUploadSigner } from '../../services/url-issuer/src/signing/upload-signer.ts';

const DAY_SECONDS = 86_400;
/** The keys of AWS's own examples. */
const CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};

export interface MemoryIssuer {
  readonly app: FastifyInstance;
  readonly uploadStore: UploadStore;
}

/**
 * A url-issuer with its defaults, on fakes in memory, with one API key. Everything in its responses follows from `now`, so that
 * what it responds can be committed.
 */
export async function memoryIssuer(options: {
  readonly apiKey: string;
  readonly now: () => Date;
}): Promise<MemoryIssuer> {
  const { apiKey, now } = options;
  let made = 0;
  const uploadStore = createMemoryUploadStore({
    now,
    newToken: () => '',
    recordRetentionSeconds: 45 * DAY_SECONDS,
  });
  const app = await buildApp({
    pathPrefix: '',
    trustedProxies: [],
    corsOrigins: [],
    defaults: {
      namePart: 'UploadFilename',
      shardedKeys: false,
      maxBytes: 5_368_709_120,
      lifetimeSeconds: 30,
      lifetimeMaxSeconds: 3_600,
      presignedPut: true,
      redirectOrigins: [],
    },
    accessStore: await accessStoreWith(apiKey, now),
    keyCacheSeconds: 5,
    maxConnections: 100,
    statusRatePerSecond: 100,
    badKeysPerMinute: 0,
    buckets: createMemoryBuckets({ now, maxBuckets: 10 }),
    quotaCounters: createMemoryQuotaCounters(),
    idempotencyStore: createMemoryIdempotencyStore({ now }),
    uploadStore,
    issuedUploads: uploadStore.issued,
    linkStore: uploadStore.links,
    links: {
      origin: 'https://uploads.example.com',
      returnOrigins: ['https://www.example.com'],
      lifetimeSeconds: 7 * DAY_SECONDS,
      lifetimeMaxSeconds: 30 * DAY_SECONDS,
      ratePerMinute: 30,
      addressRatePerMinute: 120,
    },
    signer: createUploadSigner({
      client: new S3Client({ region: 'eu-central-1', credentials: CREDENTIALS }),
      bucket: 'example-uploads',
      now,
    }),
    readiness: { reasonsAgainst: async () => [], stop() {} },
    metrics: { add() {}, addAll() {}, begin() {}, gauge() {} },
    log: createLogger({ service: 'url-issuer', level: 'error', destination: { write() {} } }),
    now,
    randomBytes: (count) => new Uint8Array(count).fill(++made),
  });
  return { app, uploadStore };
}

async function accessStoreWith(apiKey: string, now: () => Date): Promise<AccessStore> {
  const store = createMemoryAccessStore();
  await store.addKey(
    {
      keyId: '3f6c0d9be0a17c52',
      name: 'Meter readers',
      ratePerSecond: 10,
      burst: 20,
      enabled: true,
      createdAt: now(),
    },
    hashApiKey(apiKey),
  );
  return store;
}
