import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SQSClient } from '@aws-sdk/client-sqs';
import { CallGate } from './call-gate.ts';
import { startControl } from './control.ts';
import { DEFAULT_REGION, EXAMPLE_CREDENTIAL } from './defaults.ts';
import { startDynamoDb } from './dynamodb.ts';
import { type BucketEvents, createBucketEvents } from './events/bucket-events.ts';
import { createQueueSender } from './events/queue-sender.ts';
import { createPostObject } from './form/post-object.ts';
import type { Credential } from './s3/call.ts';
import { createS3Server } from './s3/server.ts';
import { startSqs } from './sqs.ts';
import { createObjectStorage } from './storage/create-object-storage.ts';

export interface LocalAwsOptions {
  /**
   * Where objects and tables lie, and are found again after a restart; queues are not. Without it everything is in a
   * temporary folder that `stop` removes.
   */
  readonly directory?: string;
  /** 0, the default, takes a free one. */
  readonly ports?: Partial<Record<keyof LocalAws['endpoints'], number>>;
  readonly region?: string;
  /** Who may call S3; the first is also used for the events. */
  readonly credentials?: readonly [Credential, ...Credential[]];
  /** The clock of S3: expiry, times of versions. */
  readonly now?: () => Date;
  /** Called with each internal error of S3; the client gets 500. A rejected request is no such error. Default: not called. */
  readonly onFault?: (error: unknown) => void;
}

export interface LocalAws {
  /** `http://127.0.0.1:<port>` each. */
  readonly endpoints: {
    readonly s3: string;
    readonly sqs: string;
    readonly dynamodb: string;
    readonly control: string;
  };
  readonly region: string;
  readonly credentials: Credential;
  /** What the control API does, for those in the same process. */
  readonly events: Pick<BucketEvents, 'gate' | 'outbox'>;
  readonly calls: CallGate;
  /** Cuts off the calls in progress and frees the ports. The effects of every call that got a response are on disk. */
  stop(): Promise<void>;
}

const RETRY_FIRST_MS = 20;
const RETRY_LONGEST_MS = 1_000;

/**
 * Starts S3, SQS, DynamoDB and the control API on 127.0.0.1. On a folder that has objects already it sends one event
 * for each version again, to the queues that its buckets name, as soon as they are there.
 */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const { region = DEFAULT_REGION, now = () => new Date(), ports = {} } = options;
  const credentials = options.credentials ?? ([EXAMPLE_CREDENTIAL] as const);
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'local-aws-')));
  await mkdir(directory, { recursive: true });

  const sqs = await startSqs({ port: ports.sqs ?? 0, region });
  const dynamoDb = await startDynamoDb({
    port: ports.dynamodb ?? 0,
    ...(options.directory === undefined ? {} : { directory: join(directory, 'dynamodb') }),
  });
  const storage = await createObjectStorage({ directory: join(directory, 's3'), now, ids: newId });
  const sqsClient = new SQSClient({ endpoint: sqs.endpoint, region, credentials: { ...credentials[0] } });
  const events = createBucketEvents({
    storage,
    queues: createQueueSender(sqsClient),
    region,
    now,
    ids: newId,
    pause: (attempt, signal) =>
      delay(Math.min(RETRY_FIRST_MS * 2 ** (attempt - 2), RETRY_LONGEST_MS), undefined, { signal }),
  });
  const calls = new CallGate(newId);
  const s3 = createS3Server({
    storage,
    region,
    credentials,
    now,
    ...(options.onFault === undefined ? {} : { onFault: options.onFault }),
    onCreated: events.onCreated,
    testDestinations: events.testDestinations,
    requestIds: () => newId().toUpperCase(),
    // A form names its key in its body: it is held once that is read.
    postObject: createPostObject((call) => calls.pass(call)),
    beforeOperation: async (call) => {
      if (call.operation !== 'PostObject') await calls.pass(call);
    },
  });
  s3.listen(ports.s3 ?? 0, '127.0.0.1');
  await once(s3, 'listening');
  const control = await startControl(ports.control ?? 0, { events, calls });
  events.announceStored();

  return {
    endpoints: {
      s3: `http://127.0.0.1:${(s3.address() as AddressInfo).port}`,
      sqs: sqs.endpoint,
      dynamodb: dynamoDb.endpoint,
      control: control.endpoint,
    },
    region,
    credentials: credentials[0],
    events,
    calls,
    async stop() {
      await control.stop();
      s3.close();
      s3.closeAllConnections();
      await once(s3, 'close');
      calls.release();
      await events.outbox.stop();
      sqsClient.destroy();
      await sqs.stop();
      await dynamoDb.stop();
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

function newId(): string {
  return randomBytes(16).toString('hex');
}
