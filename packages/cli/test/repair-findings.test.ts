import { parseS3Event } from '@upload-once/queue';
import { ObservedKind, repairName, type UploadRecords } from '@upload-once/uploads';
import t from 'tap';
import { createSendEvents, type MissingEvent, repairFindings } from '../src/repair/index.ts';
import { startDeadLetters } from './dead-letters.ts';
import { createHarness, OLDER_THAN_SECONDS, RECORD_RETENTION_SECONDS } from './harness.ts';

/** What a repair does not look at. */
const UNDESCRIBED = { digests: {}, attributes: {} };

const UNRECORDED: Pick<UploadRecords, 'repairs' | 'recordRepair' | 'forgetRepair'> = {
  repairs: async () => new Map(),
  recordRepair: async () => undefined,
  forgetRepair: async () => undefined,
};

async function repair(
  harness: ReturnType<typeof createHarness>,
  options: Partial<Parameters<typeof repairFindings>[1]> = {},
) {
  const sent: MissingEvent[] = [];
  const repaired = repairFindings(harness.audit().findings(), {
    objects: harness.objects,
    records: harness.uploads.records,
    send: async (events) => {
      sent.push(...events);
      return new Map();
    },
    retryFailed: false,
    recordOrphans: false,
    again: false,
    deadLetters: new Set(),
    ...options,
  });
  return { repaired: await Array.fromAsync(repaired), sent };
}

/** Sends events of the bucket the-bucket to these queues. */
const sendTo = ({ sqs }: Awaited<ReturnType<typeof startDeadLetters>>, uploads: string, accepted: string) =>
  createSendEvents({
    sqs,
    queueUrls: { uploads, accepted },
    bucket: 'the-bucket',
    region: 'eu-central-1',
  });

t.test('each finding’s event is sent', async (t) => {
  const harness = createHarness();
  for (let at = 0; at < 23; at += 1) harness.put(await harness.issue(`issued-${at}`));
  harness.pass(OLDER_THAN_SECONDS);
  const batches: number[] = [];
  const { repaired } = await repair(harness, {
    send: async (events) => {
      batches.push(events.length);
      return new Map();
    },
  });
  t.equal(repaired.length, 23);
  t.ok(repaired.every(({ outcome }) => outcome === 'sent'));
  t.strictSame(batches, [10, 10, 3]);
});

t.test('P4: an object without an upload is left alone, unless it is asked for', async (t) => {
  const harness = createHarness();
  // As with a RECORD_RETENTION_DAYS above the services' own: accepted long ago, or kept apart, and the items are gone.
  const outlived = harness.put('accepted/outlived');
  const duplicate = harness.put('uploads/outlived');
  const { copy, version } = await harness.copied('copied');
  const told = await harness.observed('accepted/orphan', ObservedKind.orphan, { reported: false });
  harness.pass(OLDER_THAN_SECONDS);
  const left = await repair(harness);
  for (const [key, kind] of [
    ['accepted/outlived', 'not-recorded'],
    ['uploads/outlived', 'no-outcome'],
  ]) {
    t.match(
      left.repaired.find(({ finding }) => finding.key === key),
      { finding: { kind }, outcome: 'left', remark: 'left alone without --record-orphans' },
    );
  }
  t.strictSame(
    new Map(left.sent.map(({ key, versionId }) => [key, versionId])),
    new Map([
      ['accepted/copied', copy.versionId],
      ['uploads/copied', version.versionId],
      ['accepted/orphan', told.versionId],
    ]),
    'all others are sent, what is on record as an orphan already among them',
  );
  t.equal(left.sent.length, 3);
  const recorded = await repair(harness, { recordOrphans: true, again: true });
  t.ok(recorded.repaired.every(({ outcome }) => outcome === 'sent'));
  t.match(
    recorded.sent.find(({ key }) => key === 'accepted/outlived'),
    { pipeline: 'accepted', versionId: outlived.versionId },
  );
  t.match(
    recorded.sent.find(({ key }) => key === 'uploads/outlived'),
    { pipeline: 'uploads', versionId: duplicate.versionId },
  );
});

t.test('P3, P4: the items are kept longer before their events are sent', async (t) => {
  const harness = createHarness();
  const { key, version } = await harness.claimed('claimed');
  const { copy } = await harness.accepted('accepted');
  harness.pass(RECORD_RETENTION_SECONDS - 86_400);
  const calls: string[] = [];
  const { repaired } = await repair(harness, {
    records: {
      ...UNRECORDED,
      keepLonger: async (name, versionId) => void calls.push(`keepLonger ${name} ${versionId}`),
    },
    send: async (events) => {
      calls.push(...events.map((event) => `send ${event.key}`));
      return new Map();
    },
  });
  t.ok(repaired.length >= 2 && repaired.every(({ outcome }) => outcome === 'sent'));
  const kept = calls.slice(
    0,
    calls.findIndex((call) => call.startsWith('send')),
  );
  t.strictSame(
    new Set(kept),
    new Set([
      `keepLonger ${key} ${version.versionId}`,
      `keepLonger accepted/accepted ${copy.versionId}`,
      `keepLonger uploads/accepted ${copy.versionId}`,
    ]),
    'the upload’s, and for an accepted object also those under its own key',
  );
  t.notOk(calls.slice(kept.length).some((call) => call.startsWith('keepLonger')));
});

t.test('P3: what can’t be kept longer is not sent, and reported as that', async (t) => {
  const harness = createHarness();
  const { key: bad } = await harness.claimed('bad');
  const { key: good } = await harness.claimed('good');
  harness.pass(OLDER_THAN_SECONDS);
  const { repaired, sent } = await repair(harness, {
    records: {
      ...UNRECORDED,
      async keepLonger(key) {
        if (key === bad) throw new Error('the table is away');
      },
    },
  });
  t.strictSame(
    new Map(repaired.map(({ finding, ...outcome }) => [finding.key, outcome])),
    new Map([
      [bad, { outcome: 'not-sent', remark: 'its items could not be kept longer: the table is away' }],
      [good, { outcome: 'sent', remark: '' }],
    ]),
  );
  t.ok(sent.length > 0 && sent.every(({ key }) => key === good));
});

t.test('an accepted object is reported with its own ETag, where it can be had', async (t) => {
  const harness = createHarness();
  const there = await harness.accepted('there');
  const hidden = await harness.accepted('hidden');
  harness.objects.putDeleteMarker('accepted/hidden');
  harness.pass(OLDER_THAN_SECONDS);
  harness.objects.head = async (key) =>
    key === 'accepted/there' ? { ...UNDESCRIBED, ...there.copy, eTag: 'of-parts-2' } : undefined;
  const { sent } = await repair(harness);
  t.match(
    sent.find(({ key }) => key === 'accepted/there'),
    { versionId: there.copy.versionId, eTag: 'of-parts-2' },
  );
  t.match(
    sent.find(({ key }) => key === 'accepted/hidden'),
    { versionId: hidden.copy.versionId, eTag: hidden.version.eTag },
  );
});

t.test('P3: an object that can’t be looked at holds nothing up', async (t) => {
  const harness = createHarness();
  const denied = await harness.accepted('denied');
  const { copy } = await harness.accepted('good');
  harness.put(await harness.issue('another'));
  harness.pass(OLDER_THAN_SECONDS);
  const head = async (key: string) => {
    if (key === 'accepted/denied') throw new Error('access denied');
    return { ...UNDESCRIBED, ...copy };
  };
  const { repaired, sent } = await repair(harness, { objects: { head } });
  t.strictSame(
    new Map(repaired.map(({ finding, ...outcome }) => [finding.key, outcome])),
    new Map([
      ['uploads/another', { outcome: 'sent', remark: '' }],
      [
        'uploads/denied',
        { outcome: 'sent', remark: 'its object’s own ETag could not be read: access denied' },
      ],
      ['uploads/good', { outcome: 'sent', remark: '' }],
    ]),
  );
  t.equal(sent.length, 3);
  t.match(
    sent.find(({ key }) => key === 'accepted/denied'),
    { versionId: denied.copy.versionId, eTag: denied.version.eTag },
    'as its item knows it',
  );
});

t.test('a finding is not given before its event is in the queue', async (t) => {
  const harness = createHarness();
  harness.put(await harness.issue('issued'));
  harness.pass(OLDER_THAN_SECONDS);
  const away = new Error('the queue is away');
  await t.rejects(
    repair(harness, {
      send: async () => {
        throw away;
      },
    }),
    away,
  );
});

t.test('events go to the queue of their pipeline, as S3 would send them', async (t) => {
  const harness = createHarness();
  const issued = await harness.issue('Zähler 1+1');
  const version = harness.put(issued);
  const { copy } = await harness.accepted('accepted');
  harness.pass(OLDER_THAN_SECONDS);
  const letters = await startDeadLetters(t);
  const send = sendTo(letters, letters.queueUrl, letters.deadLetterUrl);
  await repair(harness, { send });
  const told = async (url: string) => (await letters.bodies(url)).flatMap(parseS3Event);
  t.strictSame(await told(letters.queueUrl), [
    { ...version, bucket: 'the-bucket', key: issued, eventName: 'ObjectCreated:Post', sequencer: '' },
  ]);
  t.match(await told(letters.deadLetterUrl), [
    {
      bucket: 'the-bucket',
      key: 'accepted/accepted',
      versionId: copy.versionId,
      eventName: 'ObjectCreated:Copy',
    },
  ]);
});

t.test('P4: only what may be the copy is reported as one, and what is unclaimed not at all', async (t) => {
  const harness = createHarness();
  const { copy } = await harness.copied('copied');
  const accepted = await harness.accepted('accepted');
  await harness.processed('processed');
  const restored = harness.put('accepted/processed');
  await harness.issue('issued');
  const unclaimed = harness.put('accepted/issued');
  await harness.processed('reported');
  const orphan = await harness.observed('accepted/reported', ObservedKind.orphan, { reported: false });
  harness.pass(OLDER_THAN_SECONDS);
  const letters = await startDeadLetters(t);
  const send = sendTo(letters, letters.deadLetterUrl, letters.queueUrl);
  const { repaired } = await repair(harness, { send });
  const told = (await letters.bodies(letters.queueUrl)).flatMap(parseS3Event);
  t.strictSame(
    new Map(told.map(({ versionId, eventName }) => [versionId, eventName])),
    new Map([
      [copy.versionId, 'ObjectCreated:Copy'],
      [accepted.copy.versionId, 'ObjectCreated:Copy'],
      [restored.versionId, 'ObjectCreated:Put'],
      [orphan.versionId, 'ObjectCreated:Put'],
    ]),
  );
  t.match(
    repaired.find(({ finding }) => finding.versionId === unclaimed.versionId),
    { finding: { kind: 'unclaimed' }, outcome: 'left', remark: '' },
  );
});

t.test('what SQS does not take is reported for each event, and ends the repair behind its ten', async (t) => {
  const harness = createHarness();
  for (let at = 0; at < 12; at += 1) harness.put(await harness.issue(`issued-${at}`));
  harness.pass(OLDER_THAN_SECONDS);
  const letters = await startDeadLetters(t);
  letters.hook('SendMessageBatch', async (input, proceed) => {
    const [refused] = input.Entries.splice(0, 1);
    const response = await proceed();
    const Failed = [{ Id: refused.Id, Code: 'InternalError', Message: 'once more', SenderFault: false }];
    return { ...response, Failed };
  });
  const send = sendTo(letters, letters.queueUrl, letters.deadLetterUrl);
  const outcomes: string[] = [];
  const run = async () => {
    const { records } = harness.uploads;
    const options = {
      retryFailed: false,
      recordOrphans: false,
      again: false,
      deadLetters: new Set<string>(),
    };
    const findings = harness.audit().findings();
    for await (const { outcome, remark } of repairFindings(findings, {
      ...options,
      objects: harness.objects,
      records,
      send,
    }))
      outcomes.push(`${outcome} ${remark}`);
  };
  await t.rejects(run(), {
    code: 'EventsNotSent',
    message: `${letters.queueUrl} did not take every event: InternalError: once more`,
  });
  t.strictSame(outcomes, ['not-sent InternalError: once more', ...Array(9).fill('sent ')]);

  outcomes.length = 0;
  letters.hook('SendMessageBatch', async (_, proceed) => {
    await proceed();
    throw new Error('socket hang up');
  });
  await t.rejects(run(), { code: 'EventsNotSent' });
  t.strictSame(
    outcomes.map((outcome) => outcome.replace(/at 2\S+/, 'at TIME')),
    [
      'uncertain Error: socket hang up',
      ...Array(9).fill('sent-before left alone: an earlier repair sent its event at TIME'),
    ],
  );
  letters.unhook('SendMessageBatch');
  t.equal((await letters.bodies(letters.queueUrl)).length, 10);
});

t.test('an event that a repair has sent is not sent again, unless that is asked for', async (t) => {
  const harness = createHarness();
  const key = await harness.issue('lost');
  harness.put(key);
  harness.pass(OLDER_THAN_SECONDS);
  const first = await repair(harness);
  t.match(first.repaired, [{ outcome: 'sent', remark: '' }]);
  const sentAt = harness.clock.now.toISOString();
  harness.pass(86_400);
  const second = await repair(harness);
  t.match(second.repaired, [
    {
      outcome: 'sent-before',
      remark: `left alone: an earlier repair sent its event at ${sentAt}`,
    },
  ]);
  t.strictSame(second.sent, []);
  const another = harness.put(key, 'another version');
  harness.pass(OLDER_THAN_SECONDS);
  t.match(
    (await repair(harness)).sent,
    [{ versionId: another.versionId }],
    'another version is another matter',
  );
  const again = await repair(harness, { again: true });
  t.equal(again.sent.length, 2);
  harness.pass(14 * 86_400 + 1);
  t.equal((await repair(harness)).sent.length, 2, 'its message can’t be there any more');
});

t.test(
  'what is not known to be sent again has no older record, so that the next repair sends it',
  async (t) => {
    const harness = createHarness();
    harness.put(await harness.issue('lost'));
    harness.pass(OLDER_THAN_SECONDS);
    t.equal((await repair(harness)).sent.length, 1);
    for (const mayBeSent of [true, false]) {
      const send = async (events: readonly MissingEvent[]) =>
        new Map(events.map((event) => [event, { reason: 'no response', mayBeSent, queueUrl: 'q' }]));
      await t.rejects(repair(harness, { again: true, send }), { code: 'EventsNotSent' });
      t.equal((await repair(harness)).sent.length, 1);
    }
    t.equal((await repair(harness)).sent.length, 0);
  },
);

t.test('all ten are reported before the first is yielded', async (t) => {
  const harness = createHarness();
  for (let at = 0; at < 12; at += 1) harness.put(await harness.issue(`lost-${at}`));
  harness.pass(OLDER_THAN_SECONDS);
  const outcomes: string[] = [];
  const repaired = repairFindings(harness.audit().findings(), {
    objects: harness.objects,
    records: harness.uploads.records,
    send: async () => new Map(),
    retryFailed: false,
    recordOrphans: false,
    again: false,
    deadLetters: new Set(),
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  for await (const _ of repaired) break;
  t.strictSame(outcomes, Array(10).fill('sent'));
});

t.test('an event whose message lies in the dead-letter queue is not sent', async (t) => {
  const harness = createHarness();
  const { copy } = await harness.failed('failed', 'why');
  harness.pass(OLDER_THAN_SECONDS);
  const deadLetters = new Set([repairName({ key: 'accepted/failed', versionId: copy.versionId })]);
  const { repaired, sent } = await repair(harness, { retryFailed: true, deadLetters });
  t.match(repaired, [
    {
      outcome: 'dead-letter',
      remark: 'left alone: its message lies in the dead-letter queue',
    },
  ]);
  t.strictSame(sent, []);
});

t.test('what can’t be recorded as sent counts as sent, and the next repair sends it again', async (t) => {
  const harness = createHarness();
  harness.put(await harness.issue('lost'));
  harness.pass(OLDER_THAN_SECONDS);
  const { records } = harness.uploads;
  const recordRepair = async () => {
    throw new Error('the table is away');
  };
  const { repaired } = await repair(harness, { records: { ...records, recordRepair } });
  t.match(repaired, [
    { outcome: 'sent', remark: 'that it was sent could not be recorded: the table is away' },
  ]);
  t.match((await repair(harness)).repaired, [{ outcome: 'sent', remark: '' }]);
});
