import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '@upload-once/clock';
import { run } from './cli.ts';
import { AWS_ATTEMPT_SECONDS, endEachAttempt } from './commands/aws-time-limit.ts';
import { awsAgents } from './commands/proxies.ts';
import { ExitCode } from './exit-code.ts';
import { createResultOutput } from './result-output.ts';
import { createTableTime } from './table-time.ts';

// A reader of our output may stop reading (`| head`); the uploads go on.
process.stderr.on('error', () => {});
const stdout = createResultOutput(process.stdout);

const exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout,
  stderr: process.stderr,
  env: process.env,
  now: systemClock.now,
  randomBytes,
  sleep: (seconds, signal) => setTimeout(seconds * 1000, undefined, { signal }),
  async loadAccess() {
    const [{ DynamoDBClient }, { createDynamoDbAccessStore }] = await Promise.all([
      import('@aws-sdk/client-dynamodb'),
      import('@upload-once/access'),
    ]);
    const client = new DynamoDBClient({
      requestHandler: {
        connectionTimeout: 5_000,
        requestTimeout: 10_000,
        throwOnRequestTimeout: true,
        ...awsAgents(process.env),
      },
    });
    endEachAttempt(client, AWS_ATTEMPT_SECONDS);
    return {
      createStore: (tableName) => createDynamoDbAccessStore({ client, tableName }),
      now: createTableTime(client, systemClock.now),
    };
  },
  async loadOperations() {
    const [{ DynamoDBClient }, { S3Client }, { SQSClient }, config, uploads] = await Promise.all([
      import('@aws-sdk/client-dynamodb'),
      import('@aws-sdk/client-s3'),
      import('@aws-sdk/client-sqs'),
      import('@upload-once/runtime/aws-clients'),
      import('@upload-once/uploads'),
    ]);
    const forcePathStyle = process.env['S3_FORCE_PATH_STYLE'] === 'true';
    const s3 = new S3Client(own(config.s3ClientConfig({ region: '', forcePathStyle })));
    const dynamoDb = new DynamoDBClient(own(config.dynamoDbClientConfig({ region: '' })));
    const sqs = new SQSClient(own(config.sqsClientConfig({ region: '', longPollSeconds: 20 })));
    for (const client of [s3, dynamoDb, sqs]) endEachAttempt(client, AWS_ATTEMPT_SECONDS);
    return ({ bucket, table, recordRetentionSeconds }) => ({
      sqs,
      records: uploads.createDynamoDbUploadRecords({
        client: dynamoDb,
        tableName: table,
        recordRetentionSeconds,
        now: systemClock.now,
        pause: (attempt) => setTimeout(Math.min(2 ** attempt * 100, 5_000) * (0.5 + Math.random() / 2)),
      }),
      listing: uploads.createS3ObjectListing({ client: s3, bucket }),
      objects: uploads.createS3ObjectStore({ client: s3, bucket }),
      eventRules: () => uploads.readEventRules(s3, bucket),
      region: () => s3.config.region(),
    });
  },
  async loadConsoleReach() {
    const [
      { DynamoDBClient },
      { CloudWatchClient },
      { CloudWatchLogsClient },
      { XRayClient },
      config,
      uploads,
    ] = await Promise.all([
      import('@aws-sdk/client-dynamodb'),
      import('@aws-sdk/client-cloudwatch'),
      import('@aws-sdk/client-cloudwatch-logs'),
      import('@aws-sdk/client-xray'),
      import('@upload-once/runtime/aws-clients'),
      import('@upload-once/uploads'),
    ]);
    const client = ended(new DynamoDBClient(own(config.dynamoDbClientConfig({ region: '' }))));
    // It only reads: it needs neither tokens nor the record retention.
    const reader = { client, recordRetentionSeconds: 0, now: systemClock.now, newToken: () => '' };
    const { signerConstructor: _, ...watching } = own(
      config.sqsClientConfig({ region: '', longPollSeconds: 0 }),
    );
    return {
      store: (tableName) => uploads.createDynamoDbUploadStore({ ...reader, tableName }),
      links: (tableName) => uploads.createDynamoDbLinkStore({ ...reader, tableName }),
      cloudWatch: () => ended(new CloudWatchClient(watching)),
      // A live tail is one response, of hours: no attempt of it has an end.
      cloudWatchLogs: () => new CloudWatchLogsClient(watching),
      xRay: () => ended(new XRayClient(watching)),
    };
  },
  interruptSignal() {
    const interrupt = new AbortController();
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      // Once: a second Ctrl-C ends the process at once, as it does without a listener.
      process.once(name, () => interrupt.abort(new Error(`interrupted by ${name}`)));
    }
    return interrupt.signal;
  },
});

const lost = await stdout.flushed();
if (lost && exitCode === ExitCode.done) {
  process.stderr.write(`upload-once: ${lost.message}; what was done stays done\n`);
}
// Ends also where a connection is left that its other side keeps open, such as one to a proxy.
process.stderr.write('', () =>
  process.exit(lost && exitCode === ExitCode.done ? ExitCode.outputFailed : exitCode),
);

/** See `endEachAttempt`. */
function ended<T extends Parameters<typeof endEachAttempt>[0]>(client: T): T {
  endEachAttempt(client, AWS_ATTEMPT_SECONDS);
  return client;
}

/** Leaves the region to the SDK, which also finds it in a profile, and goes through the proxies that the environment names. */
function own<T extends { region: string; requestHandler: object }>({ region: _, ...config }: T) {
  return { ...config, requestHandler: { ...config.requestHandler, ...awsAgents(process.env) } };
}
