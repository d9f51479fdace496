import { fileURLToPath } from 'node:url';
import { acceptedKeyOf, UploadState, uploadIdOf } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import { deadLetterAlarm, isSetOffBy, reportAlarm } from '../../../test/support/code-alarm.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { type LocalCloud, secretsIn, startLocalCloud, TRACE_ID } from '../../../test/support/local-cloud.ts';
import { sentMessages, visibleMessages } from '../../../test/support/queue-metrics.ts';
import { assertReadinessFollows, statusOf } from '../../../test/support/readiness.ts';
import {
  NO_CREDENTIALS,
  type ServiceProcess,
  startServiceProcess,
} from '../../../test/support/service-process.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const isAccepted = ({ state }: { state: UploadState }) => state === UploadState.accepted;

const started: ServiceProcess[] = [];

/** An acceptor on the upload events of this cloud. */
function startAcceptor(t: Test, cloud: LocalCloud, settings: Record<string, string> = {}): ServiceProcess {
  const acceptor = startServiceProcess(t, MAIN, { ...cloud.envFor(cloud.queues.uploadEvents), ...settings });
  started.push(acceptor);
  return acceptor;
}

t.test(
  'alarm upload-reports: an accepted upload is no cause, its duplicate is; log and metrics',
  async (t) => {
    const alarm = reportAlarm();
    t.match(alarm, { metric: 'NumberOfMessagesSent', statistic: 'Sum' });
    const cloud = await startLocalCloud(t);
    const acceptor = startAcceptor(t, cloud, { ENVIRONMENT: 'test' });
    const key = await cloud.issue();
    const first = await cloud.put(key, 'first');
    await acceptor.logged('upload accepted');
    t.notOk(isSetOffBy(alarm, await sentMessages(cloud, cloud.queues.uploadReports)));
    const second = await cloud.put(key, 'second');
    await acceptor.logged('a form was used again: kept apart');
    await cloud.depthIs(cloud.queues.uploadEvents, 0);
    t.ok(isSetOffBy(alarm, await sentMessages(cloud, cloud.queues.uploadReports)));

    const upload = await cloud.upload(key, isAccepted);
    t.equal(upload.claimed?.versionId, first);
    t.equal(await cloud.read(acceptedKeyOf(key)), 'first');
    t.strictSame(await acceptor.stop(), { code: 0, stderr: '' });
    t.strictSame(await cloud.versionsOf(key), [second], 'the duplicate stays, the accepted version is gone');
    t.match(await acceptor.logged('upload accepted'), {
      uploadId: uploadIdOf(key),
      versionId: upload.acceptedVersionId,
      sizeBytes: 5,
      traceId: TRACE_ID,
      outcome: 'accepted',
    });
    t.match(await acceptor.logged('a form was used again: kept apart'), {
      uploadId: uploadIdOf(key),
      versionId: second,
      sizeBytes: 6,
      outcome: 'duplicate',
    });
    t.equal(acceptor.total('UploadsAccepted'), 1);
    t.equal(acceptor.total('DuplicateUploads'), 1);
    t.match(
      acceptor.lines.find((line) => 'UploadsAccepted' in line),
      { Environment: 'test', Service: 'acceptor' },
    );
    t.strictSame(acceptor.errors(), []);
  },
);

t.test('nothing configured: every variable that is missing, exit 78', async (t) => {
  const { code, stderr } = await startServiceProcess(t, MAIN, NO_CREDENTIALS).ended();
  t.equal(code, 78);
  t.strictSame(stderr.trimEnd().split('\n'), [
    'AWS_REGION: expected the name of an AWS region, for example "eu-central-1", but it is not set',
    'AWS_ACCESS_KEY_ID: expected credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile (AWS_PROFILE), or on AWS a task role; the AWS SDK says: Could not load credentials from any providers',
    'BUCKET: expected the name of an S3 bucket: 3 to 63 lower-case letters, digits, "." or "-", but it is not set',
    'UPLOADS_TABLE: expected the name of a DynamoDB table: 3 to 255 letters, digits, "_", "." or "-", but it is not set',
    'QUEUE_URL: expected the URL of an SQS queue, for example "https://sqs.eu-central-1.amazonaws.com/123456789012/name", but it is not set',
    'REPORT_QUEUE_URLS: expected the URLs of one or more SQS queues, separated by commas, for example "https://sqs.eu-central-1.amazonaws.com/123456789012/name", but it is not set',
  ]);
});

t.test('wrong configuration: every fault at once, exit 78, nothing started', async (t) => {
  const acceptor = startServiceProcess(t, MAIN, {
    AWS_REGION: 'the moon',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL: 'localhost:4566',
    AWS_ENDPOINT_URL_S3: 'not a url',
    AWS_ENDPOINT_URL_SQS: 'http://',
    AWS_ENDPOINT_URL_DYNAMODB: 'http://:99999',
    S3_FORCE_PATH_STYLE: 'perhaps',
    BUCKET: 'Upper_Case',
    UPLOADS_TABLE: ' ',
    RECORD_RETENTION_DAYS: '0',
    QUEUE_URL: 'https://',
    CONCURRENCY: '257',
    VISIBILITY_SECONDS: '1.5',
    REPORT_QUEUE_URLS: 'https://sqs.eu-central-1.amazonaws.com/123456789012/a, and b',
    KEPT_DUPLICATES: '0',
    PORT: '65536',
    COPY_PARTS_IN_PARALLEL: 'many',
    UPLOADS_PROTECTED: 'perhaps',
    DRAIN_LIMIT_SECONDS: '120',
    LOG_LEVEL: 'loud',
  });
  const { code, stderr } = await acceptor.ended();
  t.equal(code, 78);
  const faults = stderr.trimEnd().split('\n');
  t.strictSame(
    faults.map((line) => line.split(':')[0]),
    [
      'AWS_REGION',
      'AWS_ENDPOINT_URL',
      'AWS_ENDPOINT_URL_S3',
      'AWS_ENDPOINT_URL_SQS',
      'AWS_ENDPOINT_URL_DYNAMODB',
      'S3_FORCE_PATH_STYLE',
      'BUCKET',
      'UPLOADS_TABLE',
      'RECORD_RETENTION_DAYS',
      'QUEUE_URL',
      'CONCURRENCY',
      'VISIBILITY_SECONDS',
      'REPORT_QUEUE_URLS',
      'KEPT_DUPLICATES',
      'PORT',
      'COPY_PARTS_IN_PARALLEL',
      'UPLOADS_PROTECTED',
      'LOG_LEVEL',
      'DRAIN_LIMIT_SECONDS',
    ],
  );
  for (const fault of faults) t.match(fault, /: expected .+, (got ".+"|but it is blank)$/);
  t.strictSame(acceptor.lines, []);
});

t.test('a queue that is not there, or that would give a failing message for ever: one line', async (t) => {
  const cloud = await startLocalCloud(t);
  const unknown = cloud.queues.uploadEvents.replace(/[^/]+$/, 'no-such-queue');
  for (const [queueUrl, expected] of [
    [unknown, `QUEUE_URL: expected a queue that exists, got "${unknown}"\n`],
    [
      cloud.queues.uploadEventsDeadLetter,
      `QUEUE_URL: the queue ${cloud.queues.uploadEventsDeadLetter} needs a RedrivePolicy with a deadLetterTargetArn and a maxReceiveCount of at least 1; it has none\n`,
    ],
  ] as const) {
    const acceptor = startAcceptor(t, cloud, { QUEUE_URL: queueUrl });
    const { code, stderr } = await acceptor.ended();
    t.equal(code, 78);
    t.equal(stderr, expected);
    t.strictSame(acceptor.lines, []);
  }
});

t.test('an SQS that does not respond at the start: one line that names the queue, exit 1', async (t) => {
  const cloud = await startLocalCloud(t);
  await cloud.stop();
  const acceptor = startAcceptor(t, cloud);
  const { code, stderr } = await acceptor.ended();
  t.equal(code, 1);
  t.equal(stderr, '');
  t.equal(acceptor.lines.length, 1);
  t.match(acceptor.lines[0], {
    level: 'fatal',
    msg: new RegExp(`^acceptor could not start: the queue ${cloud.queues.uploadEvents} can't be read: .+`),
  });
});

t.test('readiness follows the table, the bucket and the queue; the process stays alive', async (t) => {
  const cloud = await startLocalCloud(t);
  await assertReadinessFollows(t, cloud, startAcceptor(t, cloud), cloud.queues.uploadEvents);
});

t.test('after an outage of everything it goes on by itself', async (t) => {
  const directory = t.testdir();
  const before = await startLocalCloud(t, { local: { directory } });
  const acceptor = startAcceptor(t, before);
  const url = await acceptor.url();
  t.equal(await statusOf(`${url}/readyz`), 200);
  await before.stop();
  await acceptor.logged('the queue does not respond');
  t.equal(await statusOf(`${url}/readyz`), 503);

  const portOf = (endpoint: string) => Number(new URL(endpoint).port);
  const { s3, sqs, dynamodb, control } = before.localAws.endpoints;
  const ports = { s3: portOf(s3), sqs: portOf(sqs), dynamodb: portOf(dynamodb), control: portOf(control) };
  const after = await startLocalCloud(t, { local: { directory, ports } });
  await eventually(
    () => statusOf(`${url}/readyz`),
    (status) => status === 200,
  );
  const key = await after.issue();
  await after.put(key, 'after it');
  await after.upload(key, isAccepted);
  t.equal(await after.read(acceptedKeyOf(key)), 'after it');
});

t.test('SIGTERM while a copy is held back: no new message, the copy is finished, exit 0', async (t) => {
  const cloud = await startLocalCloud(t);
  const acceptor = startAcceptor(t, cloud, { CONCURRENCY: '1' });
  const url = await acceptor.url();
  cloud.localAws.calls.hold({ operation: 'CopyObject', count: 1 });
  const begun = await cloud.issue();
  await cloud.put(begun, 'begun');
  await cloud.localAws.calls.whenHeld(1);

  acceptor.signal('SIGTERM');
  await acceptor.logged('acceptor stops');
  t.equal(await statusOf(`${url}/readyz`), 503, 'it is not ready for new work');
  const later = await cloud.issue();
  await cloud.put(later, 'later');
  const receives = async () =>
    (await cloud.peek(cloud.queues.uploadEvents)).Attributes?.ApproximateReceiveCount;
  t.equal(await receives(), '1', 'its own');
  cloud.localAws.calls.release();

  t.strictSame(await acceptor.ended(), { code: 0, stderr: '' });
  t.equal(await cloud.read(acceptedKeyOf(begun)), 'begun');
  t.strictSame(await cloud.versionsOf(begun), [], 'it went on to the end');
  t.equal(await receives(), '2', 'the slot that the copy left was not filled again');
  await cloud.depthIs(cloud.queues.uploadEvents, 1);

  const next = startAcceptor(t, cloud);
  await next.logged('upload accepted');
  t.equal(await cloud.read(acceptedKeyOf(later)), 'later', 'nothing is lost');
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
});

t.test('SIGTERM and a copy that takes longer than the limit: given back at once, exit 0', async (t) => {
  const cloud = await startLocalCloud(t);
  const acceptor = startAcceptor(t, cloud, {
    CONCURRENCY: '1',
    DRAIN_LIMIT_SECONDS: '1',
    VISIBILITY_SECONDS: '3600',
  });
  await acceptor.logged('acceptor started');
  cloud.localAws.calls.hold({ operation: 'CopyObject', count: 1 });
  const key = await cloud.issue();
  await cloud.put(key, 'content');
  await cloud.localAws.calls.whenHeld(1);
  acceptor.signal('SIGTERM');
  t.strictSame(await acceptor.ended(), { code: 0, stderr: '' });
  await acceptor.logged('message given back, the service stops');
  t.strictSame(acceptor.errors(), []);

  startAcceptor(t, cloud);
  await cloud.upload(key, isAccepted);
  t.equal(await cloud.read(acceptedKeyOf(key)), 'content', 'long before its visibility timeout is over');
  t.equal(cloud.localAws.calls.held().length, 1, 'the copy that was begun first is still held back');
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
});

t.test('a second signal ends it at once; the message comes back by itself', async (t) => {
  const cloud = await startLocalCloud(t);
  const acceptor = startAcceptor(t, cloud, { VISIBILITY_SECONDS: '2' });
  await acceptor.logged('acceptor started');
  cloud.localAws.calls.hold({ operation: 'CopyObject', count: 1 });
  const key = await cloud.issue();
  await cloud.put(key, 'content');
  await cloud.localAws.calls.whenHeld(1);
  acceptor.signal('SIGTERM');
  await acceptor.logged('acceptor stops');
  acceptor.signal('SIGTERM');
  t.strictSame(await acceptor.ended(), { code: 143, stderr: '' });

  startAcceptor(t, cloud);
  await cloud.upload(key, isAccepted);
  t.equal(await cloud.read(acceptedKeyOf(key)), 'content');
});

t.test(
  'alarm upload-events-dead-letter: a message that can never be handled; its reason logged once',
  async (t) => {
    const alarm = deadLetterAlarm();
    t.match(alarm, { metric: 'ApproximateNumberOfMessagesVisible', statistic: 'Maximum' });
    const cloud = await startLocalCloud(t, { maxReceiveCount: 4 });
    const acceptor = startAcceptor(t, cloud);
    const event = {
      eventVersion: '2.1',
      eventName: 'ObjectCreated:Post',
      eventTime: '2026-01-01T00:00:00.000Z',
      s3: {
        bucket: { name: 'of-another-team' },
        object: { key: 'uploads/a', size: 1, eTag: 'e', versionId: 'v', sequencer: '0' },
      },
    };
    const elsewhere = {
      ...event,
      s3: { ...event.s3, bucket: { name: cloud.bucket }, object: { ...event.s3.object, key: 'other/a' } },
    };
    const messages = [
      ['no JSON at all', /the message is not JSON/],
      [JSON.stringify({ Records: [event] }), /not for uploads\/a in of-another-team/],
      [JSON.stringify({ Records: [elsewhere] }), /not for other\/a in uploads-test/],
    ] as const;
    t.notOk(isSetOffBy(alarm, await visibleMessages(cloud, cloud.queues.uploadEventsDeadLetter)));
    for (const [body] of messages) await cloud.send(cloud.queues.uploadEvents, body);
    const key = await cloud.issue();
    await cloud.put(key, 'behind them');
    await cloud.depthIs(cloud.queues.uploadEventsDeadLetter, messages.length);
    t.ok(isSetOffBy(alarm, await visibleMessages(cloud, cloud.queues.uploadEventsDeadLetter)));
    await cloud.upload(key, isAccepted);
    await cloud.depthIs(cloud.queues.uploadEvents, 0);
    await acceptor.stop();

    for (const [body, reason] of messages) {
      const said = acceptor.lines.filter((line) => line['body'] === body);
      t.match(said, [{ level: 'error', receiveCount: 4, err: { code: 'Unprocessable', message: reason } }]);
      t.equal(said.length, 1);
    }
    t.equal(acceptor.errors().length, messages.length);
    t.equal(acceptor.total('MessagesDeadLettered'), messages.length);
    t.equal(acceptor.total('MessagesRetried'), 0);
  },
);

t.test('the response of S3 to a wrong signature is logged without signature and secret', async (t) => {
  const cloud = await startLocalCloud(t);
  const acceptor = startAcceptor(t, cloud, {
    AWS_SECRET_ACCESS_KEY: 'not-the-secret-that-was-given',
    LOG_LEVEL: 'trace',
  });
  const key = await cloud.issue();
  await cloud.put(key, 'content');
  const { err } = await acceptor.logged('message failed, and comes back');
  t.match(err, {
    Code: 'SignatureDoesNotMatch',
    SignatureProvided: '[Redacted]',
    StringToSign: '[Redacted]',
  });
  t.equal(await statusOf(`${await acceptor.url()}/readyz`), 503);
  await acceptor.stop();
  t.notMatch(acceptor.output(), /not-the-secret/);
});

t.test('no line of all these acceptors holds a secret, a signature or a policy', async (t) => {
  t.ok(started.length > 10);
  for (const acceptor of started) t.strictSame(secretsIn(acceptor.output()), []);
});
