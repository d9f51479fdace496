import { createHash, randomBytes } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { type AccessStore, type ApiKey, hashApiKey } from '@upload-once/access';
import {
  createMemoryAccessStore,
  createMemoryIdempotencyStore,
  createMemoryQuotaCounters,
} from '@upload-once/access/testing';
import { systemClock } from '@upload-once/clock';
import { createLogger, createReadiness, type Metrics } from '@upload-once/runtime';
import { createFaultScript, type FaultScript } from '@upload-once/table/testing';
import { createMemoryUploadStore } from '@upload-once/uploads/testing';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import type { Test } from 'tap';
import { type AppOptions, buildApp } from '../src/app.ts';
import type { UploadDefaults } from '../src/issuing/upload-request.ts';
import type { LinkSettings } from '../src/links/link-settings.ts';
import { createMemoryBuckets } from '../src/rates/memory-buckets.ts';
import { createUploadSigner } from '../src/signing/upload-signer.ts';
import { holdToDescription } from './described-responses.ts';

export const KEY_VALUE = 'a key that only its holder knows';
export const KEY_ID = '0123456789abcdef';
export const NOW = new Date('2025-03-04T05:06:07.890Z');
export const ACCESS_KEY_ID = 'AKIDEXAMPLE';
export const SECRET_ACCESS_KEY = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';

export const DEFAULTS: UploadDefaults = {
  namePart: 'UploadFilename',
  shardedKeys: false,
  maxBytes: 5_000,
  lifetimeSeconds: 30,
  lifetimeMaxSeconds: 3_600,
  presignedPut: true,
  redirectOrigins: ['https://www.example.com'],
};

/** Links are on. */
export const LINKS: LinkSettings = {
  origin: 'https://uploads.example.com',
  returnOrigins: ['https://www.example.com'],
  lifetimeSeconds: 7 * 86_400,
  lifetimeMaxSeconds: 20 * 86_400,
  ratePerMinute: 1_000,
  addressRatePerMinute: 10_000,
};

export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>> | undefined;
}

export interface AppUnderTest {
  readonly app: FastifyInstance;
  readonly accessStore: AccessStore;
  readonly uploadStore: AppOptions['uploadStore'];
  readonly linkStore: AppOptions['linkStore'];
  readonly faults: FaultScript;
  readonly metrics: Metric[];
  /** What was logged, as text, line by line. */
  readonly logLines: string[];
  /** With the good key, unless other headers are given. */
  get(path?: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
}

/** The whole service on fakes in memory, with one good key, at a fixed time. Its responses are held to its description. */
export async function appUnderTest(t: Test, overrides: Partial<AppOptions> = {}): Promise<AppUnderTest> {
  const now = overrides.now ?? (() => NOW);
  const clock = { ...systemClock, monotonicMs: () => now().getTime() };
  const metrics: Metric[] = [];
  const logLines: string[] = [];
  const log = createLogger({
    service: 'url-issuer',
    level: 'debug',
    destination: { write: (line) => void logLines.push(line) },
  });
  const begun: { name: string; Reason: string | undefined }[] = [];
  const collect: Metrics = {
    add(name, value, dimensions) {
      metrics.push({ name, value, dimensions });
      const begins = begun.some((series) => series.name === name && series.Reason === dimensions?.['Reason']);
      if (dimensions && !begins) t.fail(`${name} does not begin at 0 for ${dimensions['Reason']}`);
    },
    addAll(values) {
      for (const [name, value] of Object.entries(values))
        metrics.push({ name, value, dimensions: undefined });
    },
    begin: (name, { Reason }) => void begun.push({ name, Reason }),
    gauge: () => undefined,
  };
  const faults = createFaultScript();
  const accessStore = overrides.accessStore ?? createMemoryAccessStore();
  const uploadStore = createMemoryUploadStore({
    now,
    newToken: () => randomBytes(8).toString('hex'),
    recordRetentionSeconds: 1000,
    faults,
  });
  if (!overrides.accessStore) await addKey(accessStore, { value: KEY_VALUE });

  const app = await buildApp({
    pathPrefix: '',
    trustedProxies: [],
    corsOrigins: [],
    defaults: DEFAULTS,
    accessStore,
    keyCacheSeconds: 5,
    maxConnections: 1_000,
    statusRatePerSecond: 10_000,
    badKeysPerMinute: 10_000,
    idempotencyStore: createMemoryIdempotencyStore({ now }),
    buckets: createMemoryBuckets({ clock, maxBuckets: 1_000 }),
    quotaCounters: createMemoryQuotaCounters(),
    uploadStore,
    issuedUploads: uploadStore.issued,
    linkStore: uploadStore.links,
    links: LINKS,
    signer: signerOf({ now }),
    readiness: createReadiness({
      checks: {
        'The table of uploads': () => uploadStore.ping(),
        'The table of API keys': () => accessStore.ping(),
      },
      limitMs: 1_000,
      validMs: 1_000,
      clock,
      log,
    }),
    metrics: collect,
    log,
    now,
    clock,
    randomBytes,
    ...overrides,
  });
  t.teardown(() => app.close());
  holdToDescription(app);
  return {
    app,
    accessStore,
    uploadStore,
    linkStore: uploadStore.links,
    faults,
    metrics,
    logLines,
    get: async (path = '/getpresignedurl', headers = { 'x-api-key': KEY_VALUE }) =>
      app.inject({ method: 'GET', url: path, headers }),
  };
}

export function signerOf(options: { now?: () => Date } = {}) {
  return createUploadSigner({
    client: new S3Client({
      region: 'eu-central-1',
      credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
    }),
    bucket: 'upload-bucket',
    now: options.now ?? (() => NOW),
  });
}

/** Records a key that `value` opens; each value has a key id of its own, the default value `KEY_ID`. */
export async function addKey(
  store: AccessStore,
  key: { readonly value: string } & Partial<ApiKey>,
): Promise<string> {
  const { value, ...settings } = key;
  const keyId = value === KEY_VALUE ? KEY_ID : createHash('md5').update(value).digest('hex').slice(0, 16);
  const always = { name: `the holder of ${keyId}`, ratePerSecond: 10_000, burst: 10_000, enabled: true };
  await store.addKey({ ...always, createdAt: NOW, ...settings, keyId }, hashApiKey(value));
  return keyId;
}
