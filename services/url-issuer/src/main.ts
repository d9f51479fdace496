import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import {
  createDynamoDbAccessStore,
  createDynamoDbIdempotencyStore,
  createDynamoDbQuotaCounters,
} from '@upload-once/access';
import { systemClock } from '@upload-once/clock';
import { createReadiness, dynamoDbClientConfig, runService, s3ClientConfig } from '@upload-once/runtime';
import {
  createDynamoDbIssuedUploads,
  createDynamoDbLinkStore,
  createDynamoDbUploadStore,
} from '@upload-once/uploads';
import { buildApp } from './app.ts';
import { closeApp } from './close-app.ts';
import { configChecks, configFields, settingsFrom } from './config.ts';
import { brandingFrom } from './link-page/link-page-config.ts';
import { createPooledRandomBytes } from './pooled-random-bytes.ts';
import { createMemoryBuckets } from './rates/memory-buckets.ts';
import { createSharedBuckets } from './rates/shared-buckets.ts';
import { bucketOriginOf } from './signing/bucket-origin.ts';
import { createUploadSigner } from './signing/upload-signer.ts';

/** A client waits for the response: two short attempts a call, so that a table that is away shows before the client gives up. */
const TABLE_TIMEOUT = {
  maxAttempts: 2,
  requestHandler: {
    connectionTimeout: 500,
    requestTimeout: 1_500,
    socketTimeout: 1_500,
    throwOnRequestTimeout: true,
  },
};

/** The rate is counted before anything else is asked: a store that is slower than this is as good as none. */
const RATE_STORE_TIMEOUT_MS = 250;
const RATE_STORE_RETRY_MS = 1_000;
const MAX_BUCKETS = 100_000;

const READY_LIMIT_MS = 2_000;
const READY_VALID_MS = 1_000;

await runService({
  name: 'url-issuer',
  fields: configFields,
  checks: () => configChecks,
  process,
  async start({ config, log, metrics, traces }) {
    const settings = settingsFrom(config);
    const { now } = systemClock;
    const region = config.AWS_REGION;

    const dynamoDb = new DynamoDBClient({ ...dynamoDbClientConfig({ region }), ...TABLE_TIMEOUT });
    const accessStore = createDynamoDbAccessStore({ client: dynamoDb, tableName: config.ACCESS_TABLE });
    const idempotencyStore = createDynamoDbIdempotencyStore({
      client: dynamoDb,
      tableName: config.ACCESS_TABLE,
      now,
    });
    const uploadStore = createDynamoDbUploadStore({
      client: dynamoDb,
      tableName: config.UPLOADS_TABLE,
      recordRetentionSeconds: settings.recordRetentionSeconds,
      now,
      newToken: randomUUID,
    });
    // What of a quota was counted is never counted again, and no upload is recorded a second time.
    const onceDynamoDb = new DynamoDBClient({
      ...dynamoDbClientConfig({ region }),
      ...TABLE_TIMEOUT,
      maxAttempts: 1,
    });
    const localFallback = createMemoryBuckets({ clock: systemClock, maxBuckets: MAX_BUCKETS });
    const storeUrl = config.RATE_LIMIT_STORE_URL;
    // Imported only where there is one: its client is a quarter of the files that the service would load.
    const rateStore = storeUrl && (await import('./rates/open-rate-store.ts')).openRateStore(storeUrl, log);
    const buckets = rateStore
      ? createSharedBuckets({
          store: rateStore.buckets,
          localFallback,
          clock: systemClock,
          log,
          onCountedLocally: () => metrics.add('RatesCountedLocally', 1),
          timeoutMs: RATE_STORE_TIMEOUT_MS,
          retryMs: RATE_STORE_RETRY_MS,
        })
      : localFallback;
    const s3 = new S3Client({
      ...s3ClientConfig({ region, forcePathStyle: config.S3_FORCE_PATH_STYLE }),
      ...(config.S3_PUBLIC_ENDPOINT && { endpoint: config.S3_PUBLIC_ENDPOINT }),
    });
    const signer = createUploadSigner({ client: s3, bucket: config.BUCKET, now });
    const readiness = createReadiness({
      checks: {
        'The table of API keys': (signal) => accessStore.ping(signal),
        'The table of uploads': (signal) => uploadStore.ping(signal),
      },
      limitMs: READY_LIMIT_MS,
      validMs: READY_VALID_MS,
      clock: systemClock,
      log,
    });

    const linkPage = {
      branding: brandingFrom(config),
      bucketOrigin: await bucketOriginOf({ client: s3, bucket: config.BUCKET }),
    };

    const app = await buildApp({
      ...settings,
      ...(settings.links.origin !== undefined && { linkPage }),
      accessStore,
      keyCacheSeconds: config.API_KEY_CACHE_SECONDS,
      maxConnections: config.MAX_CONNECTIONS,
      statusRatePerSecond: config.STATUS_RATE_PER_SECOND,
      badKeysPerMinute: config.BAD_KEYS_PER_MINUTE,
      idempotencyStore,
      buckets,
      quotaCounters: createDynamoDbQuotaCounters({ client: onceDynamoDb, tableName: config.ACCESS_TABLE }),
      uploadStore,
      issuedUploads: createDynamoDbIssuedUploads({
        client: onceDynamoDb,
        tableName: config.UPLOADS_TABLE,
        recordRetentionSeconds: settings.recordRetentionSeconds,
        newToken: randomUUID,
        onWrite: (uploads) => metrics.add('UploadsTogether', uploads),
      }),
      linkStore: createDynamoDbLinkStore({
        client: dynamoDb,
        tableName: config.UPLOADS_TABLE,
        recordRetentionSeconds: settings.recordRetentionSeconds,
        newToken: randomUUID,
      }),
      signer,
      readiness,
      metrics,
      traces,
      sampleRatio: settings.sampleRatio,
      log,
      now,
      randomBytes: createPooledRandomBytes(),
    });
    await app.listen({ host: config.HOST, port: config.PORT });

    return {
      async stop(limitSeconds) {
        await closeApp(app, limitSeconds);
        dynamoDb.destroy();
        onceDynamoDb.destroy();
        if (rateStore) rateStore.destroy();
        s3.destroy();
      },
    };
  },
});
