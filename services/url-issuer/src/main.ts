import { randomBytes, randomUUID } from 'node:crypto';
import process from 'node:process';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { createDynamoDbAccessStore, createDynamoDbIdempotencyStore } from '@upload-once/access';
import { createReadiness, dynamoDbClientConfig, runService, s3ClientConfig } from '@upload-once/runtime';
import { createDynamoDbUploadStore } from '@upload-once/uploads';
import { buildApp } from './app.ts';
import { closeApp } from './close-app.ts';
import { configChecks, configSchema, settingsFrom } from './config.ts';
import { createUploadSigner } from './signing/upload-signer.ts';

/** A client waits for the answer: two short attempts a call, so that a table that is away shows before the client gives up. */
const TABLE_PATIENCE = {
  maxAttempts: 2,
  requestHandler: {
    connectionTimeout: 500,
    requestTimeout: 1_500,
    socketTimeout: 1_500,
    throwOnRequestTimeout: true,
  },
};

const READY_LIMIT_MILLISECONDS = 2_000;
const READY_VALID_MILLISECONDS = 1_000;

await runService({
  name: 'url-issuer',
  schema: configSchema,
  checks: configChecks,
  process,
  async start({ config, log, metrics }) {
    const settings = settingsFrom(config);
    const now = () => new Date();
    const region = config.AWS_REGION;

    const dynamoDb = new DynamoDBClient({ ...dynamoDbClientConfig({ region }), ...TABLE_PATIENCE });
    const accessStore = createDynamoDbAccessStore({ client: dynamoDb, tableName: config.ACCESS_TABLE });
    const idempotencyStore = createDynamoDbIdempotencyStore({
      client: dynamoDb,
      tableName: config.ACCESS_TABLE,
      now,
    });
    const uploadStore = createDynamoDbUploadStore({
      client: dynamoDb,
      tableName: config.UPLOADS_TABLE,
      tombstoneSeconds: settings.tombstoneSeconds,
      now,
      newToken: randomUUID,
    });
    const s3 = new S3Client({
      ...s3ClientConfig({ region, forcePathStyle: config.S3_FORCE_PATH_STYLE }),
      ...(config.S3_PUBLIC_ENDPOINT && { endpoint: config.S3_PUBLIC_ENDPOINT }),
    });
    const signer = createUploadSigner({ client: s3, bucket: config.BUCKET, now });
    const readiness = createReadiness({
      checks: {
        [`The table ${config.ACCESS_TABLE}`]: (signal) => accessStore.ping(signal),
        [`The table ${config.UPLOADS_TABLE}`]: (signal) => uploadStore.ping(signal),
      },
      limitMilliseconds: READY_LIMIT_MILLISECONDS,
      validMilliseconds: READY_VALID_MILLISECONDS,
      now,
      log,
    });

    const app = await buildApp({
      ...settings,
      accessStore,
      keyCacheSeconds: config.API_KEY_CACHE_SECONDS,
      badKeysPerMinute: config.BAD_KEYS_PER_MINUTE,
      idempotencyStore,
      uploadStore,
      signer,
      readiness,
      metrics,
      log,
      now,
      randomBytes,
    });
    await app.listen({ host: config.HOST, port: config.PORT });

    return {
      async stop(limitSeconds) {
        await closeApp(app, limitSeconds);
        dynamoDb.destroy();
        s3.destroy();
      },
    };
  },
});
