import { DrainLimitReached } from '@upload-once/queue';
import { acceptedKeyOf, UploadEventType, UploadState, uploadIdOf } from '@upload-once/uploads';
import t from 'tap';
import type { Handler } from '../src/handler.ts';
import { createDelivery, createHarness, inTurn, LEASE_SECONDS } from './harness.ts';

const fails: Handler = async () => {
  throw Object.assign(new Error('disk full: /data'), { clientMessage: 'Column 3 is empty.' });
};

/** A processor with webhooks, whose handlers do this, one after the other; then they succeed. */
function withWebhooks(...handlers: Handler[]) {
  return createHarness(inTurn(...handlers), { hasWebhooks: true });
}

t.test('P3: the event is sent when PROCESSED is recorded, before the acknowledgement', async (t) => {
  const harness = withWebhooks();
  const { key, event } = await harness.accepted();
  const send = harness.webhookFaults.stallNext('before', 'sendUploadEvent');
  let isAcknowledged = false;
  const work = harness.deliver(event).then(() => {
    isAcknowledged = true;
  });
  await send.reached;
  t.match(await harness.uploads.get(key), { state: UploadState.processed });
  await harness.passAwake(1);
  t.equal(isAcknowledged, false);
  const at = (await harness.uploads.get(key))?.processedAt;
  send.release();
  await work;
  t.strictSame(harness.webhookEvents, [
    { type: UploadEventType.processed, key, acceptedVersionId: event.versionId, at },
  ]);
});

t.test('P3: a send that fails brings the message back, which sends the same event again', async (t) => {
  for (const side of ['before', 'after'] as const) {
    const harness = withWebhooks();
    const { key, event } = await harness.accepted();
    harness.webhookFaults.failNext(side, 'sendUploadEvent', new Error('SQS does not respond'));
    const first = harness.deliver(event, { isLastReceive: true });
    await t.rejects(first, { message: 'SQS does not respond' });
    t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 1 });
    harness.pass(60);
    await harness.deliver(event, { receiveCount: 2 });
    t.equal(harness.runs.length, 1, 'the handler has done its work');
    const { processedAt: at } = (await harness.uploads.get(key)) ?? {};
    const sent = { type: UploadEventType.processed, key, acceptedVersionId: event.versionId, at };
    t.strictSame(harness.webhookEvents, side === 'before' ? [sent] : [sent, sent]);
  }
});

t.test('P3: a worker that was taken over sends what the other one may not have sent', async (t) => {
  const began = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const harness = withWebhooks(() => {
    began.resolve();
    return end.promise;
  });
  const { event } = await harness.accepted();
  const asleep = harness.deliver(event);
  await began.promise;
  harness.pass(LEASE_SECONDS);
  harness.webhookFaults.failNext('before', 'sendUploadEvent', new Error('SQS does not respond'));
  await t.rejects(harness.deliver(event));
  t.strictSame(harness.webhookEvents, []);
  end.resolve();
  await asleep;
  t.match(harness.webhookEvents, [{ type: UploadEventType.processed }]);
});

t.test('an object that is not the accepted one has no event, nor has a redelivery of it', async (t) => {
  const harness = withWebhooks();
  const { key, event } = await harness.accepted();
  await harness.deliver(event);
  t.equal(harness.webhookEvents.length, 1);
  const orphan = harness.createdEvent(acceptedKeyOf(key), 'another');
  for (const receiveCount of [1, 2]) await harness.deliver(orphan, { receiveCount });
  t.equal(harness.webhookEvents.length, 1);
});

t.test('upload.failed is sent with the last receive, before FAILED is recorded', async (t) => {
  const harness = withWebhooks(fails, fails);
  const { key, event } = await harness.accepted();
  await t.rejects(harness.deliver(event));
  t.strictSame(harness.webhookEvents, [], 'it is tried again');
  const send = harness.webhookFaults.stallNext('before', 'sendUploadEvent');
  const { delivery } = createDelivery({ receiveCount: 2, isLastReceive: true });
  const work = harness.processAccepted(event, delivery);
  await send.reached;
  t.match(await harness.uploads.get(key), { state: UploadState.processing, attempt: 2 });
  send.release();
  await t.rejects(work, { message: 'disk full: /data' });
  const upload = await harness.uploads.get(key);
  t.match(upload, { state: UploadState.failed });
  t.strictSame(harness.webhookEvents, [
    {
      type: UploadEventType.failed,
      key,
      acceptedVersionId: event.versionId,
      at: upload?.failedAt,
      attempt: 2,
      reason: 'Column 3 is empty.',
    },
  ]);
});

t.test('an upload that fails again after a redrive has an event of the later attempt', async (t) => {
  const harness = withWebhooks(fails, fails);
  const { event } = await harness.accepted();
  for (const receiveCount of [1, 2]) {
    const { delivery } = createDelivery({ receiveCount, isLastReceive: true });
    await t.rejects(harness.processAccepted(event, delivery), { message: 'disk full: /data' });
  }
  t.match(harness.webhookEvents, [{ attempt: 1 }, { attempt: 2 }]);
});

t.test('an error that has no words for the client gives the event none', async (t) => {
  const harness = withWebhooks(() => Promise.reject(new Error('disk full: /data')));
  const { event } = await harness.accepted();
  await t.rejects(harness.deliver(event, { isLastReceive: true }));
  t.equal(harness.webhookEvents.length, 1);
  t.notOk('reason' in (harness.webhookEvents[0] ?? {}));
});

t.test('P3: FAILED is recorded though its event could not be sent, which is counted', async (t) => {
  const harness = withWebhooks(fails);
  const { key, event } = await harness.accepted();
  harness.webhookFaults.failNext('before', 'sendUploadEvent', new Error('SQS does not respond'));
  const work = harness.deliver(event, { isLastReceive: true });
  await t.rejects(work, { message: 'disk full: /data' });
  t.match(await harness.uploads.get(key), { state: UploadState.failed });
  t.equal(harness.total('WebhookEventsLost'), 1);
  const error = harness.logLines.find(({ level }) => level === 'error');
  t.match(error, { uploadId: uploadIdOf(key), err: { message: 'SQS does not respond' } });
});

t.test('a stop with the last receive is no failure, and has no event', async (t) => {
  const began = Promise.withResolvers<void>();
  const harness = withWebhooks((_upload, { signal }) => {
    began.resolve();
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  });
  const { event } = await harness.accepted();
  const { delivery, cutOff } = createDelivery({ isLastReceive: true });
  const work = harness.processAccepted(event, delivery);
  await began.promise;
  cutOff(new DrainLimitReached('the service stops'));
  await t.rejects(work, { code: 'DrainLimitReached' });
  t.strictSame(harness.webhookEvents, []);
});
