import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { startProcess } from '@upload-once/local-stack/child-process.ts';
import { factsOf, type LocalAwsFacts, serviceEnvOf } from '@upload-once/local-stack/stack.ts';
import { sendMessages, writeS3Event } from '@upload-once/queue';
import { createDynamoDbIssuedUploads, makeUploadKey, type ObjectVersion } from '@upload-once/uploads';
import { type Metered, startMetered } from '../metered/start-metered.ts';
import { keepOnCore } from '../process-cpu.ts';
import { queueDepth } from '../queue-depth.ts';
import { type S3Stub, startS3Stub } from './s3-stub.ts';

/** S3's event of one version. */
export interface Stored {
  readonly key: string;
  readonly version: ObjectVersion;
}

export interface Stage extends LocalAwsFacts {
  readonly s3: S3Stub;
  /** Where what the acceptors call is, for a meter. */
  readonly awsEndpoints: { readonly s3: string; readonly dynamodb: string; readonly sqs: string };
  startAcceptor(settings?: Readonly<Record<string, string>>): Promise<Metered>;
  /** Records so many uploads as ISSUED. @returns their keys */
  issue(count: number): Promise<string[]>;
  /** Puts events into the queue. */
  send(events: readonly Stored[]): Promise<void>;
  /** Stores a version under a key now, and sends its event. @returns milliseconds until it is recorded as ACCEPTED */
  leadTimeMs(key: string, sizeBytes: number): Promise<number>;
  /** How many uploads were accepted so far, by all acceptors. */
  accepted(): number;
  whenAccepted(count: number): Promise<void>;
  /** Resolves when no event is in the queue or in flight. */
  whenIdle(): Promise<void>;
  stop(): Promise<void>;
}

const BETWEEN_LOOKS_MS = 10;
/** A machine that is too slow ends a bench. */
const WAIT_LIMIT_MS = 60_000;
/** What waits for more than a second is not written. */
const ISSUED_AT_ONCE = 200;
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const FORM_LIFETIME_MS = 3_600_000;
const repository = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The acceptor's surroundings: local-aws for DynamoDB and SQS, a stub of S3, and the latencies of AWS before them. Events are sent straight
 * to the queue. The caller and what stands in for AWS are on the second core, acceptors on the first.
 */
export async function startStage(bytesPerSecond = Number.POSITIVE_INFINITY): Promise<Stage> {
  const PATH = process.env.PATH ?? '';
  const logFolder = await mkdtemp(join(tmpdir(), 'upload-once-bench-'));
  keepOnCore(process.pid, 1);
  const localAws = startProcess({
    name: 'local-aws',
    program: join(repository, 'local/aws/src/main.ts'),
    env: { PATH },
    logFile: join(logFolder, 'local-aws.log'),
  });
  const facts = await factsOf(localAws);
  const { region, credentials, bucket, endpoints, queues, tables } = facts;
  const s3 = await startS3Stub(bytesPerSecond);
  const awsEndpoints = { ...endpoints, s3: s3.endpoint };
  const sqs = new SQSClient({ region, credentials, endpoint: endpoints.sqs });
  const dynamoDb = new DynamoDBClient({ region, credentials, endpoint: endpoints.dynamodb, maxAttempts: 1 });
  const issued = createDynamoDbIssuedUploads({
    client: dynamoDb,
    tableName: tables.uploads,
    recordRetentionSeconds: 86_400,
    newToken: randomUUID,
  });
  const acceptors: Metered[] = [];
  const acceptedAtMs = new Map<string, number>();

  async function issueOne(): Promise<string> {
    const issuedAt = new Date();
    const key = makeUploadKey('bench', issuedAt, randomBytes(16));
    const expiresAt = new Date(issuedAt.getTime() + FORM_LIFETIME_MS);
    const constraints = { method: 'post', minBytes: 0, maxBytes: 5 * 1024 ** 3 } as const;
    await issued.record({
      key,
      apiKeyId: 'bench',
      issuedAt,
      expiresAt,
      constraints,
      metadata: {},
      traceparent: TRACEPARENT,
    });
    return key;
  }

  async function waitUntil(isSo: () => boolean | Promise<boolean>): Promise<void> {
    const giveUpAtMs = performance.now() + WAIT_LIMIT_MS;
    while (!(await isSo())) {
      if (performance.now() > giveUpAtMs) throw new Error('the machine is too slow for this bench');
      await delay(BETWEEN_LOOKS_MS);
    }
  }

  async function send(events: readonly Stored[]): Promise<void> {
    const messages = events.map(({ key, version }) => ({
      body: writeS3Event({ bucket, key, eventName: 'ObjectCreated:Post', ...version }, region),
    }));
    const failures = await sendMessages(sqs, queues.uploadEvents, messages);
    if (failures.size > 0) throw new Error(`${failures.size} events were not sent`);
  }

  return {
    ...facts,
    s3,
    awsEndpoints,
    send,

    async startAcceptor(settings = {}) {
      const name = `acceptor-${acceptors.length + 1}`;
      const acceptor = await startMetered({
        name,
        program: join(repository, 'services/acceptor/src/main.ts'),
        logFile: join(logFolder, `${name}.log`),
        endpoints: awsEndpoints,
        env: (meter) => ({
          PATH,
          ...serviceEnvOf(facts),
          ...meter.env,
          QUEUE_URL: meter.queueUrl(queues.uploadEvents),
          REPORT_QUEUE_URLS: meter.queueUrl(queues.uploadReports),
          POLL_WAIT_SECONDS: '1',
          ...settings,
        }),
      });
      acceptors.push(acceptor);
      acceptor.process.onLine((line) => {
        if (!line.includes('"msg":"upload accepted"')) return;
        const { key, time } = JSON.parse(line) as { readonly key: string; readonly time: string };
        acceptedAtMs.set(key.slice(key.indexOf('/') + 1), new Date(time).getTime());
      });
      return acceptor;
    },

    async issue(count) {
      const keys: string[] = [];
      while (keys.length < count) {
        const length = Math.min(ISSUED_AT_ONCE, count - keys.length);
        keys.push(...(await Promise.all(Array.from({ length }, issueOne))));
      }
      return keys;
    },

    async leadTimeMs(key, sizeBytes) {
      const version = s3.store(key, sizeBytes);
      await send([{ key, version }]);
      const name = key.slice(key.indexOf('/') + 1);
      await waitUntil(() => acceptedAtMs.has(name));
      return (acceptedAtMs.get(name) ?? 0) - version.storedAt.getTime();
    },

    accepted: () => acceptedAtMs.size,
    whenAccepted: (count) => waitUntil(() => acceptedAtMs.size >= count),
    whenIdle: () => waitUntil(async () => (await queueDepth(sqs, queues.uploadEvents)) === 0),

    async stop() {
      for (const acceptor of acceptors) await acceptor.stop();
      sqs.destroy();
      dynamoDb.destroy();
      s3.close();
      await localAws.stop();
      await rm(logFolder, { recursive: true });
    },
  };
}
