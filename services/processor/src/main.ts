import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { systemClock } from '@upload-once/clock';
import { createS3EventHandler, objectKeysIn, sendToEach } from '@upload-once/queue';
import {
  ConfigError,
  checkUrl,
  dynamoDbClientConfig,
  lighten,
  type Outputs,
  type RunningService,
  runService,
  s3ClientConfig,
  sqsClientConfig,
} from '@upload-once/runtime';
import {
  ACCEPTED_PREFIX,
  createDynamoDbUploadStore,
  createS3ObjectStore,
  type UploadEvents,
  uploadIdOfObject,
  writeReport,
  writeUploadEvent,
} from '@upload-once/uploads';
import {
  consumerChecks,
  consumerSettingsFrom,
  createMessageTraces,
  startConsumerService,
} from '@upload-once/worker';
import { MOST_OPEN_STREAMS } from './call-handler.ts';
import { checkHandler } from './check-handler.ts';
import { configFields } from './config.ts';
import { createProcessor } from './create-processor.ts';
import { HandlerNotLoaded } from './load-handler.ts';
import { END_LIMIT_SECONDS } from './longest-attempt.ts';
import { type HandlerThreadOptions, startHandlerThread } from './start-handler-thread.ts';
import { createThreadRunner, type ThreadRunner } from './thread-runner.ts';

const SECONDS_PER_DAY = 86_400;
const EXIT_FAILURE = 1;
/** For what fails now to be recorded; the rest is given back. */
const STUCK_STOP_SECONDS = 2;

/** For all that one thread logs and prints. */
function writeTo(outputs: Outputs): HandlerThreadOptions['onOutput'] {
  const thread = {};
  return ({ type, text }, written) => {
    if (type === 'line') outputs.stdout.print(text, written);
    else outputs[type].print(text, written, thread);
  };
}

/** The check comes before the log: of what a handler's module says while it is loaded, only what it prints by itself is seen. */
function startCheckingThread(handlerName: string, outputs: Outputs, onStuck: () => void) {
  return startHandlerThread({
    settings: { handlerName, workingDirectory: process.cwd(), run: undefined },
    onOutput: writeTo(outputs),
    endLimitSeconds: END_LIMIT_SECONDS,
    onEndLimit: onStuck,
    clock: systemClock,
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
  fields: configFields,
  checks: (outputs) => ({
    ...consumerChecks,
    WEBHOOK_QUEUE_URL: checkUrl,
    PROCESSOR_HANDLER: (name) => checkHandler(name, (onStuck) => startCheckingThread(name, outputs, onStuck)),
  }),
  process,
  async start({ config, log, metrics, traces, outputs, endNow }): Promise<RunningService> {
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
        await endNow(EXIT_FAILURE);
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
              // A stream that its handler reads slowly keeps its connection.
              callsAtOnce: config.CONCURRENCY * MOST_OPEN_STREAMS,
            },
          },
          heapMib: config.HANDLER_HEAP_MIB,
          onOutput: writeTo(outputs),
          onSpan: (span) => traces?.record(span),
          onAnswer,
          endLimitSeconds: END_LIMIT_SECONDS,
          onEndLimit: () => void endWithStuckThread(),
          clock: systemClock,
        }),
    });
    await openThreads(threads);
    const uploads = createDynamoDbUploadStore({
      client: new DynamoDBClient(dynamoDbClientConfig({ region })),
      tableName: config.UPLOADS_TABLE,
      recordRetentionSeconds: config.RECORD_RETENTION_DAYS * SECONDS_PER_DAY,
      now: systemClock.now,
      newToken: randomUUID,
    });
    const objects = createS3ObjectStore({
      client: new S3Client(s3ClientConfig({ region, forcePathStyle })),
      bucket,
    });
    const sqs = lighten(new SQSClient(sqsClientConfig({ region, longPollSeconds: 20 })));
    const reportQueueUrls = config.REPORT_QUEUE_URLS.split(',');
    const { WEBHOOK_QUEUE_URL: webhookQueueUrl } = config;
    const webhookEvents: UploadEvents | undefined =
      webhookQueueUrl === undefined
        ? undefined
        : { send: (event) => sendToEach(sqs, [webhookQueueUrl], writeUploadEvent(event)) };
    const processAccepted = createProcessor(
      {
        uploads,
        reports: { send: (report) => sendToEach(sqs, reportQueueUrls, writeReport(report)) },
        ...(webhookEvents && { webhookEvents }),
        runner: threads,
        log,
        metrics,
        clock: systemClock,
        newLeaseOwner: randomUUID,
        traces: createMessageTraces(traces, config.QUEUE_URL),
      },
      {
        keptDuplicates: config.KEPT_DUPLICATES,
        leaseSeconds: config.VISIBILITY_SECONDS,
        handlerLimitSeconds: config.HANDLER_LIMIT_SECONDS,
        handlerGraceSeconds: config.HANDLER_GRACE_SECONDS,
      },
    );
    const consumer = await startConsumerService({
      settings: consumerSettingsFrom(config),
      log,
      metrics,
      sqs,
      handle: createS3EventHandler({ bucket, prefix: ACCEPTED_PREFIX, handle: processAccepted }),
      uploadIdsIn: (body) => objectKeysIn(body, bucket).flatMap((key) => uploadIdOfObject(key) ?? []),
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
