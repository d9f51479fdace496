import { parseS3Event } from '@upload-once/queue';
import { SightingKind } from '@upload-once/uploads';
import t from 'tap';
import { createSendEvents, type MissingEvent, repairFindings } from '../src/index.ts';
import { startDeadLetters } from './dead-letters.ts';
import { createWorld, OLDER_THAN_SECONDS, TOMBSTONE_SECONDS } from './world.ts';

/** What a repair does not look at. */
const UNDESCRIBED = { digests: {}, attributes: {} };

async function repair(
  world: ReturnType<typeof createWorld>,
  options: Partial<Parameters<typeof repairFindings>[1]> = {},
) {
  const sent: MissingEvent[] = [];
  const repaired = repairFindings(world.audit().findings(), {
    objects: world.objects,
    records: world.uploads.records,
    send: async (events) => void sent.push(...events),
    retryFailed: false,
    recordStrays: false,
    ...options,
  });
  return { repaired: await Array.fromAsync(repaired), sent };
}

t.test('each finding’s event is sent', async (t) => {
  const world = createWorld();
  for (let at = 0; at < 23; at += 1) world.put(await world.issue(`issued-${at}`));
  world.pass(OLDER_THAN_SECONDS);
  const batches: number[] = [];
  const { repaired } = await repair(world, { send: async (events) => void batches.push(events.length) });
  t.equal(repaired.length, 23);
  t.ok(repaired.every(({ sent }) => sent));
  t.strictSame(batches, [10, 10, 3]);
});

t.test('FAILED is left to a redrive, unless it is asked for', async (t) => {
  const world = createWorld();
  await world.failed('failed', 'why');
  const left = await repair(world);
  t.match(left.repaired, [{ finding: { kind: 'failed' }, sent: false }]);
  t.strictSame(left.sent, []);
  const retried = await repair(world, { retryFailed: true });
  t.match(retried.repaired, [{ finding: { kind: 'failed' }, sent: true }]);
  t.match(retried.sent, [{ pipeline: 'accepted', key: 'accepted/failed' }]);
});

t.test('P4: an object without an upload is left alone, unless it is asked for', async (t) => {
  const world = createWorld();
  // As with a TOMBSTONE_DAYS above the services' own: accepted long ago, or kept apart, and the items are gone.
  const outlived = world.put('accepted/outlived');
  const duplicate = world.put('uploads/outlived');
  const { copy, version } = await world.copied('copied');
  const told = await world.sighted('accepted/stray', SightingKind.stray, { reported: false });
  world.pass(OLDER_THAN_SECONDS);
  const left = await repair(world);
  for (const [key, kind] of [
    ['accepted/outlived', 'not-recorded'],
    ['uploads/outlived', 'no-outcome'],
  ]) {
    t.match(
      left.repaired.find(({ finding }) => finding.key === key),
      { finding: { kind }, sent: false, failure: '' },
    );
  }
  t.strictSame(
    new Map(left.sent.map(({ key, versionId }) => [key, versionId])),
    new Map([
      ['accepted/copied', copy.versionId],
      ['uploads/copied', version.versionId],
      ['accepted/stray', told.versionId],
    ]),
    'all others are sent, what is on record as a stray already among them',
  );
  t.equal(left.sent.length, 3);
  const recorded = await repair(world, { recordStrays: true });
  t.ok(recorded.repaired.every(({ sent }) => sent));
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
  const world = createWorld();
  const { key, version } = await world.claimed('claimed');
  const { copy } = await world.accepted('accepted');
  world.pass(TOMBSTONE_SECONDS - 86_400);
  const calls: string[] = [];
  const { repaired } = await repair(world, {
    records: { keepLonger: async (name, versionId) => void calls.push(`keepLonger ${name} ${versionId}`) },
    send: async (events) => void calls.push(...events.map((event) => `send ${event.key}`)),
  });
  t.ok(repaired.length >= 2 && repaired.every(({ sent }) => sent));
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

t.test('P3: what can’t be kept longer is not sent, and told as that', async (t) => {
  const world = createWorld();
  const { key: bad } = await world.claimed('bad');
  const { key: good } = await world.claimed('good');
  world.pass(OLDER_THAN_SECONDS);
  const { repaired, sent } = await repair(world, {
    records: {
      async keepLonger(key) {
        if (key === bad) throw new Error('the table is away');
      },
    },
  });
  t.strictSame(
    new Map(repaired.map(({ finding, ...outcome }) => [finding.key, outcome])),
    new Map([
      [bad, { sent: false, failure: 'its items could not be kept longer: the table is away', remark: '' }],
      [good, { sent: true, failure: '', remark: '' }],
    ]),
  );
  t.ok(sent.length > 0 && sent.every(({ key }) => key === good));
});

t.test('an accepted object is told of with its own ETag, where it can be had', async (t) => {
  const world = createWorld();
  const there = await world.accepted('there');
  const hidden = await world.accepted('hidden');
  world.objects.putDeleteMarker('accepted/hidden');
  world.pass(OLDER_THAN_SECONDS);
  world.objects.head = async (key) =>
    key === 'accepted/there' ? { ...UNDESCRIBED, ...there.copy, eTag: 'of-parts-2' } : undefined;
  const { sent } = await repair(world);
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
  const world = createWorld();
  const denied = await world.accepted('denied');
  const { copy } = await world.accepted('good');
  world.put(await world.issue('another'));
  world.pass(OLDER_THAN_SECONDS);
  const head = async (key: string) => {
    if (key === 'accepted/denied') throw new Error('access denied');
    return { ...UNDESCRIBED, ...copy };
  };
  const { repaired, sent } = await repair(world, { objects: { head } });
  t.strictSame(
    new Map(repaired.map(({ finding, ...outcome }) => [finding.key, outcome])),
    new Map([
      ['uploads/another', { sent: true, failure: '', remark: '' }],
      [
        'uploads/denied',
        { sent: true, failure: '', remark: 'its object’s own ETag could not be read: access denied' },
      ],
      ['uploads/good', { sent: true, failure: '', remark: '' }],
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
  const world = createWorld();
  world.put(await world.issue('issued'));
  world.pass(OLDER_THAN_SECONDS);
  const away = new Error('the queue is away');
  await t.rejects(
    repair(world, {
      send: async () => {
        throw away;
      },
    }),
    away,
  );
});

t.test('events go to the queue of their pipeline, as S3 would tell them', async (t) => {
  const world = createWorld();
  const issued = await world.issue('Zähler 1+1');
  const version = world.put(issued);
  const { copy } = await world.accepted('accepted');
  world.pass(OLDER_THAN_SECONDS);
  const letters = await startDeadLetters(t);
  const send = createSendEvents({
    sqs: letters.sqs,
    queueUrls: { uploads: letters.queueUrl, accepted: letters.deadLetterUrl },
    bucket: 'the-bucket',
    region: 'eu-central-1',
  });
  await repair(world, { send });
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

t.test('P4: only what may be the copy is told of as one, and what is unclaimed not at all', async (t) => {
  const world = createWorld();
  const { copy } = await world.copied('copied');
  const accepted = await world.accepted('accepted');
  await world.processed('processed');
  const restored = world.put('accepted/processed');
  await world.issue('issued');
  const unclaimed = world.put('accepted/issued');
  await world.processed('reported');
  const stray = await world.sighted('accepted/reported', SightingKind.stray, { reported: false });
  world.pass(OLDER_THAN_SECONDS);
  const letters = await startDeadLetters(t);
  const send = createSendEvents({
    sqs: letters.sqs,
    queueUrls: { uploads: letters.deadLetterUrl, accepted: letters.queueUrl },
    bucket: 'the-bucket',
    region: 'eu-central-1',
  });
  const { repaired } = await repair(world, { send });
  const told = (await letters.bodies(letters.queueUrl)).flatMap(parseS3Event);
  t.strictSame(
    new Map(told.map(({ versionId, eventName }) => [versionId, eventName])),
    new Map([
      [copy.versionId, 'ObjectCreated:Copy'],
      [accepted.copy.versionId, 'ObjectCreated:Copy'],
      [restored.versionId, 'ObjectCreated:Put'],
      [stray.versionId, 'ObjectCreated:Put'],
    ]),
  );
  t.match(
    repaired.find(({ finding }) => finding.versionId === unclaimed.versionId),
    { finding: { kind: 'unclaimed' }, sent: false, failure: '' },
  );
});

t.test('events that SQS does not take are an error that says how many, and where to', async (t) => {
  const letters = await startDeadLetters(t);
  letters.hook('SendMessageBatch', async () => {
    throw new Error('socket hang up');
  });
  const send = createSendEvents({
    sqs: letters.sqs,
    queueUrls: { uploads: letters.queueUrl, accepted: letters.deadLetterUrl },
    bucket: 'the-bucket',
    region: 'eu-central-1',
  });
  const event = {
    key: 'uploads/a',
    versionId: 'v',
    eTag: 'e',
    sizeBytes: 1,
    storedAt: new Date(0),
    isCopy: false,
  };
  await t.rejects(send([{ ...event, pipeline: 'uploads' }]), {
    code: 'EventsNotSent',
    message: `1 of 1 events could not be sent to ${letters.queueUrl}: Error: socket hang up`,
  });
});
