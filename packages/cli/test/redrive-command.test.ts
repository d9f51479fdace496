// The command in this process, on queues, a table and a bucket of this machine; no service runs.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { writeS3Event } from '@upload-once/queue';
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
import { hiddenNote } from '../src/commands/hidden-note.ts';
import { REDRIVE_HELP } from '../src/commands/redrive-options.ts';
import type { Operations } from '../src/operations.ts';

const eventFor = (key: string, versionId: string, storedAt = new Date(0)) =>
  writeS3Event(
    {
      bucket: 'uploads-test',
      key,
      versionId,
      eTag: 'e',
      sizeBytes: 1,
      eventName: 'ObjectCreated:Post',
      storedAt,
    },
    'eu-central-1',
  );

/** An upload that failed, whose message lies in the processor's dead-letter queue, and one the acceptor could not do. */
async function twoDeadLetters(t: Test) {
  const cloud = await quietCloud(t);
  const [accepted, issued] = [await cloud.issue(), await cloud.issue()];
  await cloud.uploads.claim(accepted, { versionId: 'v1', eTag: 'e', sizeBytes: 1, storedAt: new Date() });
  const lease = { acceptedVersionId: 'copy', leaseOwner: 'w', leaseSeconds: 60 };
  await cloud.uploads.accept(accepted, { claimedVersionId: 'v1', acceptedVersionId: 'copy' });
  await cloud.uploads.startProcessing(accepted, lease);
  await cloud.uploads.fail(accepted, 1, { failureReason: 'Error: the disk is full\u001b[2J' });
  const acceptedKey = accepted.replace('uploads/', 'accepted/');
  await cloud.send(cloud.queues.acceptedEventsDeadLetter, eventFor(acceptedKey, 'copy'));
  await cloud.send(cloud.queues.uploadEventsDeadLetter, eventFor(issued, 'v2'));
  return { cloud, accepted, acceptedKey, issued };
}

t.test('it shows what lies there, and moves nothing', async (t) => {
  const { cloud, acceptedKey, issued } = await twoDeadLetters(t);
  const lastWeek = new Date(Date.now() - 7.5 * 86_400_000);
  await cloud.send(cloud.queues.uploadEventsDeadLetter, eventFor('uploads/again', 'v3', lastWeek));
  await cloud.send(cloud.queues.uploadEventsDeadLetter, 'not ours');
  const later = new Date(Date.now() + 3 * 3_600_000);
  const { code, stdout, stderr } = await operate(cloud, ['redrive'], { now: () => later });
  t.equal(code, 0);
  t.equal(
    stderr,
    "Nothing was moved. Correct the cause of what failed first: the services' logs tell it. Then --yes moves 3; 1 unknown stays (--delete-unknown FILE removes it):\n  upload-once redrive --yes\n",
  );
  const all = await operate(cloud, ['redrive', '--include-unknown']);
  t.equal(
    all.stderr,
    "Nothing was moved. Correct the cause of what failed first: the services' logs tell it. Then --yes moves 4:\n  upload-once redrive --include-unknown --yes\n",
  );
  const some = await operate(cloud, ['redrive', '--limit', '1', '--queue', 'uploads']);
  t.match(
    some.stderr,
    /^Nothing was moved\. .* Then --yes moves (all|the others) of about 3; .*unknown.* stay/,
  );
  t.match(stdout, /^upload-events-dead-letter has about 3 messages:\n/);
  t.match(stdout, /\n {2}event +received {2}age {2}file +state +key, version\n/);
  const sinceEpoch = `${Math.floor(later.getTime() / 86_400_000)} d`;
  t.match(stdout, `  upload   1 ×       3 h  ${sinceEpoch}  ISSUED  ${issued} v2\n`);
  t.match(
    stdout,
    `  upload   1 ×       3 h  7 d      –       uploads/again v3\n`,
    'the file is older than its message',
  );
  t.match(stdout, /\n {2}unknown {2}1 × +3 h {2}– +– +message \S+\n/);
  t.match(
    stdout,
    `  accepted  1 ×       3 h  ${sinceEpoch}  FAILED  ${acceptedKey} copy\n    Error: the disk is full?[2J\n`,
  );
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
  t.ok(await cloud.peek(cloud.queues.uploadEventsDeadLetter), 'it is visible again');
  t.ok(await cloud.peek(cloud.queues.acceptedEventsDeadLetter));
});

t.test('--json: one object a line', async (t) => {
  const { cloud, acceptedKey, issued } = await twoDeadLetters(t);
  await cloud.send(cloud.queues.uploadEventsDeadLetter, 'not ours');
  const { code, json, stderr } = await operate(cloud, ['redrive', '--json']);
  t.equal(code, 0);
  t.equal(stderr, '');
  const rows = json();
  t.equal(rows.length, 3);
  t.match(
    rows.find(({ what }) => what === 'upload'),
    {
      queue: cloud.queues.uploadEventsDeadLetter,
      key: issued,
      versionId: 'v2',
      receiveCount: 1,
      ageSeconds: Number,
      storedAt: '1970-01-01T00:00:00.000Z',
      fileAgeSeconds: Number,
    },
  );
  t.match(
    rows.find(({ what }) => what === 'accepted'),
    { key: acceptedKey, state: 'FAILED', reason: /the disk is full/ },
  );
  t.match(
    rows.find(({ what }) => what === 'unknown'),
    { messageId: /./, reason: /the message is not JSON/ },
  );
});

t.test('--yes moves what is ours, and the items outlive it', async (t) => {
  const { cloud, accepted, issued } = await twoDeadLetters(t);
  await cloud.send(cloud.queues.uploadEventsDeadLetter, 'not ours');
  const nextWeek = new Date(Date.now() + 7 * 86_400_000);
  const { code, stdout, stderr } = await operate(cloud, ['redrive', '--yes'], { now: () => nextWeek });
  t.equal(code, 0);
  t.match(
    stdout,
    /\n1 moved to upload-events, 1 unknown stays \(--delete-unknown FILE removes it\)\n1 moved to accepted-events\n$/,
  );
  t.match(
    stderr,
    /^unknown: message \S+: no S3 event: the message is not JSON: "not ours"\nupload-once redrive: the services work on what was moved\. Run the audit 15 minutes after .*:\n {2}upload-once audit\n$/,
  );
  await cloud.depthIs(cloud.queues.uploadEvents, 1);
  await cloud.depthIs(cloud.queues.acceptedEvents, 1);
  await cloud.depthIs(cloud.queues.uploadEventsDeadLetter, 1);
  await cloud.depthIs(cloud.queues.acceptedEventsDeadLetter, 0);
  const renewed = Math.ceil(nextWeek.getTime() / 1000) + RECORD_RETENTION_SECONDS;
  t.equal(await deleteAtOf(cloud, accepted), renewed);
  t.equal(await deleteAtOf(cloud, issued), renewed);

  const again = await operate(cloud, ['redrive', '--yes', '--queue', 'uploads', '--include-unknown']);
  t.match(again.stdout, /\n1 moved to upload-events\n$/);
  await cloud.depthIs(cloud.queues.uploadEventsDeadLetter, 0);
});

t.test('--queue: one of them, by name or URL', async (t) => {
  const { cloud } = await twoDeadLetters(t);
  const env = { UPLOAD_EVENTS_QUEUE_URL: undefined, ACCEPTED_EVENTS_QUEUE_URL: undefined };
  const byUrl = await operate(cloud, ['redrive', '--yes', '--queue', cloud.queues.uploadEvents], { env });
  t.match(byUrl.stdout, /\n1 moved to upload-events\n$/);
  await cloud.depthIs(cloud.queues.acceptedEventsDeadLetter, 1);
  const option = ['--accepted-queue', cloud.queues.acceptedEvents];
  const byName = await operate(cloud, ['redrive', '--yes', '--queue', 'accepted', ...option], { env });
  t.match(byName.stdout, /\n1 moved to accepted-events\n$/);
});

t.test('at a terminal it asks', async (t) => {
  const { cloud } = await twoDeadLetters(t);
  for (const typed of ['\n', 'yesterday\n']) {
    const { code, stderr } = await operate(cloud, ['redrive'], { typed });
    t.equal(code, 0);
    t.equal(
      stderr,
      'If the cause of what failed is not corrected yet, answer n. Back to upload-events and accepted-events: y moves 2. Go on? [y/N] Nothing was moved.\n',
      JSON.stringify(typed),
    );
  }
  await cloud.depthIs(cloud.queues.uploadEvents, 0);
  const { code, stdout } = await operate(cloud, ['redrive'], { typed: 'y\n' });
  t.equal(code, 0);
  t.match(stdout, /1 moved to upload-events\n1 moved to accepted-events\n$/);
});

t.test('no more lines than asked for, and all are moved', async (t) => {
  const cloud = await quietCloud(t);
  for (let at = 0; at < 5; at += 1)
    await cloud.send(cloud.queues.uploadEventsDeadLetter, eventFor(`uploads/${at}`, 'v'));
  const { stdout } = await operate(cloud, ['redrive', '--queue', 'uploads', '--limit', '2', '--yes']);
  t.match(stdout, /^upload-events-dead-letter has about 5 messages; the first 2:\n/);
  t.equal((stdout.match(/uploads\/\d v/g) ?? []).length, 2);
  t.match(stdout, /\n5 moved to upload-events\n$/);
});

t.test('what could not be moved is reported, with exit code 1', async (t) => {
  const { cloud } = await twoDeadLetters(t);
  const { code, stdout, stderr } = await operate(cloud, ['redrive', '--yes', '--queue', 'uploads'], {
    operations: withoutKeeping,
  });
  t.equal(code, 1);
  t.match(
    stderr,
    /^failed: message \S+ \(\S+ \S+\): its items could not be kept longer: the table is away\nupload-once redrive: not all was done\. Nothing is lost, .* Correct the reasons above\. Then run redrive again:\n {2}upload-once redrive --yes --queue uploads\n$/,
  );
  t.match(stdout, /\n0 moved to upload-events, 1 failed\n$/);
});

t.test('--json --yes: what became of each message', async (t) => {
  const { cloud } = await twoDeadLetters(t);
  const { json } = await operate(cloud, ['redrive', '--yes', '--json', '--queue', 'uploads']);
  t.match(json(), [{ what: 'upload' }, { messageId: /./, outcome: 'moved', reason: '' }]);
});

t.test('messages that no one can see now: how many, until when, and exit code 6', async (t) => {
  const { cloud } = await twoDeadLetters(t);
  const QueueUrl = cloud.queues.uploadEventsDeadLetter;
  for (let at = 0; at < 24; at += 1) await cloud.send(QueueUrl, eventFor(`uploads/${at}`, 'v'));
  // What a redrive that is killed has in flight, with 25 messages.
  for (let left = 24; left > 0; ) {
    const receive = {
      QueueUrl,
      VisibilityTimeout: 120,
      WaitTimeSeconds: 5,
      MaxNumberOfMessages: Math.min(10, left),
    };
    left -= (await cloud.sqs.send(new ReceiveMessageCommand(receive))).Messages?.length ?? 0;
  }
  const now = () => new Date('2030-01-01T12:00:00Z');
  const said =
    /about 24 messages of upload-events-dead-letter are hidden\. This run neither saw nor moved these messages\.\nA redrive or an audit that runs now may hold these messages\. A redrive or an audit that was killed may hold these messages too\.\nNone of these messages is lost: SQS shows these messages again by itself\.\nWhen no other redrive or audit runs, run this again at 2030-01-01T12:02:00Z or later:\n {2}upload-once redrive( .*)?\n$/;
  const shown = await operate(cloud, ['redrive'], { now });
  t.match(shown, {
    code: 6,
    stdout:
      /^upload-events-dead-letter has about 1 message that can be seen, and about 24 more that are hidden:/,
    stderr: said,
  });
  const moved = await operate(cloud, ['redrive', '--yes'], { now });
  t.match(moved, {
    code: 6,
    stdout: /\n1 moved to upload-events\n1 moved to accepted-events\n$/,
    stderr: said,
  });
  const empty = await operate(cloud, ['redrive', '--yes', '--json'], { now });
  t.match(empty, { code: 6, stdout: '', stderr: said });
});

t.test('messages that SQS counts and does not give are hidden, whatever its counts say', async (t) => {
  const { cloud } = await twoDeadLetters(t);
  const QueueUrl = cloud.queues.uploadEventsDeadLetter;
  await cloud.sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 120, WaitTimeSeconds: 5 }));
  const sqs = withLateCounts(cloud);
  const operations = (given: Operations) => ({ ...given, sqs });
  const said =
    /about 1 message of upload-events-dead-letter is hidden\. .*\n.* was killed may hold this message too\.\nThis message is not lost: .*\nSQS's count can be a minute late: a redrive that has just ended may have moved this message back already\.\nWhen no other redrive or audit runs, .*\n {2}upload-once redrive.*\n$/;
  t.match(await operate(cloud, ['redrive', '--queue', 'uploads', '--yes'], { operations }), {
    code: 6,
    stdout: 'upload-events-dead-letter has about 1 hidden message, and none that can be seen\n',
    stderr: said,
  });
  t.match(await operate(cloud, ['redrive', '--yes'], { operations }), {
    code: 6,
    stdout: /\n0 moved to upload-events\n1 moved to accepted-events\n$/,
    stderr: said,
  });
});

t.test('a disk that is full: nothing is moved before it was shown', async (t) => {
  const { cloud } = await twoDeadLetters(t);
  t.match(await operate(cloud, ['redrive', '--yes'], { outputWrites: 0 }), {
    code: 5,
    stderr: 'upload-once redrive: nothing was moved: standard output could not be written (ENOSPC)\n',
  });
  await cloud.depthIs(cloud.queues.uploadEventsDeadLetter, 1);
});

for (const json of [['--json'], []]) {
  t.test(`a disk that fills up while it moves: what was done is reported (${json})`, async (t) => {
    const cloud = await quietCloud(t);
    for (let at = 0; at < 12; at += 1)
      await cloud.send(cloud.queues.uploadEventsDeadLetter, eventFor(`uploads/${at}`, 'v'));
    const { code, stderr } = await operate(cloud, ['redrive', '--yes', '--limit', '1', ...json], {
      outputWrites: json.length > 0 ? 2 : 4,
    });
    t.equal(code, 5);
    const moved = Number(
      /^(\d+) moved to upload-events\n(?:0 moved to accepted-events\n)?upload-once redrive: standard output could not be written \(ENOSPC\)\. The redrive stopped before its end\. The numbers above say what was done\. Standard output does not list all of it\. What was not moved is in its dead-letter queue still\. Run redrive again with another output file:\n {2}upload-once redrive --yes --limit 1( --json)?\n$/.exec(
        stderr,
      )?.[1],
    );
    t.ok(json.length > 0 ? moved > 0 && moved < 12 : moved === 12, stderr);
    if (Number.isNaN(moved)) return;
    await cloud.depthIs(cloud.queues.uploadEvents, moved);
    await cloud.depthIs(cloud.queues.uploadEventsDeadLetter, 12 - moved);
  });
}

t.test('of more than 1,000 messages it is not known when they are back: both times are given', (t) => {
  const note = (hidden: number, visible: number) =>
    hiddenNote(
      { deadLetterUrl: 'https://sqs.test/1/dead', hidden, visible },
      'It did nothing.',
      new Date('2030-01-01T12:00:00Z'),
      'upload-once redrive',
    );
  const atMost =
    / at 2030-01-01T12:02:00Z or later\. Some may be hidden until 2030-01-01T14:08:00Z:\n {2}upload-once redrive$/;
  t.match(note(1, 1000), atMost);
  t.match(note(1001, 0), atMost);
  t.match(note(1, 999), / run this again at 2030-01-01T12:02:00Z or later:\n {2}upload-once redrive$/);
  t.end();
});

t.test('hidden messages that came back while others were moved are not reported', async (t) => {
  const { cloud } = await twoDeadLetters(t);
  const QueueUrl = cloud.queues.uploadEventsDeadLetter;
  await cloud.send(QueueUrl, eventFor('uploads/hidden', 'v'));
  const receive = { QueueUrl, VisibilityTimeout: 120, WaitTimeSeconds: 5, MaxNumberOfMessages: 1 };
  const [hidden] = (await cloud.sqs.send(new ReceiveMessageCommand(receive))).Messages ?? [];
  let isBack = false;
  const keepLonger = async () => {
    if (isBack) return;
    isBack = true;
    const show = { QueueUrl, ReceiptHandle: hidden?.ReceiptHandle, VisibilityTimeout: 0 };
    await cloud.sqs.send(new ChangeMessageVisibilityCommand(show));
  };
  const { code, stdout, stderr } = await operate(cloud, ['redrive', '--yes'], {
    operations: (given) => ({ ...given, records: { ...given.records, keepLonger } }),
  });
  t.match(
    { code, stderr },
    { code: 0, stderr: /^upload-once redrive: the services work on what was moved\..*\n.*\n$/ },
  );
  t.match(stdout, /\n2 moved to upload-events\n/);
});

t.test('what is known of messages whose response was lost, and of those that were refused', async (t) => {
  const { cloud } = await twoDeadLetters(t);
  for (const [spoil, outcome, reason, next] of [
    [
      'refuse',
      'failed',
      'it could not be sent: AccessDenied: not allowed',
      'Correct the reasons above. Then run redrive again:',
    ],
    [
      'lose',
      'uncertain',
      'it is unknown whether it was sent: Error: the connection broke',
      'does no harm. Run redrive again:',
    ],
  ] as const) {
    const { code, stdout, stderr } = await operate(cloud, ['redrive', '--yes', '--queue', 'uploads'], {
      operations: (given) => ({ ...given, sqs: spoiled(cloud, spoil) }),
    });
    t.equal(code, 1);
    t.match(stdout, `\n0 moved to upload-events, 1 ${outcome}\n`);
    t.match(stderr, `: ${reason}\n`);
    t.match(stderr, 'not all was done. Nothing is lost');
    t.match(stderr, `${next}\n  upload-once redrive --yes --queue uploads\n`);
  }
  await cloud.depthIs(cloud.queues.uploadEvents, 1);
  await cloud.depthIs(cloud.queues.uploadEventsDeadLetter, 1);
});

t.test(
  '--delete-unknown: what is none of ours is written to a file, then deleted; nothing is moved',
  async (t) => {
    const { cloud } = await twoDeadLetters(t);
    const QueueUrl = cloud.queues.uploadEventsDeadLetter;
    await cloud.send(QueueUrl, 'not ours');
    const attribute = { DataType: 'Binary', BinaryValue: Buffer.from('bytes') };
    const MessageBody = eventFor('uploads/of-another-bucket', 'v').replaceAll(
      'uploads-test',
      'another-bucket',
    );
    await cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes: { attribute } }));
    const file = join(t.testdir({}), 'unknown.jsonl');
    const args = ['redrive', '--delete-unknown', file, '--queue', 'uploads'];

    const shown = await operate(cloud, args);
    t.match(shown, {
      code: 0,
      stderr: `Nothing was deleted. --yes deletes 2 unknown; 1 stays:\n  upload-once redrive --delete-unknown ${file} --queue uploads --yes\n`,
    });
    t.match(shown.stdout, 'it is about the bucket another-bucket, not uploads-test');
    const asked = await operate(cloud, args, { typed: 'n\n' });
    t.match(asked, {
      code: 0,
      stderr: `Delete each "unknown" message of upload-events-dead-letter, after it was written to ${file}? [y/N] Nothing was deleted.\n`,
    });
    t.notOk(existsSync(file));

    const deleted = await operate(cloud, [...args, '--yes']);
    t.match(deleted, { code: 0, stderr: '' });
    t.match(
      deleted.stdout,
      `\n2 deleted from upload-events-dead-letter, each kept in ${file}, 1 event of an upload is left: redrive --yes moves it\n`,
    );
    const kept = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    t.match(
      kept.sort((a, b) => a.body.length - b.body.length),
      [
        { queue: QueueUrl, messageId: /./, body: 'not ours', reason: /not JSON/, attributes: {} },
        { body: MessageBody, attributes: { attribute: { DataType: 'Binary', BinaryValue: 'Ynl0ZXM=' } } },
      ],
    );
    await cloud.depthIs(QueueUrl, 1);
    await cloud.depthIs(cloud.queues.uploadEvents, 0);

    t.match(await operate(cloud, [...args, '--yes']), {
      code: 0,
      stdout:
        /\n0 deleted from upload-events-dead-letter, 1 event of an upload is left: redrive --yes moves it\n$/,
    });
    await cloud.send(QueueUrl, 'not ours either');
    t.match(await operate(cloud, [...args, '--yes']), {
      code: 2,
      stderr:
        /^upload-once: --delete-unknown takes the name of a new file: EEXIST.*\nSee upload-once redrive --help\n$/,
    });
    t.equal(readFileSync(file, 'utf8').trimEnd().split('\n').length, 2, 'the file is as it was');
    await cloud.depthIs(QueueUrl, 2);
  },
);

t.test('queues that the bucket does not use so: nothing is moved or deleted', async (t) => {
  const { cloud } = await twoDeadLetters(t);
  const { uploadEvents, acceptedEvents, uploadEventsDeadLetter, acceptedEventsDeadLetter } = cloud.queues;
  const another = await withAnotherPair(cloud);
  await cloud.s3.send(new CreateBucketCommand({ Bucket: 'another-stage' }));
  const file = join(t.testdir({}), 'unknown.jsonl');
  const swapped = ['--uploads-queue', acceptedEvents, '--accepted-queue', uploadEvents];
  for (const [args, said] of [
    [
      [...swapped, '--yes'],
      /is http\S+, but the bucket "uploads-test" sends .* the two queues are swapped\. /,
    ],
    [swapped, /the two queues are swapped\. /],
    [
      ['--queue', another, '--yes'],
      `the bucket "uploads-test" sends no events to ${another} (arn:aws:sqs:us-east-1:000000000000:another). Those under uploads/ go to the queue "upload-events" (region us-east-1, account 000000000000), those under accepted/ to the queue "accepted-events" (region us-east-1, account 000000000000). Give --queue uploads, --queue accepted or the URL of one of these queues, or correct the bucket\n`,
    ],
    [
      ['--bucket', 'another-stage', '--delete-unknown', file, '--yes'],
      /the bucket "another-stage" sends its events under uploads\/ to no queue\. /,
    ],
  ] as const) {
    const { code, stdout, stderr } = await operate(cloud, ['redrive', ...args]);
    t.match({ code, stdout }, { code: 2, stdout: '' }, args.join(' '));
    t.match(stderr, /^upload-once redrive: nothing was moved: /);
    t.match(stderr, said);
  }
  t.notOk(existsSync(file));
  for (const queue of [uploadEventsDeadLetter, acceptedEventsDeadLetter]) await cloud.depthIs(queue, 1);
  for (const queue of [uploadEvents, acceptedEvents]) await cloud.depthIs(queue, 0);
  const unknown = await operate(cloud, ['redrive', '--yes'], { operations: withoutEventRules });
  t.match(unknown, {
    code: 1,
    stderr: /^upload-once redrive: nothing was moved: AWS does not allow .* s3:GetBucketNotification /,
  });
  const unchecked = await operate(cloud, ['redrive'], {
    env: { BUCKET: '' },
    operations: withoutEventRules,
  });
  t.match(unchecked, {
    code: 0,
    stderr: /^Nothing was moved\. .* Then --yes moves 2:\n {2}upload-once redrive --yes\n$/,
  });
});

t.test('an event in the wrong queue is reported, stays, and is removed by --delete-unknown', async (t) => {
  const { cloud } = await twoDeadLetters(t);
  const { acceptedEvents, acceptedEventsDeadLetter } = cloud.queues;
  await cloud.send(acceptedEventsDeadLetter, eventFor('uploads/lost', 'v9'));
  const file = join(t.testdir({}), 'unknown.jsonl');
  const deleting = ['redrive', '--queue', 'accepted', '--delete-unknown', file];
  const shown = await operate(cloud, ['redrive', '--queue', 'accepted']);
  t.match(shown, {
    code: 0,
    stdout:
      /\n {2}wrong-queue .* message \S+\n {4}wrong queue: it is about uploads\/lost, which the bucket sends to another queue\. /,
    stderr:
      "Nothing was moved. Correct the cause of what failed first: the services' logs tell it. Then --yes moves 1; 1 of the wrong queue stays:\n  upload-once redrive --queue accepted --yes\n",
  });
  const moved = await operate(cloud, ['redrive', '--queue', 'accepted', '--yes', `--bucket=${cloud.bucket}`]);
  t.match(moved, {
    code: 1,
    stdout: /\n1 moved to accepted-events, 1 of the wrong queue stays\n$/,
    stderr:
      /^wrong-queue: message \S+ stays\nupload-once redrive: what is in the wrong queue stays: .* What to do now:\n1\. Send its events to the right queue:\n {5}upload-once audit --bucket=uploads-test --repair --older-than 0\n {3}It must end with exit code 0 or 4\. .*: it may not have named every file\.\n2\. .* not needed any more if the list\n {3}- does not have the file, or\n {3}- says "its event was sent now", or\n {3}- says "an earlier repair sent its event", unless .* of step 1 with --again\.\n {3}If it says "its message lies in the dead-letter queue": that is another message, which redrive moves\. Move it, and do step 1 again\. A message in the wrong queue does not count as lying in a dead-letter queue\.\n.*\n3\. Only then remove the messages:\n {5}upload-once redrive --bucket=uploads-test --queue accepted --delete-unknown FILE\n.* deletes every message there .*\nupload-once redrive: the services work on what was moved\. Run the audit 15 minutes after .*:\n {2}upload-once audit --bucket=uploads-test\n$/,
  });
  await cloud.depthIs(acceptedEvents, 1);
  await cloud.depthIs(acceptedEventsDeadLetter, 1);
  t.match(await operate(cloud, deleting, { typed: 'n\n' }), {
    stderr: /^Delete each "unknown" and "wrong-queue" message of accepted-events-dead-letter, /,
  });
  t.match(await operate(cloud, [...deleting, '--yes']), {
    code: 0,
    stdout: /\n1 deleted from accepted-events-dead-letter, each kept in /,
  });
  t.match(JSON.parse(readFileSync(file, 'utf8')), { body: eventFor('uploads/lost', 'v9') });
});

t.test('what came back at once: its cause is to be corrected before anything helps', async (t) => {
  const { cloud } = await twoDeadLetters(t);
  // As this very run would have sent it.
  const MessageAttributes = {
    'upload-once-redrive': { DataType: 'String', StringValue: '0001020304050607' },
  };
  const QueueUrl = cloud.queues.uploadEventsDeadLetter;
  const MessageBody = eventFor('uploads/again', 'v');
  await cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));
  t.match(await operate(cloud, ['redrive', '--yes', '--queue', 'uploads']), {
    code: 1,
    stdout: /\n1 moved to upload-events, 1 came-back\n$/,
    stderr:
      /^came-back: message \S+ \(uploads\/again v\): it was moved a moment ago, and has failed again\nupload-once redrive: not all was done\. .* What came back has failed again\. .* correct it\. Before that, neither redrive nor audit --repair helps\. Then run redrive again:\n {2}upload-once redrive --yes --queue uploads\nupload-once redrive: the services work on what was moved\. /,
  });
});

t.test('interrupted: exit code 130, and nothing is lost', async (t) => {
  const { cloud } = await twoDeadLetters(t);
  const { code, stderr } = await operate(cloud, ['redrive', '--yes'], { interrupt: AbortSignal.abort() });
  t.equal(code, 130);
  t.match(stderr, /interrupted; what was not moved is in its dead-letter queue still\. Run redrive again\n$/);
  await cloud.depthIs(cloud.queues.uploadEventsDeadLetter, 1);
});

t.test('empty dead-letter queues: nothing is asked', async (t) => {
  const cloud = await quietCloud(t);
  t.match(await operate(cloud, ['redrive'], { typed: 'y\n' }), {
    code: 0,
    stdout:
      'upload-events-dead-letter has about 0 messages\naccepted-events-dead-letter has about 0 messages\n',
    stderr: '',
  });
});

t.test('what is not there is named', async (t) => {
  const { cloud } = await twoDeadLetters(t);
  const nowhere = `${cloud.queues.uploadEvents}-nowhere`;
  t.match(await operate(cloud, ['redrive', '--queue', nowhere]), {
    code: 2,
    stderr: `upload-once redrive: nothing was moved: there is no queue ${nowhere} in this region and account. Correct the URL, the region or the account\n`,
  });
  t.match(await operate(cloud, ['redrive', '--queue', cloud.queues.uploadEventsDeadLetter]), {
    code: 2,
    stderr:
      /^upload-once redrive: nothing was moved: \S+ has no dead-letter queue: it may be a dead-letter queue itself\. .* Give --queue uploads for the queue that the acceptor reads .*, or the URL of one of them\n$/,
  });
  const ofAcceptor = ['--queue', 'webhooks', '--webhooks-queue', cloud.queues.uploadEvents];
  t.match(await operate(cloud, ['redrive', ...ofAcceptor]), {
    code: 2,
    stderr: `nothing was moved: --webhooks-queue (or WEBHOOK_QUEUE_URL) is ${cloud.queues.uploadEvents}, to which the bucket "${cloud.bucket}" sends its events under uploads/. Give`,
  });
  t.match(await operate(cloud, ['redrive', '--table', 'nowhere']), {
    code: 1,
    stderr:
      'upload-once redrive: there is no table "nowhere" in this region and account; --table names another\n',
  });
});

t.test('wrong use: exit code 2, a reason, nothing tried', async (t) => {
  const cloud = await quietCloud(t);
  const fifo = 'https://sqs.eu-central-1.amazonaws.com/123456789012/name.fifo';
  for (const [args, reason, env] of [
    [['--queue', 'both'], '--queue takes "uploads", "accepted", "webhooks", "all" or a URL, not "both"'],
    [['--queue', 'constructor'], 'not "constructor"'],
    [['--queue', 'name/of'], '--queue takes the URL of an SQS queue'],
    [['--queue', fifo], 'is a FIFO queue; the services read standard queues only'],
    [['--delete-unknown', ' '], '--delete-unknown is blank'],
    [['--delete-unknown', 'f', '--include-unknown'], 'exclude each other'],
    [['--limit', '0'], '--limit takes a whole number from 1 to 1000, not "0"'],
    [
      ['--record-retention-days', '3'],
      '--record-retention-days takes a whole number from 22 to 3650, not "3"',
    ],
    [['--table', ' '], '--table is blank'],
    [['more'], "Unexpected argument 'more'"],
    [[], '--uploads-queue (or UPLOAD_EVENTS_QUEUE_URL) is missing', { UPLOAD_EVENTS_QUEUE_URL: '' }],
  ] as const) {
    const { code, stdout, stderr, opened } = await operate(cloud, ['redrive', ...args], { env: env ?? {} });
    t.equal(code, 2, args.join(' '));
    t.match(stderr, reason);
    t.match(stderr, 'See upload-once redrive --help');
    t.equal(stdout, '');
    t.strictSame(opened, []);
  }
  t.match(await operate(cloud, ['redrive', '--help']), { code: 0, stdout: REDRIVE_HELP, stderr: '' });
});

t.test('it says what it is to say, and nothing else', async (t) => messages.assertKnown(t, 'redrive'));
