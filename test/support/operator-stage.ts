import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { XRayClient } from '@aws-sdk/client-xray';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import {
  createDynamoDbLinkStore,
  createDynamoDbUploadRecords,
  createS3ObjectListing,
  createS3ObjectStore,
  readEventRules,
} from '@upload-once/uploads';
import type { Test } from 'tap';
import { run } from '../../packages/cli/src/cli.ts';
import type { CliIo } from '../../packages/cli/src/cli-io.ts';
import type { Operations, OperationsSettings } from '../../packages/cli/src/operations.ts';
import { OutputFailed } from '../../packages/cli/src/output-failed.ts';
import { watchMessages } from './command-messages.ts';
import { type LocalCloud, startLocalCloud } from './local-cloud.ts';

/** All that the commands of a file said. */
export const messages = watchMessages();

export const RECORD_RETENTION_SECONDS = 113 * 86_400;

/** A cloud on which S3 sends no events, and whose queues are empty: the test event of a new bucket is gone. */
export async function quietCloud(t: Test): Promise<LocalCloud> {
  const cloud = await startLocalCloud(t);
  cloud.localAws.events.gate.hold();
  for (const QueueUrl of [cloud.queues.uploadEvents, cloud.queues.acceptedEvents]) {
    await cloud.peek(QueueUrl);
    await cloud.sqs.send(new PurgeQueueCommand({ QueueUrl }));
  }
  return cloud;
}

/** Makes a queue that the bucket knows nothing of, with `upload-reports` as its dead-letter queue. @returns its URL */
export async function withAnotherPair({ sqs, queues }: LocalCloud): Promise<string> {
  const ask = new GetQueueAttributesCommand({ QueueUrl: queues.uploadReports, AttributeNames: ['QueueArn'] });
  const deadLetterTargetArn = (await sqs.send(ask)).Attributes?.QueueArn;
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 5 });
  await sqs.send(new CreateQueueCommand({ QueueName: 'another', Attributes: { RedrivePolicy } }));
  return queues.uploadReports.replace(/[^/]*$/, 'another');
}

/** When the item of an upload is to be deleted, in epoch seconds. */
export async function deleteAtOf(cloud: LocalCloud, FullFilename: string): Promise<number> {
  const Key = { FullFilename, item: 'upload' };
  const get = new GetCommand({ TableName: cloud.tables.uploads, Key, ConsistentRead: true });
  return (await DynamoDBDocumentClient.from(cloud.dynamoDb).send(get)).Item?.['deleteAt'];
}

export interface OperatorSetting {
  /** What the person at the terminal types; undefined: there is no terminal. */
  readonly typed?: string;
  readonly env?: Record<string, string | undefined>;
  /** This machine's clock. */
  readonly now?: () => Date;
  /** S3's clock, where it is another. */
  readonly s3Now?: () => Date;
  readonly interrupt?: AbortSignal;
  /** After so many writes standard output can't be written any more. */
  readonly outputWrites?: number;
  /** Called with what the command writes to standard output. */
  readonly onOutput?: (text: string) => void;
  /** Changes what the command reaches. */
  readonly operations?: (operations: Operations) => Operations;
}

/** For a setting: the table can be read, and takes no deletion put off. */
export function withoutKeeping(given: Operations): Operations {
  const keepLonger = async () => {
    throw new Error('the table is away');
  };
  return { ...given, records: { ...given.records, keepLonger } };
}

/** For a setting: the caller may not read the bucket's notification configuration. */
export function withoutEventRules(given: Operations): Operations {
  const eventRules = async () => {
    throw Object.assign(new Error('Access Denied'), { $metadata: { httpStatusCode: 403 } });
  };
  return { ...given, eventRules };
}

/** SQS whose counts are late: what was received a moment ago it counts as visible still. */
export function withLateCounts(cloud: LocalCloud): SQSClient {
  const sqs = new SQSClient({
    region: cloud.localAws.region,
    endpoint: cloud.localAws.endpoints.sqs,
    credentials: cloud.sqs.config.credentials,
  });
  sqs.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { Attributes } = result.output as { Attributes?: Record<string, string> };
      const [visible, hidden] = [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
      ] as const;
      if (Attributes?.[visible] !== undefined) {
        Attributes[visible] = String(Number(Attributes[visible]) + Number(Attributes[hidden]));
        Attributes[hidden] = '0';
      }
      return result;
    },
    { step: 'initialize', name: 'lateCounts' },
  );
  return sqs;
}

/** SQS that rejects messages, or accepts them and loses its response. */
export function spoiled(cloud: LocalCloud, how: 'refuse' | 'lose'): SQSClient {
  const { region, endpoints } = cloud.localAws;
  const sqs = new SQSClient({
    region,
    endpoint: endpoints.sqs,
    credentials: cloud.sqs.config.credentials,
    maxAttempts: 1,
  });
  sqs.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName !== 'SendMessageBatchCommand') return next(args);
        if (how === 'lose') await next(args);
        const details =
          how === 'lose'
            ? { code: 'ECONNRESET' }
            : { $metadata: { httpStatusCode: 403 }, name: 'AccessDenied' };
        throw Object.assign(new Error(how === 'lose' ? 'the connection broke' : 'not allowed'), details);
      },
    { step: 'deserialize', priority: 'low', name: 'spoil' },
  );
  return sqs;
}

/** One call of an operator's command on a cloud of this machine, in this process, and all that can be seen of it. */
export async function operate(cloud: LocalCloud, args: readonly string[], setting: OperatorSetting = {}) {
  const { typed, env = {}, now = () => new Date(), operations = (given) => given } = setting;
  const seen = { stdout: '', stderr: '' };
  const opened: OperationsSettings[] = [];
  let drawn = 0;
  let written = 0;
  const isTTY = typed !== undefined;
  const io: CliIo = {
    stdin: Object.assign(
      (async function* () {
        yield typed ?? '';
      })(),
      { isTTY },
    ),
    stdout: {
      write(text: string) {
        written += 1;
        if (written > (setting.outputWrites ?? Number.POSITIVE_INFINITY))
          throw new OutputFailed('standard output could not be written (ENOSPC)');
        seen.stdout += text;
        setting.onOutput?.(text);
      },
      isTTY,
    },
    stderr: { write: (text: string) => (seen.stderr += text), isTTY },
    env: {
      BUCKET: cloud.bucket,
      UPLOADS_TABLE: cloud.tables.uploads,
      UPLOAD_EVENTS_QUEUE_URL: cloud.queues.uploadEvents,
      ACCEPTED_EVENTS_QUEUE_URL: cloud.queues.acceptedEvents,
      ...env,
    },
    now,
    randomBytes: (count) => Uint8Array.from({ length: count }, () => drawn++ % 256),
    loadAccess: async () => ({
      createStore() {
        throw new Error('no table of keys here');
      },
      now: () => new Date(0),
    }),
    loadOperations: async () => (settings) => {
      opened.push(settings);
      const { s3, sqs, dynamoDb } = cloud;
      const listing = createS3ObjectListing({ client: s3, bucket: settings.bucket, pageEntries: 2 });
      const { s3Now } = setting;
      return operations({
        sqs,
        records: createDynamoDbUploadRecords({
          client: dynamoDb,
          tableName: settings.table,
          recordRetentionSeconds: settings.recordRetentionSeconds,
          now,
          pause: async () => undefined,
        }),
        listing: s3Now ? { ...listing, now: async () => s3Now() } : listing,
        objects: createS3ObjectStore({ client: s3, bucket: settings.bucket }),
        eventRules: () => readEventRules(s3, settings.bucket),
        region: async () => cloud.localAws.region,
      });
    },
    loadConsoleReach: async () => ({
      store: () => cloud.uploads,
      links: (tableName) =>
        createDynamoDbLinkStore({
          client: cloud.dynamoDb,
          tableName,
          recordRetentionSeconds: 0,
          newToken: () => '',
        }),
      cloudWatch: () => new CloudWatchClient({ region: cloud.localAws.region }),
      cloudWatchLogs: () => new CloudWatchLogsClient({ region: cloud.localAws.region }),
      xRay: () => new XRayClient({ region: cloud.localAws.region }),
    }),
    sleep: async () => undefined,
    interruptSignal: () => setting.interrupt ?? new AbortController().signal,
  };
  const code = await run(args, io);
  messages.record(args, { code, text: seen.stdout + seen.stderr });
  const lines = seen.stdout.split('\n').filter(Boolean);
  return { code, ...seen, opened, lines, json: () => lines.map((line) => JSON.parse(line)) };
}
