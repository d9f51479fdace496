import { NotBegun } from '@upload-once/queue';
import { acceptedKeyOf, type UploadEvent, UploadEventType } from '@upload-once/uploads';
import t from 'tap';
import { createHarness, type VersionPlan } from '../src/harness.ts';
import { AT_ONCE, BUCKET, type EventPlan } from '../src/simulation/bucket-events.ts';
import { CallOutcome } from '../src/simulation/call-outcome.ts';
import { createWorkerProcess } from '../src/simulation/worker-process.ts';
import { settleAndVerify } from '../src/verify.ts';

/** One worker of each service, nothing that goes wrong by itself. */
const OPTIONS = {
  seed: 1,
  maxReceiveCount: 3,
  workersOfEach: 1,
  keptDuplicates: 2,
  bucketRules: 'open' as const,
};
const VERSION: VersionPlan & { event: EventPlan } = {
  beginsAfterMs: 0,
  takesMs: 0,
  sizeBytes: 3,
  isOthersForm: false,
  event: AT_ONCE,
};

async function harnessWithAnUpload(versions: readonly VersionPlan[] = [VERSION]) {
  const harness = createHarness(OPTIONS);
  const key = await harness.issue('post', 30);
  for (const version of versions) harness.upload(key, version);
  return { harness, key };
}

t.test('an upload and its duplicate come to what they are to come to', async (t) => {
  const { harness } = await harnessWithAnUpload([VERSION, VERSION]);
  await settleAndVerify(harness);
  t.match(harness.tally(), { forms: 1, versions: 2, processed: 1, keptApart: 1, handlerRuns: 1, faults: 0 });
});

t.test('P1: a claim of a version that is not the oldest is noticed', async (t) => {
  const { harness, key } = await harnessWithAnUpload([VERSION, VERSION]);
  await harness.time.pass(0);
  const [, second] = await harness.objects.listVersions(key);
  if (!second) throw new Error('there are two versions');
  await harness.uploads.claim(key, second);
  await t.rejects(settleAndVerify(harness), {
    code: 'PromiseBroken',
    message: /^P1: .* is claimed, .* is the oldest/,
  });
});

t.test('P2: an accepted object with other bytes is noticed', async (t) => {
  const { harness, key } = await harnessWithAnUpload();
  await harness.time.pass(0);
  const { versions } = harness.facts.of(key);
  const [version] = versions;
  if (!version) throw new Error('there is a version');
  versions[0] = { ...version, bytes: Buffer.from('abc') };
  await t.rejects(settleAndVerify(harness), { message: /^P2: .* is not what was uploaded first/ });
});

t.test('P3: an upload without an event is noticed', async (t) => {
  const { harness } = await harnessWithAnUpload([{ ...VERSION, event: { ...AT_ONCE, delaysMs: [] } }]);
  await t.rejects(settleAndVerify(harness), { message: /^P[134]: / });
});

t.test('P3: when S3 sends an event for one of two versions, the oldest is accepted', async (t) => {
  const { harness, key } = await harnessWithAnUpload([{ ...VERSION, event: undefined }, VERSION]);
  await settleAndVerify(harness);
  t.match(harness.facts.of(key).item, { state: 'PROCESSED', versionId: 'version-1' });
  t.match(harness.tally(), { versions: 2, processed: 1, keptApart: 1 });
});

t.test('an upload for which S3 never sends an event breaks no rule', async (t) => {
  const { harness, key } = await harnessWithAnUpload([{ ...VERSION, event: undefined }]);
  await settleAndVerify(harness);
  t.match(harness.facts.of(key).item, { state: 'ISSUED' });
});

t.test('P3: an event that is acknowledged while its key is CLAIMED is noticed', async (t) => {
  const { harness, key } = await harnessWithAnUpload([VERSION, VERSION]);
  await harness.time.pass(0);
  const [first, second] = await harness.objects.listVersions(key);
  if (!first || !second) throw new Error('there are two versions');
  await harness.uploads.claim(key, first);
  const process = createWorkerProcess('acceptor', 'worker-1', harness.time, () => undefined);
  const event = { ...second, key, bucket: BUCKET, sequencer: '', eventName: 'ObjectCreated:Post' };
  harness.rules.isDone({ process, receivedAtMs: 0 }, event);
  t.match(harness.rules.broken, { message: /^P3: .* acknowledged by worker-1 while it is CLAIMED/ });
});

t.test('P3: an upload whose event was not sent is noticed', async (t) => {
  const { harness, key } = await harnessWithAnUpload();
  await harness.time.passUntilQuiet();
  const { webhookEvents } = harness.facts.of(key);
  t.strictSame([...webhookEvents], [UploadEventType.processed]);
  webhookEvents.clear();
  await t.rejects(settleAndVerify(harness), { message: /^P3: .* the queue of webhooks has no event/ });
});

t.test('P3: an acknowledgement before the event is sent is noticed', async (t) => {
  const { harness, key } = await harnessWithAnUpload();
  await harness.time.passUntilQuiet();
  harness.facts.of(key).webhookEvents.clear();
  const acceptedKey = acceptedKeyOf(key);
  const [copy] = await harness.objects.listVersions(acceptedKey);
  if (!copy) throw new Error('it is accepted');
  const process = createWorkerProcess('processor', 'worker-1', harness.time, () => undefined);
  const event = { ...copy, key: acceptedKey, bucket: BUCKET, sequencer: '', eventName: 'ObjectCreated:Copy' };
  harness.rules.isDone({ process, receivedAtMs: 0 }, event);
  t.match(harness.rules.broken, {
    message: /^P3: .* acknowledged before the queue of webhooks has its event/,
  });
});

t.test('P3: an event of what was not processed, or has not failed, is noticed', async (t) => {
  for (const wrong of [
    { acceptedVersionId: 'another' },
    { type: UploadEventType.failed },
    { at: new Date(0) },
  ] satisfies Partial<UploadEvent>[]) {
    const { harness, key } = await harnessWithAnUpload();
    await harness.time.passUntilQuiet();
    const { acceptedVersionId = '', processedAt = '' } = harness.facts.of(key).item ?? {};
    const event = { type: UploadEventType.processed, key, acceptedVersionId, at: new Date(processedAt) };
    harness.rules.webhookEventSent(event);
    t.equal(harness.rules.broken, undefined, 'the same again');
    harness.rules.webhookEventSent({ ...event, ...wrong });
    t.match(harness.rules.broken, { message: /^P3: .* was sent, and it is PROCESSED with/ });
  }
  const { harness, key } = await harnessWithAnUpload();
  await harness.time.pass(0);
  const event = { type: UploadEventType.processed, key, acceptedVersionId: 'version-2', at: new Date(0) };
  harness.rules.webhookEventSent(event);
  t.match(harness.rules.broken, { message: /^P3: .* was sent, and it is ISSUED/ });
});

t.test('P3: the event is sent whatever becomes of the first call', async (t) => {
  for (const outcome of Object.values(CallOutcome)) {
    const { harness } = await harnessWithAnUpload();
    harness.outcomes.add({
      service: 'processor',
      operation: 'sendUploadEvent',
      skip: 0,
      outcome,
      seconds: 45,
      error: 'ThrottlingException',
    });
    await harness.time.passUntilQuiet();
    await settleAndVerify(harness);
    const { faults, processed, webhookEvents } = harness.tally();
    t.strictSame({ faults, processed }, { faults: 1, processed: 1 }, outcome);
    t.ok(webhookEvents >= 1);
  }
});

t.test(
  'P3: a message that only waited and is dead-lettered is noticed, unless SQS took no copy',
  async (t) => {
    const { harness } = await harnessWithAnUpload();
    const process = createWorkerProcess('processor', 'worker-1', harness.time, () => undefined);
    const waited = { messageId: 'message-1', body: '', receiveCount: 3, isLastReceive: true };
    await harness.time.pass(1_000);
    harness.rules.takenInFlight(process, waited)();
    harness.rules.sqsResponded(process, 'SendMessageBatch', false);
    harness.rules.deadLettered(process, waited, new NotBegun(30, 'another one is at work'));
    t.equal(harness.rules.broken, undefined);
    harness.rules.sqsResponded(process, 'SendMessageBatch', true);
    harness.rules.deadLettered(process, waited, new NotBegun(30, 'another one is at work'));
    t.match(harness.rules.broken, {
      message: /^P3: message-1 is left to the dead-letter queue .* nothing has failed/,
    });
  },
);

t.test('P3: a message that can never be handled is noticed', async (t) => {
  const { harness } = await harnessWithAnUpload();
  harness.queues.acceptor.send('no event');
  await t.rejects(settleAndVerify(harness), {
    message: /^P3: the acceptor's queue has dead letters again: no event/,
  });
});

t.test('P4: a duplicate without a record is noticed', async (t) => {
  const { harness } = await harnessWithAnUpload([
    VERSION,
    { ...VERSION, event: { ...AT_ONCE, delaysMs: [] } },
  ]);
  await t.rejects(settleAndVerify(harness), {
    message: /^P4: .* recorded are , not the first 1 of duplicate#version-2/,
  });
});

for (const [metric, service, skip] of [
  ['UploadsAccepted', 'acceptor', 1],
  ['UploadsProcessed', 'processor', 1],
] as const) {
  t.test(`P4: what is not counted in ${metric} is noticed, though its call was refused once`, async (t) => {
    const { harness, key } = await harnessWithAnUpload();
    const refused = { outcome: CallOutcome.refused, seconds: 0, error: 'ThrottlingException' };
    harness.outcomes.add({ ...refused, service, operation: 'update', skip });
    await harness.time.passUntilQuiet();
    t.match(harness.tally(), { processed: 1, faults: 1 });
    harness.facts.of(key).values.delete(metric);
    await t.rejects(settleAndVerify(harness), {
      message: new RegExp(`^P4: .* ${metric} was counted 0 times`),
    });
  });

  t.test(`P4: ${metric} is not missed if the response was lost`, async (t) => {
    const { harness, key } = await harnessWithAnUpload();
    const lost = { outcome: CallOutcome.responseLost, seconds: 0, error: 'none' };
    harness.outcomes.add({ ...lost, service, operation: 'update', skip });
    await harness.time.passUntilQuiet();
    t.match(harness.tally(), { processed: 1, faults: 1 });
    harness.facts.of(key).values.delete(metric);
    await settleAndVerify(harness);
  });
}

t.test('P5: a claim of what was revoked is noticed', async (t) => {
  const { harness, key } = await harnessWithAnUpload();
  const item = harness.facts.of(key).item;
  if (!item) throw new Error('it was issued');
  await harness.uploads.revoke(key);
  harness.rules.tableWritten({ ...item, state: 'CLAIMED' });
  t.match(harness.rules.broken, { message: /^P5: .* it was revoked, now it is CLAIMED/ });
});
