import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { systemClock } from '@upload-once/clock';
import { createS3EventHandler, objectKeysIn, sendToEach } from '@upload-once/queue';
import {
  dynamoDbClientConfig,
  lighten,
  runService,
  s3ClientConfig,
  sqsClientConfig,
} from '@upload-once/runtime';
import {
  createDynamoDbUploadStore,
  createS3ObjectStore,
  UPLOADS_PREFIX,
  uploadIdOfObject,
  writeReport,
} from '@upload-once/uploads';
import {
  consumerChecks,
  consumerSettingsFrom,
  createMessageTraces,
  startConsumerService,
} from '@upload-once/worker';
import { configFields } from './config.ts';
import { createAcceptor } from './create-acceptor.ts';
import { ACCEPT_LIMIT_SECONDS, limitWork } from './limit-work.ts';

const SECONDS_PER_DAY = 86_400;

await runService({
  name: 'acceptor',
  fields: configFields,
  checks: () => consumerChecks,
  process,
  async start({ config, log, metrics, traces }) {
    const region = config.AWS_REGION;
    const uploads = createDynamoDbUploadStore({
      client: new DynamoDBClient(dynamoDbClientConfig({ region })),
      tableName: config.UPLOADS_TABLE,
      recordRetentionSeconds: config.RECORD_RETENTION_DAYS * SECONDS_PER_DAY,
      now: systemClock.now,
      newToken: randomUUID,
      readsTogether: true,
    });
    const objects = createS3ObjectStore({
      client: lighten(
        new S3Client(
          s3ClientConfig({
            region,
            forcePathStyle: config.S3_FORCE_PATH_STYLE,
            callsAtOnce: config.CONCURRENCY * config.COPY_PARTS_IN_PARALLEL,
          }),
        ),
      ),
      bucket: config.BUCKET,
      partConcurrency: config.COPY_PARTS_IN_PARALLEL,
    });
    const sqs = lighten(new SQSClient(sqsClientConfig({ region, longPollSeconds: 20 })));
    const reportQueueUrls = config.REPORT_QUEUE_URLS.split(',');
    const accept = createAcceptor(
      {
        uploads,
        objects,
        reports: { send: (report) => sendToEach(sqs, reportQueueUrls, writeReport(report)) },
        log,
        metrics,
        clock: systemClock,
        traces: createMessageTraces(traces, config.QUEUE_URL),
      },
      {
        keptDuplicates: config.KEPT_DUPLICATES,
        visibilitySeconds: config.VISIBILITY_SECONDS,
        uploadsProtected: config.UPLOADS_PROTECTED,
      },
    );
    return startConsumerService({
      settings: consumerSettingsFrom(config),
      log,
      metrics,
      sqs,
      handle: limitWork(
        createS3EventHandler({ bucket: config.BUCKET, prefix: UPLOADS_PREFIX, handle: accept }),
        { limitSeconds: ACCEPT_LIMIT_SECONDS, clock: systemClock },
      ),
      uploadIdsIn: (body) => objectKeysIn(body, config.BUCKET).flatMap((key) => uploadIdOfObject(key) ?? []),
      dependencies: {
        'The table of uploads': uploads.ping,
        'The bucket': objects.ping,
      },
    });
  },
});
