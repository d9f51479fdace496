import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { createS3EventHandler } from '@upload-once/queue';
import {
  dynamoDbClientConfig,
  runService,
  s3ClientConfig,
  sqsClientConfig,
  startConsumerService,
} from '@upload-once/runtime';
import { ACCEPTED_PREFIX, createDynamoDbUploadStore, createS3ObjectStore } from '@upload-once/uploads';
import { configSchema } from './config.ts';
import { handleUpload as logUpload } from './handlers/log-upload.ts';
import { createLeaseKeeper } from './lease-keeper.ts';
import { checkHandler, loadHandler } from './load-handler.ts';
import { createProcessAccepted } from './process-accepted.ts';
import { createRunHandler } from './run-handler.ts';
import { createWorkUnderLease } from './work-under-lease.ts';

const SECONDS_PER_DAY = 86_400;

function startTimer(seconds: number, callback: () => void): () => void {
  const timer = setTimeout(callback, seconds * 1000);
  return () => clearTimeout(timer);
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await delay(seconds * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());
}

await runService({
  name: 'processor',
  schema: configSchema,
  checks: { PROCESSOR_HANDLER: (name) => checkHandler(name, process.cwd()) },
  process,
  async start({ config, log, metrics }) {
    const region = config.AWS_REGION;
    const handler = config.PROCESSOR_HANDLER
      ? await loadHandler(config.PROCESSOR_HANDLER, process.cwd())
      : logUpload;
    const uploads = createDynamoDbUploadStore({
      client: new DynamoDBClient(dynamoDbClientConfig({ region })),
      tableName: config.UPLOADS_TABLE,
      tombstoneSeconds: config.TOMBSTONE_DAYS * SECONDS_PER_DAY,
      now: () => new Date(),
      newToken: randomUUID,
    });
    const objects = createS3ObjectStore({
      client: new S3Client(
        s3ClientConfig({
          region,
          forcePathStyle: config.S3_FORCE_PATH_STYLE,
          // A stream that its handler reads slowly keeps its connection; another is for calls beside it.
          callsAtOnce: config.SLOTS * 2,
        }),
      ),
      bucket: config.BUCKET,
    });
    const runHandler = createRunHandler({
      handler,
      objects,
      log,
      limitSeconds: config.HANDLER_LIMIT_SECONDS,
      startTimer,
    });
    const leaseSeconds = config.VISIBILITY_SECONDS;
    const now = () => new Date();
    const keepLease = createLeaseKeeper({ uploads, log, leaseSeconds, now, startTimer });
    const processAccepted = createProcessAccepted({
      uploads,
      objects,
      workUnderLease: createWorkUnderLease({
        uploads,
        runHandler,
        keepLease,
        log,
        metrics,
        leaseSeconds,
        pause,
      }),
      log,
      metrics,
      leaseSeconds,
      now,
      newLeaseOwner: randomUUID,
      pause,
    });
    return startConsumerService({
      config,
      log,
      metrics,
      sqs: new SQSClient(sqsClientConfig({ region, longPollSeconds: 20 })),
      handle: createS3EventHandler({
        bucket: config.BUCKET,
        prefix: ACCEPTED_PREFIX,
        handle: processAccepted,
      }),
      dependencies: {
        [`The table ${config.UPLOADS_TABLE}`]: uploads.ping,
        [`The bucket ${config.BUCKET}`]: objects.ping,
      },
    });
  },
});
