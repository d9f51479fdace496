import { fileURLToPath } from 'node:url';
import { PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { METRICS } from '@upload-once/runtime';
import {
  acceptedKeyOf,
  parseUploadEvent,
  type Upload,
  UploadEventType,
  UploadState,
  uploadIdOf,
} from '@upload-once/uploads';
import t, { type Test } from 'tap';
import { deadLetterAlarm, isSetOffBy } from '../../../test/support/code-alarm.ts';
import { type Asked, startEcsAgent } from '../../../test/support/ecs-agent.ts';
import { listenForHandlers } from '../../../test/support/handler-calls.ts';
import {
  type LocalCloud,
  METADATA,
  secretsIn,
  startLocalCloud,
  TRACE_ID,
} from '../../../test/support/local-cloud.ts';
import { visibleMessages } from '../../../test/support/queue-metrics.ts';
import { assertReadinessFollows } from '../../../test/support/readiness.ts';
import {
  NO_CREDENTIALS,
  type ServiceProcess,
  startServiceProcess,
} from '../../../test/support/service-process.ts';
import { accept } from './support/accept-upload.ts';

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const MAIN = pathOf('../src/main.ts');
const CALL_TEST = pathOf('fixtures/call-test.ts');

const isIn = (state: UploadState) => (upload: Upload) => upload.state === state;
const started: ServiceProcess[] = [];

/** A processor on the events of accepted objects of this cloud. */
function startProcessor(t: Test, cloud: LocalCloud, settings: Record<string, string> = {}): ServiceProcess {
  const env = { ...cloud.envFor(cloud.queues.acceptedEvents), ...settings };
  const processor = startServiceProcess(t, MAIN, env);
  started.push(processor);
  return processor;
}

/** A processor with a handler whose runs are in the test's hands. */
async function startCallingProcessor(t: Test, cloud: LocalCloud, settings: Record<string, string> = {}) {
  const calls = await listenForHandlers(t);
  const latched = { PROCESSOR_HANDLER: CALL_TEST, TEST_URL: calls.url, ...settings };
  return { processor: startProcessor(t, cloud, latched), calls, latched };
}

t.test('without a handler each upload is logged, and processed', async (t) => {
  const cloud = await startLocalCloud(t);
  const processor = startProcessor(t, cloud, { ENVIRONMENT: 'test' });
  const { key } = await accept(cloud, 'content');
  await cloud.upload(key, isIn(UploadState.processed));
  await cloud.depthIs(cloud.queues.acceptedEvents, 0);
  t.strictSame(await processor.stop(), { code: 0, stderr: '' });
  t.match(await processor.logged('upload processed'), {
    uploadId: uploadIdOf(key),
    versionId: String,
    attempt: 1,
    traceId: TRACE_ID,
    durationMs: Number,
    leadTimeMs: Number,
    outcome: 'processed',
  });
  t.equal(processor.total('UploadsProcessed'), 1);
  const written = new Set(
    processor.lines.flatMap((line) => Object.keys(line).filter((name) => name in METRICS)),
  );
  const ofEach = Object.entries(METRICS).filter(
    ([, { isOfEachUpload, writtenBy }]) =>
      isOfEachUpload && (writtenBy as readonly string[]).includes('processor'),
  );
  t.strictSame([...written].sort(), ofEach.map(([name]) => name).sort(), 'what docs/cost.md counts');
  t.ok(processor.total('LeadTime') >= 1000, 'it counts from the moment the upload was stored');
  t.match(
    processor.lines.find((line) => 'LeadTime' in line),
    { Environment: 'test', Service: 'processor' },
  );
  t.strictSame(processor.errors(), []);
  await cloud.depthIs(cloud.queues.webhooks, 0);
});

t.test('with webhooks their queue gets the event of each outcome', async (t) => {
  const cloud = await startLocalCloud(t, { maxReceiveCount: 1 });
  const { calls } = await startCallingProcessor(t, cloud, { WEBHOOK_QUEUE_URL: cloud.queues.webhooks });
  for (const [number, type] of Object.values(UploadEventType).entries()) {
    const { key, versionId } = await accept(cloud, 'content');
    const call = await calls.call(number + 1);
    await cloud.depthIs(cloud.queues.webhooks, 0);
    if (type === UploadEventType.processed) call.succeed();
    else call.fail('the disk is full');
    const event = parseUploadEvent(JSON.parse((await cloud.peek(cloud.queues.webhooks)).Body ?? ''));
    const { processedAt } = (await cloud.uploads.get(key)) ?? {};
    const attempt = type === UploadEventType.failed && { attempt: 1 };
    t.strictSame(event, {
      type,
      key,
      acceptedVersionId: versionId,
      at: processedAt ?? event?.at,
      ...attempt,
    });
    await cloud.sqs.send(new PurgeQueueCommand({ QueueUrl: cloud.queues.webhooks }));
  }
});

for (const handler of ['fixtures/call-test.mjs', 'fixtures/call-test.ts']) {
  t.test(`a handler in ${handler} gets stream, metadata and idempotency key`, async (t) => {
    const cloud = await startLocalCloud(t);
    const { processor, calls } = await startCallingProcessor(t, cloud, {
      PROCESSOR_HANDLER: pathOf(handler),
    });
    const { key, versionId } = await accept(cloud, 'content');
    const call = await calls.call(1);
    t.match(await cloud.uploads.get(key), { state: UploadState.processing, attempt: 1 });
    t.match(call.given, {
      idempotencyKey: uploadIdOf(key),
      attempt: 1,
      text: 'content',
      contentType: 'text/plain',
      metadata: { of: 'mine' },
      upload: {
        id: uploadIdOf(key),
        bucket: cloud.bucket,
        key: acceptedKeyOf(key),
        versionId,
        sizeBytes: 7,
        metadata: METADATA,
        issuedAt: /^20.+Z$/,
        storedAt: /^20.+Z$/,
      },
    });
    call.succeed();
    await cloud.upload(key, isIn(UploadState.processed));
    await cloud.depthIs(cloud.queues.acceptedEvents, 0);
    t.equal(calls.all.length, 1);
    t.match(await processor.logged('began'), {
      uploadId: uploadIdOf(key),
      attempt: 1,
      traceId: TRACE_ID,
      secretAccessKey: '[Redacted]',
      url: 'http://h/?X-Amz-Signature=[Redacted]',
    });
  });
}

t.test('wrong or missing configuration: every fault at once, exit 78, nothing started', async (t) => {
  const processor = startServiceProcess(t, MAIN, {
    AWS_REGION: 'eu-central-1',
    ...NO_CREDENTIALS,
    AWS_ACCESS_KEY_ID: 'an id without its secret',
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:65536',
    BUCKET: 'Uploads',
    CONCURRENCY: '0',
    PROCESSOR_HANDLER: './nope.mjs',
    HANDLER_LIMIT_SECONDS: '39601',
    WEBHOOK_QUEUE_URL: 'https://sqs/1/one,https://sqs/1/two',
  });
  const { code, stderr } = await processor.ended();
  t.equal(code, 78);
  const faults = stderr.trimEnd().split('\n');
  const [handlerFault] = faults.splice(7, 1);
  t.match(handlerFault, /^PROCESSOR_HANDLER: can't load "\.\/nope\.mjs": Cannot find module/);
  t.strictSame(faults, [
    'AWS_ACCESS_KEY_ID: expected credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile (AWS_PROFILE), or on AWS a task role; the AWS SDK says: Could not load credentials from any providers',
    'AWS_ENDPOINT_URL_S3: expected a URL that leads somewhere, got "http://127.0.0.1:65536"',
    'BUCKET: expected the name of an S3 bucket: 3 to 63 lower-case letters, digits, "." or "-", got "Uploads"',
    'UPLOADS_TABLE: expected the name of a DynamoDB table: 3 to 255 letters, digits, "_", "." or "-", but it is not set',
    'QUEUE_URL: expected the URL of an SQS queue, for example "https://sqs.eu-central-1.amazonaws.com/123456789012/name", but it is not set',
    'CONCURRENCY: expected a whole number from 1 to 256, got "0"',
    'REPORT_QUEUE_URLS: expected the URLs of one or more SQS queues, separated by commas, for example "https://sqs.eu-central-1.amazonaws.com/123456789012/name", but it is not set',
    'HANDLER_LIMIT_SECONDS: expected a whole number of seconds from 1 to 39600 (11 hours), got "39601"',
    'WEBHOOK_QUEUE_URL: expected the URL of an SQS queue, for example "https://sqs.eu-central-1.amazonaws.com/123456789012/name", got "https://sqs/1/one,https://sqs/1/two"',
  ]);
  t.strictSame(processor.lines, []);
});

t.test("a handler that can't be loaded: one line that says why, exit 78", async (t) => {
  const cloud = await startLocalCloud(t);
  for (const [handler, reason] of [
    [pathOf('fixtures/none.mjs'), /can't load ".+none\.mjs": Cannot find module/],
    ['no-such-package-here', /can't load "no-such-package-here": Cannot find package/],
    [
      pathOf('fixtures/throws.mjs'),
      /can't load ".+throws\.mjs": no connection to postgres:\/\/\[Redacted\]@db\n$/,
    ],
    [pathOf('fixtures/not-javascript.txt'), /can't load ".+not-javascript\.txt": Unknown file extension/],
    [
      pathOf('fixtures/no-handler.mjs'),
      /exports a function "handleUpload\(upload, context\)"; ".+" exports handle/,
    ],
  ] as const) {
    const processor = startProcessor(t, cloud, { PROCESSOR_HANDLER: handler });
    const { code, stderr } = await processor.ended();
    t.equal(code, 78, handler);
    t.match(stderr, /^PROCESSOR_HANDLER: [^\n]+\n$/);
    t.match(stderr, reason);
    t.strictSame(processor.lines, []);
  }
});

t.test('readiness follows the table, the bucket and the queue; the process stays alive', async (t) => {
  const cloud = await startLocalCloud(t);
  await assertReadinessFollows(t, cloud, startProcessor(t, cloud), cloud.queues.acceptedEvents);
});

t.test('a handler longer than the visibility timeout keeps its lease, and runs once', async (t) => {
  const cloud = await startLocalCloud(t);
  const { calls } = await startCallingProcessor(t, cloud, { VISIBILITY_SECONDS: '2' });
  const { key } = await accept(cloud, 'content');
  const call = await calls.call(1);
  let lease = (await cloud.upload(key, isIn(UploadState.processing))).leaseExpiresAt;
  t.ok(lease);
  // Three heartbeats, a second apart: by the last one the first visibility timeout is over.
  for (let beat = 0; beat < 3; beat += 1) {
    const last = lease?.getTime() ?? 0;
    const moved = await cloud.upload(key, ({ leaseExpiresAt }) => (leaseExpiresAt?.getTime() ?? 0) > last);
    lease = moved.leaseExpiresAt;
    t.equal(moved.attempt, 1);
  }
  call.succeed();
  t.match(await cloud.upload(key, isIn(UploadState.processed)), { attempt: 1 });
  await cloud.depthIs(cloud.queues.acceptedEvents, 0);
  t.equal(calls.all.length, 1);
});

t.test(
  'an event that comes twice waits while the handler runs, and is acknowledged without a second run',
  async (t) => {
    const cloud = await startLocalCloud(t);
    const { processor, calls } = await startCallingProcessor(t, cloud, { VISIBILITY_SECONDS: '2' });
    cloud.localAws.events.gate.setCopies(2);
    const { key } = await accept(cloud, 'content');
    const call = await calls.call(1);
    await processor.logged(/^message waits: another worker holds the lease of uploads\//);
    t.equal(calls.all.length, 1);
    await cloud.depthIs(cloud.queues.acceptedEvents, 2);
    call.succeed();
    await cloud.depthIs(cloud.queues.acceptedEvents, 0);
    await processor.stop();
    t.match(await cloud.uploads.get(key), { state: UploadState.processed, attempt: 1 });
    t.equal(calls.all.length, 1);
    t.equal(processor.total('UploadsProcessed'), 1);
    t.equal(processor.total('MessagesRetried'), 0, 'waiting is no failure');
    t.strictSame(processor.errors(), []);
  },
);

t.test('a handler that fails once is run again, with the same idempotency key', async (t) => {
  const cloud = await startLocalCloud(t);
  const { processor, calls } = await startCallingProcessor(t, cloud);
  const { key } = await accept(cloud, 'content');
  (await calls.call(1)).fail('the disk is full');
  const again = await calls.call(2);
  t.match(again.given, { idempotencyKey: uploadIdOf(key), attempt: 2, text: 'content' });
  again.succeed();
  t.match(await cloud.upload(key, isIn(UploadState.processed)), { attempt: 2 });
  await cloud.depthIs(cloud.queues.acceptedEvents, 0);
  await processor.stop();
  t.match(await processor.logged('message failed, and comes back'), {
    level: 'warn',
    receiveCount: 1,
    err: { message: 'the disk is full' },
  });
  t.equal(processor.total('MessagesRetried'), 1);
  t.strictSame(processor.errors(), []);
});

t.test(
  'alarm accepted-events-dead-letter: a handler that always fails; FAILED, the reason logged once',
  async (t) => {
    const alarm = deadLetterAlarm();
    const cloud = await startLocalCloud(t, { maxReceiveCount: 2 });
    const { processor, calls } = await startCallingProcessor(t, cloud);
    const { key } = await accept(cloud, 'content');
    (await calls.call(1)).fail('the disk is full');
    const second = await calls.call(2);
    t.notOk(isSetOffBy(alarm, await visibleMessages(cloud, cloud.queues.acceptedEventsDeadLetter)));
    second.fail('the disk is still full');
    await cloud.depthIs(cloud.queues.acceptedEventsDeadLetter, 1);
    t.ok(isSetOffBy(alarm, await visibleMessages(cloud, cloud.queues.acceptedEventsDeadLetter)));
    await cloud.depthIs(cloud.queues.acceptedEvents, 0);
    await processor.stop();
    t.match(await cloud.uploads.get(key), {
      state: UploadState.failed,
      attempt: 2,
      failureReason: 'Error: the disk is still full',
    });
    t.equal(await cloud.read(acceptedKeyOf(key)), 'content', 'what was accepted is still there');
    t.equal(calls.all.length, 2);
    t.equal(processor.errors().length, 1);
    t.match(processor.errors(), [
      {
        msg: 'message is left to the dead-letter queue',
        receiveCount: 2,
        uploadId: uploadIdOf(key),
        err: { message: 'the disk is still full' },
      },
    ]);
    t.equal(processor.total('ProcessingFailed'), 1);
    t.equal(processor.total('MessagesDeadLettered'), 1);
  },
);

t.test('P3: a handler that rejects with nothing has failed: FAILED, dead-letter queue', async (t) => {
  const cloud = await startLocalCloud(t, { maxReceiveCount: 1 });
  const PROCESSOR_HANDLER = pathOf('fixtures/rejects-with-nothing.mjs');
  const processor = startProcessor(t, cloud, { PROCESSOR_HANDLER });
  const { key } = await accept(cloud, 'content');
  await cloud.depthIs(cloud.queues.acceptedEventsDeadLetter, 1);
  await processor.stop();
  const message = 'the handler failed with undefined, which gives no reason';
  t.match(await cloud.uploads.get(key), { state: UploadState.failed, failureReason: `Error: ${message}` });
  t.match(processor.errors(), [{ msg: 'message is left to the dead-letter queue', err: { message } }]);
});

t.test('a message that can never be handled: dead-letter queue, its reason logged once', async (t) => {
  const cloud = await startLocalCloud(t, { maxReceiveCount: 3 });
  const processor = startProcessor(t, cloud);
  await cloud.send(cloud.queues.acceptedEvents, 'no JSON at all');
  await cloud.depthIs(cloud.queues.acceptedEventsDeadLetter, 1);
  await processor.stop();
  t.equal(processor.errors().length, 1);
  t.match(processor.errors(), [
    { body: 'no JSON at all', receiveCount: 3, err: { message: /the message is not JSON/ } },
  ]);
});

t.test('SIGTERM while the handler runs: it is awaited, exit 0, nothing runs twice', async (t) => {
  const cloud = await startLocalCloud(t);
  const { processor, calls } = await startCallingProcessor(t, cloud);
  const { key } = await accept(cloud, 'content');
  const call = await calls.call(1);
  processor.signal('SIGTERM');
  await processor.logged('processor stops');
  call.succeed();
  t.strictSame(await processor.ended(), { code: 0, stderr: '' });
  t.match(await cloud.uploads.get(key), { state: UploadState.processed, attempt: 1 });
  await cloud.depthIs(cloud.queues.acceptedEvents, 0);
});

t.test(
  'SIGTERM and a handler that takes longer: its signal is aborted, another processor takes over',
  async (t) => {
    const cloud = await startLocalCloud(t);
    const { processor, calls, latched } = await startCallingProcessor(t, cloud, {
      CONCURRENCY: '1',
      DRAIN_LIMIT_SECONDS: '1',
      VISIBILITY_SECONDS: '3600',
    });
    const { key } = await accept(cloud, 'content');
    const call = await calls.call(1);
    processor.signal('SIGTERM');
    await call.cutOff;
    t.strictSame(await processor.ended(), { code: 0, stderr: '' });
    await processor.logged('message given back, the service stops');
    t.strictSame(processor.errors(), []);

    startProcessor(t, cloud, latched);
    const again = await calls.call(2);
    t.match(again.given, { idempotencyKey: uploadIdOf(key), attempt: 2 });
    again.succeed();
    await cloud.upload(key, isIn(UploadState.processed));
    await cloud.depthIs(cloud.queues.acceptedEvents, 0);
  },
);

t.test('a second signal ends it at once; another processor takes over when the lease is over', async (t) => {
  const cloud = await startLocalCloud(t);
  const { processor, calls, latched } = await startCallingProcessor(t, cloud, { VISIBILITY_SECONDS: '2' });
  const { key } = await accept(cloud, 'content');
  await calls.call(1);
  processor.signal('SIGTERM');
  await processor.logged('processor stops');
  processor.signal('SIGTERM');
  t.strictSame(await processor.ended(), { code: 143, stderr: '' });

  startProcessor(t, cloud, latched);
  const again = await calls.call(2);
  again.succeed();
  t.match(await cloud.upload(key, isIn(UploadState.processed)), { attempt: 2 });
});

t.test('long work protects its task, which leaves new uploads to others until it has ended', async (t) => {
  const cloud = await startLocalCloud(t);
  const agent = await startEcsAgent(t);
  const isOn = ({ ProtectionEnabled }: Asked) => ProtectionEnabled;
  const settings = { CONCURRENCY: '2', PROTECT_AFTER_SECONDS: '1', ECS_AGENT_URI: agent.uri };
  // Nothing but these two, and both there when it begins to poll: no event takes a slot, none comes too late for one.
  await cloud.sqs.send(new PurgeQueueCommand({ QueueUrl: cloud.queues.acceptedEvents }));
  await accept(cloud, 'one');
  await accept(cloud, 'another');
  await cloud.depthIs(cloud.queues.acceptedEvents, 2);
  const { processor, calls } = await startCallingProcessor(t, cloud, settings);
  const [long, other] = await Promise.all([calls.call(1), calls.call(2)]);
  // Both slots are taken: no poll is in flight that could still bring something.
  await processor.logged(/the task is protected/);
  t.strictSame(agent.asked.entries, [{ ProtectionEnabled: true, ExpiresInMinutes: 60 }]);
  other.succeed();
  await cloud.depthIs(cloud.queues.acceptedEvents, 1);

  const { key } = await accept(cloud, 'new');
  const third = calls.call(3);
  const taker = await Promise.race([
    cloud.peek(cloud.queues.acceptedEvents).then(() => 'another consumer'),
    third.then(() => 'the protected task'),
  ]);
  t.equal(taker, 'another consumer', 'with a slot free');
  t.ok(agent.asked.entries.every(isOn));
  t.equal(calls.all.length, 2);

  long.succeed();
  await processor.logged(/no longer protected/);
  (await third).succeed();
  await cloud.upload(key, isIn(UploadState.processed));
  await cloud.depthIs(cloud.queues.acceptedEvents, 0);
  t.notOk(isOn(agent.asked.entries.at(-1) ?? { ProtectionEnabled: true }));
  t.strictSame(await processor.stop(), { code: 0, stderr: '' });
  t.strictSame(processor.errors(), []);
});

t.test('SIGTERM while it is protected: the work is awaited, exit 0, as ever', async (t) => {
  const cloud = await startLocalCloud(t);
  const agent = await startEcsAgent(t);
  const settings = { CONCURRENCY: '2', PROTECT_AFTER_SECONDS: '1', ECS_AGENT_URI: agent.uri };
  const { processor, calls } = await startCallingProcessor(t, cloud, settings);
  const { key } = await accept(cloud, 'content');
  const call = await calls.call(1);
  await processor.logged(/the task is protected/);
  processor.signal('SIGTERM');
  await processor.logged('processor stops');
  call.succeed();
  t.strictSame(await processor.ended(), { code: 0, stderr: '' });
  t.match(await cloud.uploads.get(key), { state: UploadState.processed, attempt: 1 });
  t.strictSame(agent.asked.entries, [{ ProtectionEnabled: true, ExpiresInMinutes: 60 }]);
  await cloud.depthIs(cloud.queues.acceptedEvents, 0);
});

t.test('protection where there is no ECS agent to ask: one line, exit 78', async (t) => {
  const cloud = await startLocalCloud(t);
  const processor = startProcessor(t, cloud, { PROTECT_AFTER_SECONDS: '100' });
  t.strictSame(await processor.ended(), {
    code: 78,
    stderr:
      'PROTECT_AFTER_SECONDS: expected to be set on Amazon ECS alone, which says where its agent is (ECS_AGENT_URI); that is not set, got "100"\n',
  });
  t.strictSame(processor.lines, []);
});

t.test('no line of all these processors holds a secret, a signature or a policy', async (t) => {
  t.ok(started.length > 10);
  for (const processor of started) t.strictSame(secretsIn(processor.output()), []);
});
