import { parseS3Event } from '@upload-once/queue';
import t from 'tap';
import { createSendEvents, type MissingEvent, repairFindings } from '../src/index.ts';
import { startDeadLetters } from './dead-letters.ts';
import { createWorld, OLDER_THAN_SECONDS } from './world.ts';

async function repair(
  world: ReturnType<typeof createWorld>,
  options: { retryFailed?: boolean; send?: (events: readonly MissingEvent[]) => Promise<void> } = {},
) {
  const sent: MissingEvent[] = [];
  const repaired = repairFindings(world.audit().findings(), {
    objects: world.objects,
    send: async (events) => void sent.push(...events),
    retryFailed: false,
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

t.test('an accepted object is told of with its own ETag, where it can be had', async (t) => {
  const world = createWorld();
  const there = await world.accepted('there');
  const hidden = await world.accepted('hidden');
  world.objects.putDeleteMarker('accepted/hidden');
  world.pass(OLDER_THAN_SECONDS);
  world.objects.head = async (key) =>
    key === 'accepted/there' ? { ...there.copy, eTag: 'of-parts-2' } : undefined;
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
  const event = { key: 'uploads/a', versionId: 'v', eTag: 'e', sizeBytes: 1, storedAt: new Date(0) };
  await t.rejects(send([{ ...event, pipeline: 'uploads' }]), {
    code: 'EventsNotSent',
    message: `1 of 1 events could not be sent to ${letters.queueUrl}: Error: socket hang up`,
  });
});
