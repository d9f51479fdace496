import { S3Client } from '@aws-sdk/client-s3';
import { type AccessStore, hashApiKey } from '@upload-once/access';
import {
  createMemoryAccessStore,
  createMemoryIdempotencyStore,
  createMemoryQuotaCounters,
} from '@upload-once/access/testing';
import { systemClock } from '@upload-once/clock';
import { createLogger, loadConfig } from '@upload-once/runtime';
import type { UploadStore } from '@upload-once/uploads';
import { createMemoryUploadStore } from '@upload-once/uploads/testing';
import type { FastifyInstance } from 'fastify';
import { buildApp } from '../../services/url-issuer/src/app.ts';
import { configChecks, configFields, settingsFrom } from '../../services/url-issuer/src/config.ts';
import { createMemoryBuckets } from '../../services/url-issuer/src/rates/memory-buckets.ts';
import { createUploadSigner } from '../../services/url-issuer/src/signing/upload-signer.ts';

const ENV = {
  AWS_REGION: 'eu-central-1',
  BUCKET: 'example-uploads',
  UPLOADS_TABLE: 'uploads',
  ACCESS_TABLE: 'access',
  LINK_ORIGIN: 'https://uploads.example.com',
  LINK_RETURN_ORIGINS: 'https://www.example.com',
};
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
  const config = await loadConfig(configFields, ENV, configChecks);
  const settings = settingsFrom(config);
  const { recordRetentionSeconds } = settings;
  const uploadStore = createMemoryUploadStore({ now, newToken: () => '', recordRetentionSeconds });
  const app = await buildApp({
    ...settings,
    accessStore: await accessStoreWith(apiKey, now),
    keyCacheSeconds: 5,
    maxConnections: 100,
    statusRatePerSecond: 100,
    badKeysPerMinute: 0,
    buckets: createMemoryBuckets({ clock: systemClock, maxBuckets: 10 }),
    quotaCounters: createMemoryQuotaCounters(),
    idempotencyStore: createMemoryIdempotencyStore({ now }),
    uploadStore,
    issuedUploads: uploadStore.issued,
    linkStore: uploadStore.links,
    signer: createUploadSigner({
      client: new S3Client({ region: config.AWS_REGION, credentials: CREDENTIALS }),
      bucket: config.BUCKET,
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
