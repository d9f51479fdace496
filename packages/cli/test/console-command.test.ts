import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { writeS3Event } from '@upload-once/queue';
import { createDynamoDbLinkStore, ObservedKind } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import { eventually } from '../../../test/support/eventually.ts';
import { messages, type OperatorSetting, operate, quietCloud } from '../../../test/support/operator-stage.ts';
import type { Operations } from '../src/operations.ts';
import { runCommand } from './command-stage.ts';

// The command with a table, a bucket and queues of this machine, asked as its page asks it.

const cloud = await quietCloud(t);
// biome-ignore lint/suspicious/noExplicitAny: a test reads the field that it knows
type Any = any;

async function startCommand(
  t: Test,
  args: readonly string[] = [],
  env: Record<string, string> = {},
  more: OperatorSetting & { readonly cloud?: typeof cloud } = {},
) {
  const end = new AbortController();
  const opened = Promise.withResolvers<string>();
  const ended = operate(more.cloud ?? cloud, ['console', ...args], {
    ...more,
    env,
    interrupt: end.signal,
    onOutput: opened.resolve,
  });
  t.teardown(async () => {
    end.abort();
    await ended;
  });
  const text = await opened.promise;
  const [, origin = '', token = ''] = /(http:\/\/127\.0\.0\.1:\d+)\/(?:#token=([\w-]+))?/.exec(text) ?? [];
  return {
    text,
    origin,
    token,
    stop() {
      end.abort();
      return ended;
    },
    async ask(path: string, body?: object, given = token): Promise<{ status: number; json: Any }> {
      const response = await fetch(`${origin}${path}`, {
        headers: { authorization: `Bearer ${given}`, origin, 'content-type': 'application/json' },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      });
      return { status: response.status, json: await response.json() };
    },
  };
}

const idOf = (key: string) => key.replace('uploads/', '');

t.test('it prints an address with a token, is read-only, and ends with Ctrl-C', async (t) => {
  const { text, token, ask, stop, origin } = await startCommand(t);
  t.match(
    text,
    /^The console is ready\. .*\n {2}http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}\nIt changes nothing\. Ctrl-C ends it\.\n$/,
  );
  t.match((await ask('/api/state')).json, {
    isWritable: false,
    hasTrials: false,
    hasAudit: true,
    queues: ['uploads', 'accepted'],
    log: { name: undefined },
  });
  t.equal((await ask('/api/state', undefined, `${token}x`)).status, 401);
  t.equal((await ask('/api/audit/repair', { auditId: 1 })).status, 403);
  t.match(await (await fetch(origin)).text(), '<title>upload-once console</title>');
  const { code, stderr } = await stop();
  t.strictSame([code, stderr], [0, '']);
});

t.test('a token that it was given is not printed', async (t) => {
  const given = 'a-token-that-was-given-to-it';
  const { text, ask } = await startCommand(t, ['--write'], { UPLOAD_ONCE_CONSOLE_TOKEN: given });
  t.match(text, /^The console listens on http:\/\/127\.0\.0\.1:\d+\/\n$/);
  t.match((await ask('/api/state', undefined, given)).json, { isWritable: true });
});

t.test(
  'everything that is on record under a key, its link among it, and the table page by page',
  async (t) => {
    const { ask } = await startCommand(t);
    const key = await cloud.issue();
    const id = idOf(key);
    const version = { versionId: 'v1', eTag: 'e', sizeBytes: 7, storedAt: new Date() };
    await cloud.uploads.claim(key, version);
    await cloud.uploads.recordObservedVersion(key, ObservedKind.duplicate, { ...version, versionId: 'v2' });
    await cloud.uploads.recordObservedVersion(`accepted/${id}`, ObservedKind.orphan, {
      ...version,
      versionId: 'v3',
    });
    const links = createDynamoDbLinkStore({
      client: cloud.dynamoDb,
      tableName: cloud.tables.uploads,
      recordRetentionSeconds: 1_000,
      newToken: () => 'token',
    });
    const secretSha256 = 'c'.repeat(64);
    await links.record({
      key,
      apiKeyId: 'key-1',
      createdAt: new Date(),
      secretSha256,
      title: 'A file',
      expiresAt: new Date(),
    });
    const { json } = await ask(`/api/uploads/${encodeURIComponent(id)}`);
    t.match(json, {
      upload: { id, state: 'CLAIMED', claimedVersionId: 'v1', sizeBytes: 7, metadata: { customer: '42' } },
      observedVersions: [
        { kind: 'duplicate', versionId: 'v2', reported: false },
        { kind: 'orphan', versionId: 'v3' },
      ],
      link: { title: 'A file' },
      moments: [{ name: 'issue' }, { name: 'upload' }, { name: 'event' }],
    });
    t.notMatch(JSON.stringify(json), secretSha256);

    await cloud.uploads.recordObservedVersion('uploads/never-issued', ObservedKind.orphan, version);
    t.match((await ask('/api/uploads/never-issued')).json, {
      upload: undefined,
      observedVersions: [{ kind: 'orphan', versionId: 'v1' }],
    });
    t.equal((await ask('/api/uploads/nothing-there')).status, 404);

    const page = (await ask('/api/table', {})).json;
    t.ok(page.uploads.some((upload: Any) => upload.id === id));
    t.ok(page.observedVersions.some((each: Any) => each.uploadId === 'never-issued'));
    t.notMatch(JSON.stringify(page), secretSha256);
    const last = (await ask('/api/table', { cursor: page.next })).json;
    t.match(last, { uploads: [], next: undefined });
    t.match(await ask('/api/table', { cursor: page.next }), {
      status: 409,
      json: { message: /begin again/ },
    });
  },
);

t.test('a redrive moves what its preview showed, and nothing that came since', async (t) => {
  const { queues, bucket } = cloud;
  const { ask } = await startCommand(t, ['--write']);
  const key = await cloud.issue();
  const event = {
    bucket,
    key,
    versionId: 'v',
    eTag: 'e',
    sizeBytes: 1,
    storedAt: new Date(),
    eventName: 'ObjectCreated:Post',
  };
  await cloud.send(queues.uploadEventsDeadLetter, writeS3Event(event, cloud.localAws.region));
  await cloud.send(queues.uploadEventsDeadLetter, 'no event');
  t.match((await ask('/api/queues/uploads')).json, {
    name: 'upload-events',
    counts: { visible: 0 },
    deadLetterName: 'upload-events-dead-letter',
    deadLetters: { visible: 2 },
    maxReceiveCount: 5,
  });
  const { json: look } = await ask('/api/dead-letters/uploads', {});
  t.match(look, {
    visible: 2,
    hidden: 0,
    plan: 'moves 1; 1 unknown stays (--delete-unknown FILE removes it)',
  });
  t.match(
    look.rows.find((row: Any) => row.what === 'upload'),
    { uploadId: idOf(key), versionId: 'v', state: 'ISSUED', receiveCount: 1 },
  );
  for (const versionId of ['later-1', 'later-2', 'later-3'])
    await cloud.send(
      queues.uploadEventsDeadLetter,
      writeS3Event({ ...event, versionId }, cloud.localAws.region),
    );
  const { json: redriven } = await ask('/api/redrive/uploads', { previewId: look.previewId });
  t.match(redriven, { outcomes: { moved: 1, unknown: 1 }, isStopped: false });
  t.ok(redriven.remarks.some((remark: string) => /^unknown: message /.test(remark)));
  await cloud.depthIs(queues.uploadEvents, 1);
  await cloud.depthIs(queues.uploadEventsDeadLetter, 4);
  t.match(await ask('/api/dead-letters/uploads', {}), { json: { visible: 4 } });
});

t.test('an audit names what is stuck, and a repair sends its event again', async (t) => {
  const { ask } = await startCommand(t, ['--write']);
  const key = await cloud.issue();
  const versionId = await cloud.put(key, 'content');
  const ended = () =>
    eventually(
      async () => (await ask('/api/state')).json.audit,
      (audit: Any) => audit && !audit.isRunning,
    );
  const ofThis = ({ findings }: Any) => findings.find((finding: Any) => finding.uploadId === idOf(key));
  await ask('/api/audit/start', { olderThanMinutes: 15 });
  const young = await ended();
  t.ok(young.progress.tooYoung > 0);
  t.equal(ofThis(young), undefined);
  await ask('/api/audit/start', { olderThanMinutes: 0 });
  t.match(ofThis(await ended()), { kind: 'no-outcome', versionId, state: 'ISSUED', outcome: undefined });
  const later = await cloud.issue();
  await cloud.put(later, 'content');
  const { id: auditId } = await ended();
  t.match(await ask('/api/audit/repair', { auditId }), { status: 200 });
  const repaired = await ended();
  t.match(ofThis(repaired), { outcome: 'sent' });
  t.notOk(
    repaired.findings.some(({ uploadId }: Any) => uploadId === idOf(later)),
    'what the audit did not show is left alone',
  );
  await ask('/api/audit/start', { olderThanMinutes: 0 });
  const again = await ended();
  await ask('/api/audit/repair', { auditId: again.id });
  t.match(ofThis(await ended()), { outcome: 'sent-before', remark: /an earlier repair sent its event/ });
});

/** The results of a repair of all that an audit found. */
async function repairAll({ ask }: Awaited<ReturnType<typeof startCommand>>, during?: () => Promise<unknown>) {
  const ended = () =>
    eventually(
      async () => (await ask('/api/state')).json.audit,
      (audit: Any) => audit && !audit.isRunning,
    );
  await ask('/api/audit/start', { olderThanMinutes: 0 });
  const audit = await ended();
  await during?.();
  await ask('/api/audit/repair', { auditId: audit.id });
  return { audit, repair: await ended() };
}

t.test('a repair leaves failed uploads and orphans alone: that is for the command', async (t) => {
  const command = await startCommand(t, ['--write']);
  const failed = await cloud.issue();
  await cloud.uploads.claim(failed, { versionId: 'v1', eTag: 'e', sizeBytes: 6, storedAt: new Date() });
  const acceptedVersionId = await cloud.put(failed.replace('uploads/', 'accepted/'), 'failed');
  await cloud.uploads.accept(failed, { claimedVersionId: 'v1', acceptedVersionId });
  const lease = { acceptedVersionId, leaseOwner: 'w', leaseSeconds: 60 };
  await cloud.uploads.startProcessing(failed, lease);
  await cloud.uploads.fail(failed, 1, { failureReason: 'Error: the disk is full' });
  await cloud.put('uploads/of-no-one', 'orphan');
  const { audit, repair } = await repairAll(command);
  for (const uploadId of [idOf(failed), 'of-no-one']) {
    t.ok(
      audit.findings.some((finding: Any) => finding.uploadId === uploadId),
      uploadId,
    );
    const found = repair.findings.find((finding: Any) => finding.uploadId === uploadId);
    t.match(found, { outcome: 'left', remark: /--(retry-failed|record-orphans)/ }, uploadId);
  }
});

t.test('while dead letters are hidden, a repair sends nothing', async (t) => {
  const command = await startCommand(t, ['--write']);
  const key = await cloud.issue();
  await cloud.put(key, 'content');
  const QueueUrl = cloud.queues.acceptedEventsDeadLetter;
  await cloud.send(QueueUrl, 'any');
  let handle: string | undefined;
  t.teardown(() => cloud.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: handle })));
  const { repair } = await repairAll(command, async () => {
    const receive = new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 600, WaitTimeSeconds: 1 });
    handle = (await cloud.sqs.send(receive)).Messages?.[0]?.ReceiptHandle;
  });
  t.match(repair, { found: 0, remark: /^1 dead letter is hidden, .* Nothing was repaired/ });
});

t.test('stopped in the middle, a repair sends the batch that is under way, and no other', async (t) => {
  const own = await quietCloud(t);
  const atBatch: (() => Promise<unknown>)[] = [];
  const sqs = new SQSClient({
    region: own.localAws.region,
    endpoint: own.localAws.endpoints.sqs,
    credentials: own.sqs.config.credentials,
  });
  sqs.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === 'SendMessageBatchCommand') await atBatch[0]?.();
        return next(args);
      },
    { step: 'initialize', name: 'atBatch' },
  );
  const operations = (given: Operations) => ({ ...given, sqs });
  const command = await startCommand(t, ['--write'], {}, { cloud: own, operations });
  atBatch.push(() => command.ask('/api/audit/stop', {}));
  for (let at = 0; at < 25; at += 1) {
    const key = await own.issue();
    await own.uploads.claim(key, { versionId: 'gone', eTag: 'e', sizeBytes: 1, storedAt: new Date() });
  }
  const { audit, repair } = await repairAll(command);
  t.equal(audit.found, 25);
  t.match(repair, { isStopped: true, found: 10 });
  t.ok(repair.findings.every(({ outcome }: Any) => outcome === 'sent'));
  await own.depthIs(own.queues.uploadEvents, 10);
});

t.test('what is wrong with the command line is said, and nothing is started', async (t) => {
  const env = { UPLOAD_ONCE_URL: 'http://127.0.0.1', UPLOAD_ONCE_API_KEY: 'key' };
  for (const [args, more, message] of [
    [['--port', '70000'], {}, '--port takes a whole number from 0 to 65535, not "70000"'],
    [['--trials'], env, '--trials needs --write'],
    [['--trials', '--write'], {}, '--trials needs UPLOAD_ONCE_URL and UPLOAD_ONCE_API_KEY'],
    [['--traces-url', 'ftp://x'], {}, '--traces-url takes an http or https URL, not "ftp://x"'],
    [
      ['--uploads-queue', 'x'],
      {},
      '--uploads-queue (or UPLOAD_EVENTS_QUEUE_URL) takes the URL of an SQS queue',
    ],
    [[], { UPLOAD_ONCE_CONSOLE_TOKEN: 'short' }, 'UPLOAD_ONCE_CONSOLE_TOKEN takes 22 or more'],
    [['--json'], {}, "Unknown option '--json'"],
    [['--wite'], {}, "did you mean '--write'?"],
  ] as const) {
    const { code, stderr } = await runCommand(['console', ...args], { env: more });
    messages.record(['console'], { code, text: stderr });
    t.equal(code, 2, args.join(' '));
    t.ok(stderr.includes(message), stderr);
    t.match(stderr, /See upload-once console --help/);
  }
  const { code, stdout } = await runCommand(['console', '--help'], { env: {} });
  t.equal(code, 0);
  t.match(stdout, /^Usage: upload-once console/);
});

t.test('a port that is taken is named', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.teardown(() => other.close());
  const { port } = other.address() as AddressInfo;
  const { code, stderr } = await operate(cloud, ['console', '--port', String(port)]);
  t.equal(code, 1);
  t.equal(
    stderr,
    `upload-once console: not started: port ${port} of 127.0.0.1 is taken: give another one with --port, or none\n`,
  );
});

t.test('an address that can’t be printed is not served', async (t) => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  const { code, stderr } = await operate(cloud, ['console', '--port', String(port)], { outputWrites: 0 });
  t.equal(code, 5);
  t.match(stderr, 'standard output could not be written (ENOSPC)');
  await t.rejects(fetch(`http://127.0.0.1:${port}/`), { cause: { code: 'ECONNREFUSED' } });
});

t.test('log, metrics and traces are where the options say', async (t) => {
  const folder = t.testdir({ 'a.log': '' });
  const local = await startCommand(t, ['--log-folder', folder, '--traces-url', 'http://127.0.0.1:1/'], {
    UPLOAD_ONCE_NAME: 'mine',
  });
  t.match((await local.ask('/api/state')).json, {
    log: { name: folder, isFree: true },
    names: { metrics: undefined, traces: 'http://127.0.0.1:1' },
  });
  const aws = await startCommand(t, ['--name', 'mine']);
  t.match((await aws.ask('/api/state')).json, {
    log: { name: '/ecs/mine-…', isFree: false, isFollowing: false },
    names: { metrics: 'CloudWatch, UploadOnce, Environment mine', traces: 'AWS X-Ray' },
    metricSeconds: 60,
  });
});

t.test('it says what it is to say, and nothing else', async (t) => messages.assertKnown(t, 'console'));
