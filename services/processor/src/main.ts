import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { createS3EventHandler, sendToEach } from '@upload-once/queue';
import {
  ConfigError,
  dynamoDbClientConfig,
  exitNow,
  type RunningService,
  runService,
  s3ClientConfig,
  sqsClientConfig,
} from '@upload-once/runtime';
import {
  ACCEPTED_PREFIX,
  createDynamoDbUploadStore,
  createS3ObjectStore,
  writeReport,
} from '@upload-once/uploads';
import { consumerChecks, startConsumerService } from '@upload-once/worker';
import { checkHandler } from './check-handler.ts';
import { configSchema } from './config.ts';
import { createLeaseKeeper } from './lease-keeper.ts';
import { HandlerNotLoaded } from './load-handler.ts';
import { END_LIMIT_SECONDS } from './longest-attempt.ts';
import { createProcessAccepted } from './process-accepted.ts';
import { createRunHandler } from './run-handler.ts';
import { startHandlerThread } from './start-handler-thread.ts';
import { createThreadRunner, type ThreadRunner } from './thread-runner.ts';
import { createWorkUnderLease } from './work-under-lease.ts';

const SECONDS_PER_DAY = 86_400;
const EXIT_FAILURE = 1;
/** For what fails now to be recorded; the rest is given back. */
const STUCK_STOP_SECONDS = 2;

function startTimer(seconds: number, callback: () => void): () => void {
  const timer = setTimeout(callback, seconds * 1000);
  return () => clearTimeout(timer);
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await delay(seconds * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());
}

function print(stream: 'stdout' | 'stderr', text: string): void {
  process[stream].write(text);
}

/** The check comes before the log: of what a handler's module says while it is loaded, only what it prints by itself is seen. */
function startCheckingThread(handlerName: string) {
  return startHandlerThread({
    settings: { handlerName, workingDirectory: process.cwd(), run: undefined },
    onLine: () => undefined,
    onPrint: print,
    endLimitSeconds: END_LIMIT_SECONDS,
    onEndLimit: () => exitNow(process, EXIT_FAILURE),
    startTimer,
  });
}

/** @throws ConfigError naming PROCESSOR_HANDLER */
async function openThreads(threads: ThreadRunner): Promise<void> {
  try {
    await threads.open();
  } catch (error) {
    if (!(error instanceof HandlerNotLoaded)) throw error;
    throw new ConfigError([{ variable: 'PROCESSOR_HANDLER', message: error.message }]);
  }
}

await runService({
  name: 'processor',
  schema: configSchema,
  checks: {
    ...consumerChecks,
    PROCESSOR_HANDLER: (name) => checkHandler(name, () => startCheckingThread(name)),
  },
  process,
  async start({ config, log, metrics, writeLine }): Promise<RunningService> {
    const region = config.AWS_REGION;
    const bucket = config.BUCKET;
    const forcePathStyle = config.S3_FORCE_PATH_STYLE;
    let service: RunningService | undefined;

    /** Gives back what other threads work on, as a stop does; what is in the stuck thread is suspected of it and runs alone. */
    async function endWithStuckThread(): Promise<void> {
      log.fatal(
        { endLimitSeconds: END_LIMIT_SECONDS },
        'the thread of a handler could not be ended (a child process that it waits for, or a call that hangs?): the service ends',
      );
      try {
        await service?.stop(STUCK_STOP_SECONDS);
      } finally {
        exitNow(process, EXIT_FAILURE);
      }
    }

    const threads = createThreadRunner({
      threads: config.HANDLER_THREADS,
      aloneThreads: config.HANDLER_THREADS,
      startThread: (onAnswer) =>
        startHandlerThread({
          settings: {
            handlerName: config.PROCESSOR_HANDLER,
            workingDirectory: process.cwd(),
            run: {
              logLevel: log.level,
              region,
              forcePathStyle,
              bucket,
              // A stream that its handler reads slowly keeps its connection; another is for calls beside it.
              callsAtOnce: config.CONCURRENCY * 2,
            },
          },
          heapMib: config.HANDLER_HEAP_MIB,
          onLine: writeLine,
          onPrint: print,
          onAnswer,
          endLimitSeconds: END_LIMIT_SECONDS,
          onEndLimit: () => void endWithStuckThread(),
          startTimer,
        }),
    });
    await openThreads(threads);
    const uploads = createDynamoDbUploadStore({
      client: new DynamoDBClient(dynamoDbClientConfig({ region })),
      tableName: config.UPLOADS_TABLE,
      recordRetentionSeconds: config.RECORD_RETENTION_DAYS * SECONDS_PER_DAY,
      now: () => new Date(),
      newToken: randomUUID,
    });
    const objects = createS3ObjectStore({
      client: new S3Client(s3ClientConfig({ region, forcePathStyle })),
      bucket,
    });
    const runHandler = createRunHandler({
      runner: threads,
      log,
      limitSeconds: config.HANDLER_LIMIT_SECONDS,
      graceSeconds: config.HANDLER_GRACE_SECONDS,
      startTimer,
    });
    const leaseSeconds = config.VISIBILITY_SECONDS;
    const now = () => new Date();
    const keepLease = createLeaseKeeper({ uploads, log, leaseSeconds, now, startTimer });
    const sqs = new SQSClient(sqsClientConfig({ region, longPollSeconds: 20 }));
    const reportQueueUrls = config.REPORT_QUEUE_URLS.split(',');
    const processAccepted = createProcessAccepted({
      uploads,
      reports: { send: (report) => sendToEach(sqs, reportQueueUrls, writeReport(report)) },
      keptDuplicates: config.KEPT_DUPLICATES,
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
    const consumer = await startConsumerService({
      config,
      log,
      metrics,
      sqs,
      handle: createS3EventHandler({
        bucket,
        prefix: ACCEPTED_PREFIX,
        handle: processAccepted,
      }),
      dependencies: {
        'The table of uploads': uploads.ping,
        'The bucket': objects.ping,
      },
    });
    service = consumer;
    return {
      async stop(limitSeconds) {
        await consumer.stop(limitSeconds);
        await threads.close();
      },
    };
  },
});
