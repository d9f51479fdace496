import { fileURLToPath } from 'node:url';
import { UploadEventType, uploadIdOf, writeReport, writeUploadEvent } from '@upload-once/uploads';
import { Webhook } from 'standardwebhooks';
import t, { type Test } from 'tap';
import { deadLetterAlarm, isSetOffBy } from '../../../test/support/code-alarm.ts';
import { type LocalCloud, secretsIn, startLocalCloud } from '../../../test/support/local-cloud.ts';
import { visibleMessages } from '../../../test/support/queue-metrics.ts';
import { assertReadinessFollows, statusOf } from '../../../test/support/readiness.ts';
import {
  NO_CREDENTIALS,
  type ServiceProcess,
  startServiceProcess,
} from '../../../test/support/service-process.ts';
import { startWebhookReceiver } from '../../../test/support/webhook-receiver.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const WHSEC = `whsec_${Buffer.alloc(32, 'a secret of a test').toString('base64')}`;

const started: ServiceProcess[] = [];

/** A sender on the queue of webhooks of this cloud, with one endpoint. */
function startSender(t: Test, cloud: LocalCloud, origin: string, settings: Record<string, string> = {}) {
  const sender = startServiceProcess(t, MAIN, {
    ...cloud.envFor(cloud.queues.webhooks),
    WEBHOOKS: JSON.stringify({ default: { url: `${origin}/hooks?token=hidden`, secrets: [WHSEC] } }),
    WEBHOOK_ALLOWED_ORIGINS: origin,
    ...settings,
  });
  started.push(sender);
  return sender;
}

/** An upload whose processing is recorded, and the message of its event. */
async function processed(cloud: LocalCloud) {
  const { uploads } = cloud;
  const key = await cloud.issue();
  const version = { versionId: 'v1', eTag: '"e"', sizeBytes: 7, storedAt: new Date() };
  await uploads.claim(key, version);
  const acceptedVersionId = await cloud.put(key.replace('uploads/', 'accepted/'), 'the file');
  await uploads.accept(key, { claimedVersionId: 'v1', acceptedVersionId });
  await uploads.startProcessing(key, { acceptedVersionId, leaseOwner: key, leaseSeconds: 60 });
  await uploads.finish(key, 1);
  const event = writeUploadEvent({ type: UploadEventType.processed, key, acceptedVersionId, at: new Date() });
  return { key, event, version };
}

t.test('events of both kinds are delivered, signed; log and metrics say so', async (t) => {
  const cloud = await startLocalCloud(t);
  const receiver = await startWebhookReceiver(t);
  const sender = startSender(t, cloud, receiver.origin, {
    WEBHOOK_DOWNLOAD_SECONDS: '60',
    LOG_LEVEL: 'trace',
  });
  const { key, event, version } = await processed(cloud);
  const duplicate = { ...version, key, kind: 'duplicate' as const, recordedAt: new Date(), reported: false };
  await cloud.send(cloud.queues.webhooks, event);
  await cloud.send(
    cloud.queues.webhooks,
    writeReport({ observedVersion: { ...duplicate, versionId: 'v2' } }),
  );
  await sender.logged('webhook delivered', 2);
  await cloud.depthIs(cloud.queues.webhooks, 0);
  const bodies = receiver.received.entries.map(({ headers, body }) =>
    new Webhook(WHSEC).verify(body, headers),
  );
  const byType = Object.fromEntries((bodies as { type: string }[]).map((body) => [body.type, body]));
  t.match(byType, {
    'upload.processed': { data: { state: 'PROCESSED', metadata: { customer: '42' } } },
    'upload.duplicate': { data: { state: 'PROCESSED', duplicate: { versionId: 'v2' } } },
  });
  const { downloadUrl } = (byType['upload.processed'] as unknown as { data: { downloadUrl: string } }).data;
  t.equal(await (await fetch(downloadUrl)).text(), 'the file');
  const { searchParams } = new URL(downloadUrl);
  t.ok(searchParams.get('versionId'), 'of the accepted version alone');
  t.notMatch([...searchParams.keys()].join(), 'checksum', 'which would be that of an empty body');
  t.match(receiver.received.entries[0]?.headers, { 'user-agent': /^upload-once\/\d+\.\d+\.\d+$/ });
  t.strictSame(await sender.stop(), { code: 0, stderr: '' });
  t.equal(sender.total('WebhooksDelivered'), 2);
  t.match(await sender.logged('webhook delivered'), {
    level: 'info',
    uploadId: uploadIdOf(key),
    attempt: 1,
    status: 204,
  });
});

t.test('an attempt that failed waits in the queue as a delayed message, and comes again', async (t) => {
  const cloud = await startLocalCloud(t);
  const receiver = await startWebhookReceiver(t);
  let count = 0;
  receiver.respond((response) => response.writeHead(++count === 1 ? 500 : 204).end());
  const sender = startSender(t, cloud, receiver.origin);
  await cloud.send(cloud.queues.webhooks, (await processed(cloud)).event);
  t.match(await sender.logged('a webhook was not delivered'), { level: 'warn', attempt: 1 });
  // Neither visible nor in flight, for some five seconds.
  await cloud.depthIs(cloud.queues.webhooks, 0);
  t.match(await sender.logged('webhook delivered'), { attempt: 2 });
  await cloud.depthIs(cloud.queues.webhooks, 0);
  await cloud.depthIs(cloud.queues.webhooksDeadLetter, 0);
  const ids = receiver.received.entries.map(({ headers }) => headers['webhook-id']);
  t.equal(ids.length, 2);
  t.equal(ids[0], ids[1]);
  t.equal(sender.total('MessagesRetried'), 0);
});

t.test(
  'alarm webhooks-dead-letter: the events of an endpoint that is gone, and what is no event, at once',
  async (t) => {
    const alarm = deadLetterAlarm();
    const cloud = await startLocalCloud(t);
    const receiver = await startWebhookReceiver(t);
    receiver.respond((response) => response.writeHead(410).end());
    const sender = startSender(t, cloud, receiver.origin);
    t.notOk(isSetOffBy(alarm, await visibleMessages(cloud, cloud.queues.webhooksDeadLetter)));
    for (const body of [(await processed(cloud)).event, (await processed(cloud)).event, 'no event'])
      await cloud.send(cloud.queues.webhooks, body);
    await cloud.depthIs(cloud.queues.webhooksDeadLetter, 3);
    t.ok(isSetOffBy(alarm, await visibleMessages(cloud, cloud.queues.webhooksDeadLetter)));
    await sender.stop();
    t.equal(sender.total('WebhookEndpointsGone'), 1);
    t.equal(sender.total('MessagesDeadLettered'), 3);
  },
);

t.test('an address that is not public is not connected to', async (t) => {
  const cloud = await startLocalCloud(t);
  const receiver = await startWebhookReceiver(t);
  const url = `https://localhost:${new URL(receiver.origin).port}/`;
  const sender = startSender(t, cloud, receiver.origin, {
    WEBHOOKS: JSON.stringify({ default: { url, secrets: [WHSEC] } }),
  });
  await cloud.send(cloud.queues.webhooks, (await processed(cloud)).event);
  t.match(await sender.logged('a webhook was not delivered'), {
    reason: /^localhost leads to (127\.0\.0\.1|::1), which is no public address$/,
  });
  t.strictSame(receiver.received.entries, []);
});

t.test('SIGTERM during an attempt: it is made to its end, exit 0', async (t) => {
  const cloud = await startLocalCloud(t);
  const receiver = await startWebhookReceiver(t);
  let respond = () => undefined as unknown;
  receiver.respond((response) => {
    respond = () => response.writeHead(204).end();
  });
  const sender = startSender(t, cloud, receiver.origin);
  const url = await sender.url();
  await cloud.send(cloud.queues.webhooks, (await processed(cloud)).event);
  await receiver.received.until(({ length }) => length === 1);
  sender.signal('SIGTERM');
  await sender.logged('webhook-sender stops');
  t.equal(await statusOf(`${url}/readyz`), 503);
  respond();
  t.strictSame(await sender.ended(), { code: 0, stderr: '' });
  await cloud.depthIs(cloud.queues.webhooks, 0);
  t.equal(sender.total('WebhooksDelivered'), 1);
});

t.test('readiness follows the table and the queue', async (t) => {
  const cloud = await startLocalCloud(t);
  const sender = startSender(t, cloud, 'http://127.0.0.1:1');
  await assertReadinessFollows(t, cloud, sender, cloud.queues.webhooks, ['bucket']);
});

t.test('wrong configuration: every mistake, no secret, exit 78', async (t) => {
  const { code, stderr } = await startServiceProcess(t, MAIN, NO_CREDENTIALS).ended();
  t.equal(code, 78);
  t.match(stderr, /^QUEUE_URL: /m);
  const cloud = await startLocalCloud(t);
  const wrong = { url: 'https://10.0.0.1/', secrets: ['whsec_hidden'] };
  for (const [settings, expected] of [
    [{ WEBHOOKS: '' }, /^WEBHOOKS: expected one of WEBHOOKS and WEBHOOKS_FILE, but neither is set\n$/],
    [
      { WEBHOOK_ALLOWED_ORIGINS: 'http://a/b' },
      /^WEBHOOK_ALLOWED_ORIGINS: expected origins .+ got "http:\/\/a\/b"\n$/,
    ],
    [
      { WEBHOOK_DOWNLOAD_SECONDS: '43201' },
      /^WEBHOOK_DOWNLOAD_SECONDS: .+ from 0 to 43200 \(12 hours\), got "43201"\n$/,
    ],
    [{ S3_PUBLIC_ENDPOINT: 'http://x:99999' }, /^S3_PUBLIC_ENDPOINT: expected a URL that leads somewhere/],
    [
      { WEBHOOKS: JSON.stringify({ default: wrong }) },
      /^WEBHOOKS: default\.url: .+\nWEBHOOKS: default\.secrets\[0\]: .+\n$/,
    ],
  ] as const) {
    const sender = startSender(t, cloud, 'http://127.0.0.1:1', settings);
    const ended = await sender.ended();
    t.equal(ended.code, 78);
    t.match(ended.stderr, expected);
    t.notMatch(ended.stderr, /hidden/);
    t.strictSame(sender.lines, []);
  }
});

t.test('no secret, no signature and nothing of a path was written', async (t) => {
  t.ok(started.length > 0);
  for (const { output } of started) {
    t.strictSame(secretsIn(output()), []);
    t.notMatch(output(), /hidden|whsec_[^…"\s[]|v1,|X-Amz/);
  }
});
