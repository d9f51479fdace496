// The command in this process, on queues, a table and a bucket of this machine; no service runs.
import { PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3';
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { parseS3Event, writeS3Event } from '@upload-once/queue';
import { acceptedKeyOf } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import {
  deleteAtOf,
  messages,
  operate,
  quietCloud,
  RECORD_RETENTION_SECONDS,
  spoiled,
  withAnotherPair,
  withLateCounts,
  withoutEventRules,
  withoutKeeping,
} from '../../../test/support/operator-stage.ts';
import { AUDIT_HELP } from '../src/commands/audit-options.ts';
import type { Operations } from '../src/operations.ts';

const inAnHour = () => new Date(Date.now() + 3_600_000);
/** When everything is old enough to be judged. */
const LATER = { now: inAnHour, s3Now: inAnHour };

/** A cloud on which S3 tells of nothing, with a lost upload and a failed one. */
async function lostAndFailed(t: Test) {
  const cloud = await quietCloud(t);
  const lost = await cloud.issue();
  const versionId = await cloud.put(lost, 'lost');
  const failed = await cloud.issue();
  await cloud.uploads.claim(failed, { versionId: 'v1', eTag: 'e', sizeBytes: 6, storedAt: new Date() });
  const acceptedVersionId = await cloud.put(acceptedKeyOf(failed), 'failed');
  await cloud.uploads.accept(failed, { claimedVersionId: 'v1', acceptedVersionId });
  await cloud.uploads.startProcessing(failed, {
    acceptedVersionId,
    leaseOwner: 'w',
    leaseSeconds: 60,
  });
  await cloud.uploads.fail(failed, 1, { failureReason: 'Error: the disk is full' });
  return { cloud, lost, versionId, failed, acceptedVersionId };
}

t.test('it names what came to no end, with exit code 4', async (t) => {
  const { cloud, lost, versionId, failed } = await lostAndFailed(t);
  const { code, stdout, stderr } = await operate(cloud, ['audit'], LATER);
  t.equal(code, 4);
  t.equal(
    stdout,
    `finding       state       age     key, version
no-outcome    ISSUED      60 min  ${lost} ${versionId}
    it was uploaded, and nothing was claimed
failed        FAILED      59 min  ${failed} v1
    Error: the disk is full
`.replace('60 min  ', '1 h     '),
  );
  t.equal(
    stderr,
    '2 found; looked at 1 versions under uploads/, 1 under accepted/, 2 items of the table\n' +
      'What to do now:\n1. See what is in the dead-letter queues. If this asks, answer n:\n     upload-once redrive\n' +
      "2. Correct the cause of what failed: the services' logs tell it. Then run the command of step 1 again, and answer y. It moves the messages back.\n" +
      '3. Send the events that are lost. This leaves alone what is in a dead-letter queue:\n     upload-once audit --repair\n' +
      '4. Wait 15 minutes. Then see that nothing is left:\n     upload-once audit\n',
  );
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
  const env = { UPLOAD_EVENTS_QUEUE_URL: '', ACCEPTED_EVENTS_QUEUE_URL: '' };
  const option = ['--accepted-queue', cloud.queues.acceptedEvents];
  const without = await operate(cloud, ['audit', ...option], { ...LATER, env });
  const both = `${option.join(' ')} --uploads-queue URL`;
  t.match(without.stderr, `     upload-once redrive ${both}\n`, 'what a repair needs beside is named');
  t.match(without.stderr, `     upload-once audit ${option.join(' ')} --repair --uploads-queue URL\n`);
});

t.test('nothing to be named: exit code 0', async (t) => {
  const cloud = await quietCloud(t);
  t.match(await operate(cloud, ['audit']), {
    code: 0,
    stdout: '',
    stderr: 'nothing found; looked at 0 versions under uploads/, 0 under accepted/, 0 items of the table\n',
  });
});

t.test('what is too young to be judged: exit code 6, how many, and when to run it again', async (t) => {
  const cloud = await quietCloud(t);
  for (let at = 0; at < 20; at += 1) await cloud.put(await cloud.issue(), 'lost');
  for (const repair of [[], ['--repair']]) {
    const { code, stdout, stderr } = await operate(cloud, ['audit', ...repair]);
    t.equal(code, 6);
    t.equal(stdout, '');
    const time = /(2\d{3}-\d\d-\d\dT[\d:]{8}Z)/.source;
    const runAgain = `run this again at ${time} or later:\n {2}upload-once audit${repair.length > 0 ? ' --repair' : ''}\n`;
    const next =
      (repair.length > 0 ? 'No event was sent for them\\. ' : '') +
      'They may be in progress, or lost\\.\nIf a queue was purged or deleted, do not wait\\. Send their events now:\n {2}upload-once audit --repair --older-than 0\n' +
      `If a repair also ran in the 14 days before the purge, or if you do not know, run this instead\\. An event that is sent twice does no harm:\n {2}upload-once audit --repair --again --older-than 0\nIf no queue was purged or deleted, ${runAgain}`;
    const said = new RegExp(
      `^20 are too young to be judged: younger than 15 minutes \\(since ${time}(?: to ${time})?\\)\\. ${next}Nothing else was found; looked at 20 versions .*\\n$`,
    ).exec(stderr);
    const [, oldest = '', youngest = oldest, again = ''] = said ?? [];
    const minutes = (Date.parse(again) - Date.parse(youngest)) / 60_000;
    t.ok(minutes >= 15 && minutes <= 15.02, stderr);
    const then = await operate(cloud, ['audit'], { s3Now: () => new Date(again) });
    t.match(then, { code: 4, lines: { length: 41 } });
  }
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
});

t.test('what is named outweighs what is too young, and both are reported', async (t) => {
  const { cloud } = await lostAndFailed(t);
  const { code, stderr } = await operate(cloud, ['audit']);
  t.equal(code, 4);
  t.match(
    stderr,
    /^1 found; .*\nWhat to do now:\n(?:.*\n){7}1 is too young to be judged: younger than 15 minutes \(since .*\)\. It may be in progress, or lost\.\nIf a queue was purged .* Send its event now:\n/,
  );
});

t.test('ages are counted by S3’s clock, whatever this machine’s says', async (t) => {
  const { cloud } = await lostAndFailed(t);
  const hours = (count: number) => () => new Date(Date.now() + count * 3_600_000);
  const behind = await operate(cloud, ['audit'], { now: hours(-2), s3Now: hours(1) });
  t.match(behind, { code: 4, stdout: /^no-outcome .* 1 h /m, stderr: /^2 found/m });
  t.match(
    behind.stderr,
    /^This machine's clock is 108\d\d s behind S3's\. This run uses S3's clock: its ages, and the times to run this again, are right\. Correct this machine's clock after the audit and its repair\.$/m,
  );
  const ahead = await operate(cloud, ['audit'], { now: hours(2) });
  t.match(ahead, { code: 4, stderr: /^1 found;.*\nWhat to do now:\n(?:.*\n){7}1 is too young/m });
  t.match(ahead.stderr, /^This machine's clock is \d+ s ahead of S3's\./m);
});

t.test('--older-than: what is younger is not named', async (t) => {
  const { cloud, lost } = await lostAndFailed(t);
  const kinds = async (...args: string[]) =>
    (await operate(cloud, ['audit', '--json', ...args], LATER)).json().map(({ kind }) => kind);
  t.strictSame(await kinds('--older-than', '120'), ['failed']);
  t.strictSame(await kinds('--older-than', '0'), ['no-outcome', 'failed']);
  t.ok(lost);
});

t.test('what is being processed is not judged while its lease runs, also with --older-than 0', async (t) => {
  const cloud = await quietCloud(t);
  const keys = [await cloud.issue(), await cloud.issue()];
  for (const [at, key] of keys.entries()) {
    await cloud.uploads.claim(key, { versionId: 'v1', eTag: 'e', sizeBytes: 6, storedAt: new Date() });
    const acceptedVersionId = await cloud.put(acceptedKeyOf(key), 'accepted');
    await cloud.uploads.accept(key, { claimedVersionId: 'v1', acceptedVersionId });
    const lease = { acceptedVersionId, leaseOwner: 'w', leaseSeconds: 1000 * (at + 1) };
    await cloud.uploads.startProcessing(key, lease);
  }
  const until = (await cloud.upload(keys[1] ?? '', () => true)).leaseExpiresAt as Date;
  const at = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  const due = Math.ceil(until.getTime() / 1000) * 1000;
  const said = (sent: string, minutes: number) =>
    `2 are being processed now.${sent} Their leases end at ${at(until.getTime())} unless the service renews them, which it does while it works.\n` +
    `If they do not come to an end, run this again at ${at(due + minutes * 60_000)} or later:\n  upload-once audit ${minutes === 0 ? '--older-than 0' : '--repair'}\nNothing else was found; looked at 0 versions under uploads/, 2 under accepted/, 2 items of the table\n`;
  t.match(await operate(cloud, ['audit', '--older-than', '0']), { code: 6, stderr: said('', 0) });
  t.match(await operate(cloud, ['audit', '--repair']), {
    code: 6,
    stderr: said(' No event was sent for them.', 15),
  });
  await cloud.depthIs(cloud.queues.acceptedEvents, 0);
  const between = () => new Date(until.getTime() - 500_000);
  t.match(await operate(cloud, ['audit', '--older-than', '0'], { now: between, s3Now: between }), {
    code: 4,
    stderr:
      /^1 found; .*\nWhat to do now:\n(?:.*\n){7}1 is being processed now\. Its lease ends at .*\nIf it does not come to an end, /,
  });
});

t.test('--json --repair: one object a line, and the events are sent', async (t) => {
  const { cloud, lost, versionId, failed, acceptedVersionId } = await lostAndFailed(t);
  const args = ['audit', '--json', '--repair'];
  const { code, json, stderr } = await operate(cloud, args, LATER);
  t.equal(code, 4);
  const rows = json();
  t.equal(rows.length, 2);
  t.match(rows, [
    { kind: 'no-outcome', key: lost, versionId, state: 'ISSUED', since: /^2\d{3}-/, sent: true },
    { kind: 'failed', key: failed, state: 'FAILED', detail: 'Error: the disk is full', sent: false },
  ]);
  t.match(stderr, /^2 found, 1 events sent, 1 left alone \(the list says why\); looked at/);
  const [event] = parseS3Event((await cloud.peek(cloud.queues.uploadEvents)).Body ?? '');
  t.match(event, { bucket: cloud.bucket, key: lost, versionId, sizeBytes: 4 });
  await cloud.depthIs(cloud.queues.acceptedEvents, 0);

  const retried = await operate(cloud, [...args, '--retry-failed'], LATER);
  t.match(retried.json()[1], { kind: 'failed', sent: true });
  const [ofFailed] = parseS3Event((await cloud.peek(cloud.queues.acceptedEvents)).Body ?? '');
  t.match(ofFailed, { key: acceptedKeyOf(failed), versionId: acceptedVersionId, sizeBytes: 6 });
});

t.test('P4: what --repair sends has items that outlive it', async (t) => {
  const { cloud, lost, failed } = await lostAndFailed(t);
  const nextMonth = new Date(Date.now() + 29 * 86_400_000);
  const before = await deleteAtOf(cloud, failed);
  t.match(await operate(cloud, ['audit'], { now: () => nextMonth, s3Now: () => nextMonth }), { code: 4 });
  t.ok(
    (await deleteAtOf(cloud, lost)) < nextMonth.getTime() / 1000 + RECORD_RETENTION_SECONDS,
    'an audit changes nothing',
  );
  t.match(await operate(cloud, ['audit', '--repair'], { now: () => nextMonth, s3Now: () => nextMonth }), {
    code: 4,
  });
  const renewed = Math.ceil(nextMonth.getTime() / 1000) + RECORD_RETENTION_SECONDS;
  t.equal(await deleteAtOf(cloud, lost), renewed);
  t.equal(await deleteAtOf(cloud, failed), before, 'what is left alone is left alone');
});

t.test('what can’t be kept longer is not sent, with exit code 1', async (t) => {
  const { cloud } = await lostAndFailed(t);
  const setting = { ...LATER, operations: withoutKeeping };
  const { code, stdout, stderr } = await operate(cloud, ['audit', '--repair'], setting);
  t.equal(code, 1);
  t.match(
    stdout,
    '    it was uploaded, and nothing was claimed; its event was not sent: its items could not be kept longer: the table is away\n',
  );
  t.match(stdout, '    Error: the disk is full; left alone without --retry-failed\n');
  t.match(stderr, /^2 found, 0 events sent, 1 not sent, 1 left alone \(the list says why\); looked at/);
  const { json } = await operate(cloud, ['audit', '--repair', '--json'], setting);
  t.match(json(), [
    {
      kind: 'no-outcome',
      sent: false,
      outcome: 'not-sent',
      remark: 'its items could not be kept longer: the table is away',
    },
    { kind: 'failed', sent: false, outcome: 'left', remark: 'left alone without --retry-failed' },
  ]);
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
});

for (const [prefix, queue, detail] of [
  ['accepted/', 'acceptedEvents', 'there is no upload that it belongs to'],
  ['uploads/', 'uploadEvents', 'there is no upload that it belongs to, and it is not recorded as an orphan'],
] as const) {
  t.test(
    `an object under ${prefix} without an upload becomes an orphan with --record-orphans alone`,
    async (t) => {
      const cloud = await quietCloud(t);
      const key = `${prefix}unissued`;
      const versionId = await cloud.put(key, 'who knows');
      const left = await operate(cloud, ['audit', '--repair'], LATER);
      t.equal(left.code, 4);
      t.match(left.stdout, `    ${detail}; left alone without --record-orphans\n`);
      await cloud.depthIs(cloud.queues[queue], 0);
      const recorded = await operate(cloud, ['audit', '--repair', '--record-orphans'], {
        now: inAnHour,
        s3Now: inAnHour,
        env: { RECORD_RETENTION_DAYS: '113' },
      });
      t.match(recorded.stdout, `    ${detail}; its event was sent now\n`);
      const [event] = parseS3Event((await cloud.peek(cloud.queues[queue])).Body ?? '');
      t.match(event, { key, versionId });
    },
  );
}

t.test('an audit that can’t be brought to its end says how far it came, with exit code 1', async (t) => {
  const { cloud } = await lostAndFailed(t);
  const queue = `${cloud.queues.uploadEvents}-nowhere`;
  const args = ['audit', '--repair', '--uploads-queue', queue];
  t.match(await operate(cloud, args, LATER), {
    code: 2,
    stderr: `upload-once audit: nothing was done: there is no queue ${queue} in this region and account. Correct the URL, the region or the account\n`,
  });
  t.match(await operate(cloud, ['audit', '--table', 'nowhere'], LATER), {
    code: 1,
    stderr: /there is no table "nowhere" in this region and account; --table names another/,
  });
  t.match(await operate(cloud, ['audit', '--bucket', 'nowhere']), {
    code: 1,
    stderr: /there is no bucket "nowhere" in this region and account; --bucket names another/,
  });
});

t.test('a dead-letter queue in the place of a queue: nothing is done, and the reason is given', async (t) => {
  const { cloud } = await lostAndFailed(t);
  const { uploadEvents, uploadEventsDeadLetter, acceptedEventsDeadLetter } = cloud.queues;
  for (const [option, url, right] of [
    [
      '--uploads-queue',
      uploadEventsDeadLetter,
      '--uploads-queue (or UPLOAD_EVENTS_QUEUE_URL) the URL of the queue that the acceptor reads',
    ],
    [
      '--accepted-queue',
      acceptedEventsDeadLetter,
      '--accepted-queue (or ACCEPTED_EVENTS_QUEUE_URL) the URL of the queue that the processor reads',
    ],
  ] as const) {
    const { code, stdout, stderr } = await operate(cloud, ['audit', '--repair', option, url], LATER);
    t.equal(code, 2);
    t.equal(stdout, '');
    t.match(
      stderr,
      `upload-once audit: nothing was done: ${url} has no dead-letter queue: it may be a dead-letter queue itself. (It has no usable RedrivePolicy.) Give ${right}\n`,
    );
    await cloud.depthIs(url, 0);
  }
  const allow = (policy: object) =>
    cloud.sqs.send(
      new SetQueueAttributesCommand({
        QueueUrl: uploadEventsDeadLetter,
        Attributes: { RedriveAllowPolicy: JSON.stringify(policy) },
      }),
    );
  await allow({ redrivePermission: 'byQueue', sourceQueueArns: ['arn:aws:sqs:eu-central-1:0:other'] });
  t.match(await operate(cloud, ['audit', '--repair'], LATER), {
    code: 2,
    stderr:
      /nothing was done: \S+ names \S+ as its dead-letter queue, and that one takes messages from arn:aws:sqs:eu-central-1:0:other alone/,
  });
  await allow({ redrivePermission: 'denyAll' });
  t.match(await operate(cloud, ['audit', '--repair'], LATER), { code: 2, stderr: /from no queue alone/ });
  await cloud.depthIs(uploadEvents, 0);
  await allow({ redrivePermission: 'allowAll' });
  t.match(await operate(cloud, ['audit', '--repair'], LATER), { code: 4, stderr: /1 events sent/ });
});

t.test('P3: queues that the bucket does not use so: nothing is sent, the right ones are named', async (t) => {
  const { cloud } = await lostAndFailed(t);
  const { uploadEvents, acceptedEvents } = cloud.queues;
  const other = await withAnotherPair(cloud);
  const swapped = [
    ['audit', '--repair', '--uploads-queue', acceptedEvents, '--accepted-queue', uploadEvents],
    ['audit', '--repair', '--again', '--uploads-queue', acceptedEvents, '--accepted-queue', uploadEvents],
  ];
  for (const args of swapped) {
    t.match(await operate(cloud, args, LATER), {
      code: 2,
      stdout: '',
      stderr: `upload-once audit: nothing was done: --uploads-queue (or UPLOAD_EVENTS_QUEUE_URL) is ${acceptedEvents}, but the bucket "uploads-test" sends its events under uploads/ to the queue "upload-events" (region us-east-1, account 000000000000). The queue that was given takes the events under accepted/: the two queues are swapped. Exchange the values of --uploads-queue (or UPLOAD_EVENTS_QUEUE_URL) and --accepted-queue (or ACCEPTED_EVENTS_QUEUE_URL)\n`,
    });
  }
  t.match(await operate(cloud, ['audit', '--repair', '--accepted-queue', other], LATER), {
    code: 2,
    stderr: `--accepted-queue (or ACCEPTED_EVENTS_QUEUE_URL) is ${other}, but the bucket "uploads-test" sends its events under accepted/ to the queue "accepted-events" (region us-east-1, account 000000000000). Give --accepted-queue (or ACCEPTED_EVENTS_QUEUE_URL) the URL of that queue, or correct the bucket\n`,
  });
  for (const queue of [uploadEvents, acceptedEvents, other]) await cloud.depthIs(queue, 0);
  t.match(await operate(cloud, ['audit', '--repair'], LATER), { code: 4, stderr: /1 events sent/ });
  await cloud.depthIs(uploadEvents, 1);

  const none = { Bucket: cloud.bucket, NotificationConfiguration: {} };
  await cloud.s3.send(new PutBucketNotificationConfigurationCommand(none));
  t.match(await operate(cloud, ['audit', '--repair', '--again'], LATER), {
    code: 2,
    stderr:
      /sends its events under uploads\/ to no queue\. Correct the bucket's notification configuration first\n$/,
  });
  await cloud.depthIs(uploadEvents, 1);

  const ask = new GetQueueAttributesCommand({ QueueUrl: uploadEvents, AttributeNames: ['QueueArn'] });
  const { Attributes } = await cloud.sqs.send(ask);
  const QueueConfigurations = [{ QueueArn: Attributes?.QueueArn, Events: ['s3:ObjectCreated:*' as const] }];
  const all = { Bucket: cloud.bucket, NotificationConfiguration: { QueueConfigurations } };
  await cloud.s3.send(new PutBucketNotificationConfigurationCommand(all));
  const forAll = ['redrive', '--queue', uploadEvents];
  t.match(await operate(cloud, forAll, LATER), { code: 0 }, 'a queue for all of the bucket is no wrong one');
});

t.test(
  'without the permission to compare the queues a repair sends nothing, and says what it needs',
  async (t) => {
    const { cloud } = await lostAndFailed(t);
    const setting = { ...LATER, operations: withoutEventRules };
    t.match(await operate(cloud, ['audit', '--repair'], setting), {
      code: 1,
      stdout: '',
      stderr:
        /^upload-once audit: nothing was done: AWS does not allow this command to read to which queues the bucket "uploads-test" sends its events \(Access Denied\)\. .* Allow s3:GetBucketNotification on the bucket: .*\n$/,
    });
    await cloud.depthIs(cloud.queues.uploadEvents, 0);
    t.match(await operate(cloud, ['audit'], setting), { code: 4 }, 'an audit alone needs none of it');
  },
);

t.test('a dead letter counts only in the dead-letter queue of its own queue', async (t) => {
  const { cloud, lost } = await lostAndFailed(t);
  await cloud.localAws.events.gate.whenHeld(2);
  const event = cloud.localAws.events.gate.held().find(({ body }) => body.includes(lost))?.body ?? '';
  await cloud.send(cloud.queues.acceptedEventsDeadLetter, event);
  t.match(await operate(cloud, ['audit', '--repair'], LATER), {
    code: 4,
    stderr: /^2 found, 1 events sent, 1 left alone \(the list says why\); looked at/,
  });
  await cloud.depthIs(cloud.queues.uploadEvents, 1);
});

t.test(
  'a failed upload whose message lies in the dead-letter queue: a redrive moves it, no option',
  async (t) => {
    const { cloud, failed, acceptedVersionId: versionId } = await lostAndFailed(t);
    const details = { eTag: 'e', sizeBytes: 6, storedAt: new Date(), eventName: 'ObjectCreated:Copy' };
    const event = { bucket: cloud.bucket, key: acceptedKeyOf(failed), versionId, ...details };
    await cloud.send(cloud.queues.acceptedEventsDeadLetter, writeS3Event(event, 'eu-central-1'));
    const { code, stdout, stderr } = await operate(cloud, ['audit', '--repair'], LATER);
    t.equal(code, 4);
    t.match(stdout, 'Error: the disk is full; left alone: its message lies in the dead-letter queue\n');
    t.match(stderr, /^2 found, 1 events sent, 1 left alone \(in a dead-letter queue\); /);
    t.notMatch(stdout + stderr, /without --retry-failed|which option/);
  },
);

t.test('repairs while the cause lasts add no dead letters', async (t) => {
  const cloud = await quietCloud(t);
  const { uploadEvents, uploadEventsDeadLetter } = cloud.queues;
  const bodies: string[] = [];
  for (let at = 0; at < 5; at += 1) await cloud.put(await cloud.issue(), 'content');
  await cloud.localAws.events.gate.whenHeld(5);
  for (const { body } of cloud.localAws.events.gate.held()) bodies.push(body);
  // Three were given up by the acceptor; of two the event is lost.
  for (const body of bodies.slice(2)) await cloud.send(uploadEventsDeadLetter, body);

  const first = await operate(cloud, ['audit', '--repair'], LATER);
  t.equal(first.code, 4);
  t.match(
    first.stderr,
    /^5 found, 2 events sent, 3 left alone \(in a dead-letter queue\); looked at.*\nThe events that were sent are under way\. Exit code 4 says that something was found, also after a repair\.\nWhat to do now:\n1\. Find in the services' logs why the messages in a dead-letter queue failed, .* neither redrive nor a repair helps: .*\n2\. Move them back\. .*:\n {5}upload-once redrive\n3\. Wait 15 minutes after the redrive\. .*:\n {5}upload-once audit\n4\. If it still names an upload: .*:\n {5}upload-once redrive\n$/,
  );
  t.equal(first.stdout.match(/left alone: its message lies in the dead-letter queue/g)?.length, 3);
  await cloud.depthIs(uploadEvents, 2);
  for (let run = 0; run < 2; run += 1) {
    const { code, stdout, stderr } = await operate(cloud, ['audit', '--repair'], LATER);
    t.equal(code, 4);
    t.match(
      stderr,
      /^5 found, 0 events sent, 2 left alone \(an earlier repair sent their events\), 3 left alone \(in a dead-letter queue\); .*\nWhat to do now:\n1\. An earlier repair sent the events of 2\. If a queue was purged or deleted after that repair, or messages were deleted, events are lost\. .* for 14 days\. Send them again:\n {5}upload-once audit --repair --again --older-than 0\n {3}If not, do nothing for them now: .*\n2\. Find .*\n3\. Move them .*\n {5}upload-once redrive\n4\. Wait 15 minutes after .*\n {5}upload-once audit\n5\. .*\n {5}upload-once redrive\n$/,
    );
    t.equal(stdout.match(/left alone: an earlier repair sent its event at 2\S+$/gm)?.length, 2);
  }
  await cloud.depthIs(uploadEvents, 2);
  await cloud.depthIs(uploadEventsDeadLetter, 3);
  t.match(await operate(cloud, ['audit', '--repair', '--again'], LATER), {
    code: 4,
    stderr:
      /^5 found, 5 events sent; looked at.*\nThe events that were sent are under way\. .*\nWhat to do now:\n1\. Wait 15 minutes\. Then run the audit\. .*:\n {5}upload-once audit\n2\. If it still names .*\n {5}upload-once redrive\n$/,
  });
  await cloud.depthIs(uploadEvents, 7);
});

t.test(
  'dead letters that no one can see now: a repair waits for them, unless it is told not to',
  async (t) => {
    const { cloud } = await lostAndFailed(t);
    const QueueUrl = cloud.queues.acceptedEventsDeadLetter;
    await cloud.send(QueueUrl, 'a letter');
    await cloud.sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 120, WaitTimeSeconds: 5 }));
    const { code, stdout, stderr } = await operate(cloud, ['audit', '--repair'], LATER);
    t.equal(code, 6);
    t.equal(stdout, '');
    t.match(
      stderr,
      /^upload-once audit: about 1 message of accepted-events-dead-letter is hidden\. A repair has to see all of them first\. Nothing was repaired, and no event was sent\.\n.* may hold this message\. .*\nThis message is not lost: .*\nWhen no other redrive or audit runs, run this again at 2\S+Z or later:\n {2}upload-once audit --repair.*\n\(--again .*\)\n$/,
    );
    await cloud.depthIs(cloud.queues.uploadEvents, 0);
    t.match(await operate(cloud, ['audit', '--repair', '--again'], LATER), {
      code: 4,
      stderr: /1 events sent/,
    });
  },
);

t.test('dead letters that SQS counts and does not give are hidden, whatever its counts say', async (t) => {
  const { cloud } = await lostAndFailed(t);
  const QueueUrl = cloud.queues.acceptedEventsDeadLetter;
  await cloud.send(QueueUrl, 'a letter');
  await cloud.sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 120, WaitTimeSeconds: 5 }));
  const sqs = withLateCounts(cloud);
  const setting = { ...LATER, operations: (given: Operations) => ({ ...given, sqs }) };
  t.match(await operate(cloud, ['audit', '--repair'], setting), {
    code: 6,
    stdout: '',
    stderr:
      /about 1 message of accepted-events-dead-letter is hidden\. .* no event was sent\.\n.*\n.*\nSQS's count can be a minute late: /,
  });
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
});

t.test('a disk that is full: the number of events sent before is reported', async (t) => {
  const cloud = await quietCloud(t);
  for (let at = 0; at < 12; at += 1) await cloud.put(await cloud.issue(), 'lost');
  const repair = ['audit', '--repair'];
  t.match(await operate(cloud, repair, { ...LATER, outputWrites: 0 }), {
    code: 5,
    stderr:
      /^upload-once: standard output could not be written \(ENOSPC\)\. The audit stopped before its end, and its list is incomplete; 10 events sent\. Run audit again with another output file: the table has on record what was sent, and audit does not send that a second time; what was done stays done\n$/,
  });
  await cloud.depthIs(cloud.queues.uploadEvents, 10);
  t.match(await operate(cloud, repair, { ...LATER, outputWrites: 3 }), {
    code: 5,
    stderr: /; 0 events sent, 10 left alone/,
  });
  t.match(await operate(cloud, [...repair, '--again'], { ...LATER, outputWrites: 0 }), {
    code: 5,
    stderr:
      /; 10 events sent\. Run audit again with another output file, with --again as well: audit sends the events once more, and an event/,
  });
  await cloud.depthIs(cloud.queues.uploadEvents, 20);
});

t.test('what is known of events whose response was lost, and of those that were refused', async (t) => {
  const { cloud } = await lostAndFailed(t);
  const onRecord =
    'Run audit again: the table has on record what was sent, and audit does not send that a second time';
  const maybe = '1 may have been sent (SQS did not confirm it)';
  for (const [spoil, again, said] of [
    [
      'refuse',
      [],
      `did not take every event: AccessDenied: not allowed; 0 events sent, 1 not sent, 1 left alone (the list says why). ${onRecord}`,
    ],
    [
      'lose',
      [],
      `did not confirm every event: Error: the connection broke; 0 events sent, ${maybe}, 1 left alone (the list says why). ${onRecord}. What may have been sent is not on record. The next repair sends those events again, which does no harm`,
    ],
    [
      'lose',
      ['--again'],
      `; 0 events sent, ${maybe}, 1 left alone (the list says why). Run audit again, with --again as well: audit sends the events once more, and an event that is sent twice does no harm`,
    ],
  ] as const) {
    const { code, stdout, stderr } = await operate(cloud, ['audit', '--repair', ...again], {
      ...LATER,
      operations: (given) => ({ ...given, sqs: spoiled(cloud, spoil) }),
    });
    t.equal(code, 1);
    const reason = spoil === 'lose' ? 'it is unknown whether its event was sent' : 'its event was not sent';
    t.match(stdout, `    it was uploaded, and nothing was claimed; ${reason}: `);
    const args = ['audit', '--repair', ...again].join(' ');
    t.ok(stderr.endsWith(`${said}:\n  upload-once ${args}\n`), stderr);
  }
  await cloud.depthIs(cloud.queues.uploadEvents, 2);
  const next = await operate(cloud, ['audit', '--repair'], LATER);
  t.match(
    next,
    { code: 4, stderr: /^2 found, 1 events sent, 1 left alone / },
    'what may have been sent is sent again',
  );
  await cloud.depthIs(cloud.queues.uploadEvents, 3);
  t.match(await operate(cloud, ['audit', '--repair'], LATER), {
    stderr:
      /^2 found, 0 events sent, 1 left alone \(an earlier repair sent its event\), 1 left alone \(the list says why\); .*\nWhat to do now:\n1\. An earlier repair sent the event of 1\. If a queue .* Send it again:\n {5}upload-once audit --repair --again --older-than 0\n {3}If not, do nothing for it now: .*\n2\. 1 is FAILED, and no event was sent for it\. Look whether redrive lists it \(--limit shows more\)\. If so, redrive moves it: do nothing else for it\. If not, its dead letter is lost\. Correct the cause, then send its event:\n {5}upload-once audit --repair --retry-failed\n3\. Wait 15 minutes\. /,
  });
});

t.test('wrong use: exit code 2, a reason, nothing tried', async (t) => {
  const cloud = await quietCloud(t);
  for (const [args, reason, env] of [
    [[], 'the bucket is missing: set BUCKET or give --bucket', { BUCKET: '' }],
    [['--retry-failed'], '--retry-failed is for --repair'],
    [['--record-orphans'], '--record-orphans is for --repair'],
    [['--repair', '--record-orphans'], 'set RECORD_RETENTION_DAYS or give --record-retention-days'],
    [['--older-than', '1.5'], '--older-than takes a whole number from 0 to 525600, not "1.5"'],
    [['--repair'], '--repair needs both queues', { ACCEPTED_EVENTS_QUEUE_URL: '' }],
    [['--again'], '--again is for --repair'],
    [['--repair', '--uploads-queue', cloud.queues.acceptedEvents], 'are two, and both options name'],
    [['--repair', '--uploads-queue', 'x'], '--uploads-queue (or UPLOAD_EVENTS_QUEUE_URL) takes the URL of'],
    [['--colour'], "Unknown option '--colour'"],
  ] as const) {
    const { code, stdout, stderr, opened } = await operate(cloud, ['audit', ...args], { env: env ?? {} });
    t.equal(code, 2, args.join(' '));
    t.match(stderr, reason);
    t.match(stderr, 'See upload-once audit --help');
    t.equal(stdout, '');
    t.strictSame(opened, []);
  }
  t.match(await operate(cloud, ['audit', '--help']), { code: 0, stdout: AUDIT_HELP, stderr: '' });
});

t.test('webhooks that were not delivered are counted, and said how to send again', async (t) => {
  const cloud = await quietCloud(t);
  const env = { WEBHOOK_QUEUE_URL: cloud.queues.webhooks };
  t.match(await operate(cloud, ['audit'], { env }), { code: 0, stderr: /^nothing found; / });
  for (const count of ['1 webhook was not delivered, and lies', '2 webhooks were not delivered, and lie']) {
    await cloud.send(cloud.queues.webhooksDeadLetter, 'any');
    const { code, stderr } = await operate(cloud, ['audit'], { env });
    t.equal(code, 4);
    t.match(
      stderr,
      `About ${count} in webhooks-dead-letter. Correct the cause: the webhook-sender's log tells it. Then`,
    );
    t.match(stderr, /\n {2}upload-once redrive --queue webhooks\nNothing else was found; /);
  }
  t.match(await operate(cloud, ['audit']), { code: 0, stderr: /^nothing found; / });
  const wrong = { WEBHOOK_QUEUE_URL: cloud.queues.webhooksDeadLetter };
  t.match(await operate(cloud, ['audit'], { env: wrong }), {
    code: 2,
    stderr:
      /nothing was done: .* has no dead-letter queue: .* Give --webhooks-queue \(or WEBHOOK_QUEUE_URL\) the URL of the queue that the webhook-sender reads/,
  });
});

t.test('it says what it is to say, and nothing else', async (t) => messages.assertKnown(t, 'audit'));
