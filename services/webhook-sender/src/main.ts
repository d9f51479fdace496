import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { systemClock } from '@upload-once/clock';
import {
  dynamoDbClientConfig,
  lighten,
  lookupName,
  runService,
  s3ClientConfig,
  sqsClientConfig,
} from '@upload-once/runtime';
import { createDynamoDbUploadStore } from '@upload-once/uploads';
import { consumerSettingsFrom, createMessageTraces, startConsumerService } from '@upload-once/worker';
import { configChecks, configFields, endpointsFrom } from './config.ts';
import { createWebhookSender } from './create-webhook-sender.ts';
import { createDownloadUrls } from './download-urls.ts';
import { uploadIdsIn } from './message.ts';
import { createPost } from './post.ts';

const SECONDS_PER_DAY = 86_400;

await runService({
  name: 'webhook-sender',
  fields: configFields,
  checks: () => configChecks,
  process,
  async start({ config, log, metrics, traces }) {
    const region = config.AWS_REGION;
    const bucket = config.BUCKET;
    const lifetimeSeconds = config.WEBHOOK_DOWNLOAD_SECONDS;
    const endpoints = await endpointsFrom(config);
    const uploads = createDynamoDbUploadStore({
      client: new DynamoDBClient(dynamoDbClientConfig({ region })),
      tableName: config.UPLOADS_TABLE,
      recordRetentionSeconds: config.RECORD_RETENTION_DAYS * SECONDS_PER_DAY,
      now: systemClock.now,
      newToken: randomUUID,
    });
    const s3 = new S3Client({
      ...s3ClientConfig({ region, forcePathStyle: config.S3_FORCE_PATH_STYLE }),
      // No part of a URL that others use.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...(config.S3_PUBLIC_ENDPOINT && { endpoint: config.S3_PUBLIC_ENDPOINT }),
    });
    const send = createWebhookSender(
      {
        uploads,
        post: createPost({ lookup: lookupName, clock: systemClock }),
        downloadUrlOf: lifetimeSeconds > 0 ? createDownloadUrls({ s3, bucket, lifetimeSeconds }) : undefined,
        log,
        metrics,
        clock: systemClock,
        random: Math.random,
        traces: createMessageTraces(traces, config.QUEUE_URL),
      },
      { endpoints, bucket, concurrency: config.CONCURRENCY, userAgent: `upload-once/${await version()}` },
    );
    return startConsumerService({
      settings: consumerSettingsFrom(config),
      log,
      metrics,
      sqs: lighten(new SQSClient(sqsClientConfig({ region, longPollSeconds: 20 }))),
      handle: send,
      uploadIdsIn,
      dependencies: { 'The table of uploads': uploads.ping },
    });
  },
});

async function version(): Promise<string> {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return JSON.parse(manifest).version;
}
