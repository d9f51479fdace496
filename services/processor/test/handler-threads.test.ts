// Processors as processes, with handlers that do what no handler should: what it costs the uploads beside them.
import { execFileSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { type Upload, UploadState, uploadIdOf, uploadKeyOfId } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import { type Command, type HandlerCall, listenForHandlers } from '../../../test/support/handler-calls.ts';
import { type LocalCloud, startLocalCloud } from '../../../test/support/local-cloud.ts';
import { startServiceProcess } from '../../../test/support/service-process.ts';
import { accept } from './support/accept-upload.ts';

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const MAIN = pathOf('../src/main.ts');

const isIn = (state: UploadState) => (upload: Upload) => upload.state === state;
const idOf = (call: HandlerCall) => (call.given as { id: string }).id;

function startProcessor(t: Test, cloud: LocalCloud, url: string, settings: Record<string, string>) {
  return startServiceProcess(t, MAIN, {
    ...cloud.envFor(cloud.queues.acceptedEvents),
    PROCESSOR_HANDLER: pathOf('fixtures/do-as-told.ts'),
    TEST_URL: url,
    ...settings,
  });
}

async function acceptMany(cloud: LocalCloud, count: number): Promise<string[]> {
  const accepted = await Promise.all(Array.from({ length: count }, () => accept(cloud, 'content')));
  return accepted.map(({ key }) => key);
}

async function receiveMessageWith(cloud: LocalCloud, text: string): Promise<Message> {
  const receive = new ReceiveMessageCommand({
    QueueUrl: cloud.queues.acceptedEvents,
    MaxNumberOfMessages: 10,
    MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    WaitTimeSeconds: 20,
  });
  for (;;) {
    const { Messages = [] } = await cloud.sqs.send(receive);
    const found = Messages.find(({ Body }) => Body?.includes(text));
    if (found) return found;
  }
}

/** Resolves when the lease of an upload, of two seconds, was renewed until two of them are over. */
async function leaseRenewed(cloud: LocalCloud, key: string): Promise<Upload> {
  const { leaseExpiresAt: before } = await cloud.upload(key, isIn(UploadState.processing));
  const twoLeasesOn = (before?.getTime() ?? Number.NaN) + 4_000;
  return cloud.upload(key, ({ leaseExpiresAt }) => (leaseExpiresAt?.getTime() ?? 0) > twoLeasesOn);
}

t.test('P3: of seven uploads only those fail whose handlers end their threads', async (t) => {
  const cloud = await startLocalCloud(t, { maxReceiveCount: 2 });
  const commands = new Map<string, Command>();
  const allBegan = Promise.withResolvers<void>();
  const calls = await listenForHandlers(t, async (call) => {
    if (calls.all.length === 7) allBegan.resolve();
    await allBegan.promise;
    const command = commands.get(idOf(call));
    if (command) return call.tell(command);
    // The others are still at work when the guilty end their threads; they end when they run again, or when all is over.
    if (calls.all.filter((other) => idOf(other) === idOf(call)).length === 1) await guiltyFailed.promise;
    call.succeed();
  });
  const guiltyFailed = Promise.withResolvers<void>();
  const keys = await acceptMany(cloud, 7);
  const guilty: readonly [Command, RegExp][] = [
    [
      'throw outside the promise',
      /^Error: the handler threw outside its promise: TypeError: nothing handles this$/,
    ],
    ['exit', /^Error: the handler ended its thread by process\.exit\(3\)$/],
    [
      'use up the memory',
      /^Error: the handler needed more heap than its thread may have: 64 MiB \(HANDLER_HEAP_MIB\)$/,
    ],
  ];
  for (const [index, [command]] of guilty.entries()) commands.set(uploadIdOf(keys[index] ?? ''), command);
  const processor = startProcessor(t, cloud, calls.url, { HANDLER_HEAP_MIB: '64' });

  for (const [index, [command, reason]] of guilty.entries()) {
    const upload = await cloud.upload(keys[index] ?? '', isIn(UploadState.failed));
    t.match(upload, { attempt: 2, failureReason: reason }, command);
  }
  guiltyFailed.resolve();
  for (const key of keys.slice(guilty.length)) {
    t.match(await cloud.upload(key, isIn(UploadState.processed)), { attempt: 1 });
  }
  await cloud.depthIs(cloud.queues.acceptedEvents, 0);
  await cloud.depthIs(cloud.queues.acceptedEventsDeadLetter, guilty.length);
  t.strictSame(await processor.stop(), { code: 0, stderr: '' });
  t.equal(processor.total('MessagesDeadLettered'), guilty.length);
  t.equal(processor.total('MessagesRetried'), guilty.length);
  t.equal(processor.errors().length, guilty.length);
  const err = processor.errors().map((line) => line['err'] as { message: string; stack: string });
  for (const message of [/outside its promise: TypeError: nothing handles this/, /exit\(3\)/, /more heap/])
    t.ok(
      err.find((error) => message.test(error.message)),
      `the log tells of ${message}`,
    );
  t.ok(
    err.some(({ stack }) => stack.includes('do-as-told.ts')),
    'and where it was thrown',
  );
  await processor.logged('the last words');
});

t.test(
  'P3, P8: a handler that fills the thread pool costs no upload its lease, and others begin',
  async (t) => {
    const cloud = await startLocalCloud(t);
    const calls = await listenForHandlers(t);
    const fifo = join(t.testdir(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const settings = { VISIBILITY_SECONDS: '2', TEST_FIFO: fifo };
    const processor = startProcessor(t, cloud, calls.url, settings);
    const { key: beside } = await accept(cloud, 'content');
    const waiting = await calls.call(1);
    const { key: filling } = await accept(cloud, 'content');
    (await calls.call(2)).tell('fill the thread pool');
    await processor.logged('the thread pool is full');
    for (const key of [beside, filling]) t.match(await leaseRenewed(cloud, key), { attempt: 1 });
    const { key: next } = await accept(cloud, 'content');
    (await calls.call(3)).succeed();
    await cloud.upload(next, isIn(UploadState.processed));
    t.notOk(
      processor.lines.some(({ msg }) => msg === 'the thread pool is free again'),
      'it is full still',
    );
    await (await open(fifo, 'w')).close();
    waiting.succeed();
    for (const key of [beside, filling])
      t.match(await cloud.upload(key, isIn(UploadState.processed)), { attempt: 1 });
    t.equal(calls.all.length, 3, 'each handler ran once');
  },
);

for (const command of ['log much', 'print much'] as const) {
  t.test(
    `P3, P8: where nothing reads, a handler that is told to ${command} costs no upload its lease`,
    async (t) => {
      const cloud = await startLocalCloud(t);
      const calls = await listenForHandlers(t);
      const processor = startProcessor(t, cloud, calls.url, {
        VISIBILITY_SECONDS: '2',
        HANDLER_THREADS: '2',
      });
      const keys = await acceptMany(cloud, 3);
      const [loud, ...others] = await Promise.all([1, 2, 3].map(calls.call));
      processor.standStill();
      loud?.tell(command);
      for (const call of others) {
        const renewed = await leaseRenewed(cloud, uploadKeyOfId(idOf(call)));
        t.match(renewed, { state: UploadState.processing, attempt: 1 });
        call.succeed();
      }
      for (const key of keys) t.match(await cloud.upload(key, isIn(UploadState.processed)), { attempt: 1 });
      await cloud.depthIs(cloud.queues.acceptedEventsDeadLetter, 0);
      processor.readOn();
      await processor.logged('output was dropped: nothing read it in time');
      t.equal((await processor.stop()).code, 0);
      t.equal(calls.all.length, 3, 'each handler ran once');
    },
  );
}

t.test(
  'P3: a handler that does not end is ended past its limit, before the next attempt begins',
  async (t) => {
    const cloud = await startLocalCloud(t, { maxReceiveCount: 2 });
    const commands = new Map<string, Command>();
    const calls = await listenForHandlers(t, (call) => call.tell(commands.get(idOf(call)) ?? 'exit'));
    for (const command of ['be deaf', 'block for ever', 'end with the signal, and go on'] as const)
      commands.set(uploadIdOf((await accept(cloud, 'content')).key), command);
    // A thread for each.
    const settings = {
      CONCURRENCY: '3',
      HANDLER_THREADS: '3',
      HANDLER_LIMIT_SECONDS: '1',
      HANDLER_GRACE_SECONDS: '1',
    };
    const processor = startProcessor(t, cloud, calls.url, settings);
    for (const [id, command] of commands) {
      t.match(
        await cloud.upload(uploadKeyOfId(id), isIn(UploadState.failed)),
        { attempt: 2, failureReason: /HANDLER_LIMIT_SECONDS/ },
        command,
      );
    }
    await processor.stop();
    for (const id of commands.keys()) {
      const attempts = processor.lines
        .filter((line) => line['uploadId'] === id && (line.msg === 'began' || line.msg === 'still at work'))
        .map((line) => Number(line['attempt']));
      t.strictSame(attempts, [...attempts].sort(), 'nothing of the first runs beside the second');
      t.equal(new Set(attempts).size, 2);
    }
    t.equal(processor.total('MessagesRetried'), 3);
  },
);

t.test('a thread that can’t be ended: the service ends, and what failed in it is on record', async (t) => {
  // No process ever opens its other end.
  const fifo = join(t.testdir(), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const hangIn = async (command: Command) => {
    const cloud = await startLocalCloud(t, { maxReceiveCount: 1 });
    const calls = await listenForHandlers(t);
    const { key } = await accept(cloud, 'content');
    const processor = startProcessor(t, cloud, calls.url, {
      CONCURRENCY: '1',
      VISIBILITY_SECONDS: '2',
      HANDLER_LIMIT_SECONDS: '1',
      HANDLER_GRACE_SECONDS: '1',
      TEST_FIFO: fifo,
    });
    (await calls.call(1)).tell(command);
    t.strictSame(await processor.ended(), { code: 1, stderr: '' }, command);
    t.match(
      processor.errors().filter(({ level }) => level === 'fatal'),
      [{ msg: /could not be ended .+: the service ends$/ }],
    );
    const { failureReason } = await cloud.upload(key, isIn(UploadState.failed));
    t.match(failureReason, /took longer than 1 seconds .+ its thread could not be ended/);
  };
  // Beside each other: each waits as long as a thread may take to end.
  await Promise.all([hangIn('wait for a child process'), hangIn('fill the thread pool')]);
});

t.test('P3: a thread that can’t be ended costs the uploads in other threads no receive', async (t) => {
  const cloud = await startLocalCloud(t);
  const guiltyBegan = Promise.withResolvers<void>();
  let inFlight: HandlerCall | undefined;
  // Each of the others ends when the next one begins: one is in flight at any time, and none comes near the limit.
  const calls = await listenForHandlers(t, (call) => {
    if (calls.all.length === 1) {
      call.tell('wait for a child process');
      return guiltyBegan.resolve();
    }
    inFlight?.succeed();
    inFlight = call;
    void accept(cloud, 'content');
  });
  await accept(cloud, 'content');
  const processor = startProcessor(t, cloud, calls.url, {
    CONCURRENCY: '8',
    HANDLER_THREADS: '2',
    VISIBILITY_SECONDS: '3600',
    // Longer than the service's stop takes: the last one in flight must be cut off by the stop, not by its limit.
    HANDLER_LIMIT_SECONDS: '5',
    HANDLER_GRACE_SECONDS: '1',
  });
  await guiltyBegan.promise;
  // One of these is put behind the guilty one. Its thread does not respond for it, so it is taken back: the guilty one was always alone.
  await acceptMany(cloud, 3);
  t.strictSame(await processor.ended(), { code: 1, stderr: '' });
  const id = inFlight ? idOf(inFlight) : t.fail('no other upload was handled beside the blocked thread');
  // An hour is left until SQS gives a message again that was not given back.
  const given = await receiveMessageWith(cloud, String(id));
  t.equal(given.Attributes?.ApproximateReceiveCount, '1');
  t.match(await cloud.uploads.get(uploadKeyOfId(String(id))), { attempt: 1, failureReason: undefined });
  t.equal(processor.total('MessagesRetried'), 1, 'the guilty one');
  t.match(
    processor.lines.filter(({ msg }) => msg === 'message failed, and comes back'),
    [{ err: { code: 'HandlerStuck' } }],
  );
  t.equal(processor.total('MessagesDeadLettered'), 0);
});

t.test('SIGTERM and a blocked thread: exit 0, and another processor begins at once', async (t) => {
  const cloud = await startLocalCloud(t);
  const calls = await listenForHandlers(t);
  const { key } = await accept(cloud, 'content');
  const settings = { CONCURRENCY: '1', VISIBILITY_SECONDS: '3600', DRAIN_LIMIT_SECONDS: '1' };
  const processor = startProcessor(t, cloud, calls.url, settings);
  (await calls.call(1)).tell('block for ever');
  t.strictSame(await processor.stop(), { code: 0, stderr: '' });
  t.strictSame(processor.errors(), []);

  startProcessor(t, cloud, calls.url, settings);
  (await calls.call(2)).succeed();
  t.match(await cloud.upload(key, isIn(UploadState.processed)), { attempt: 2 });
});
