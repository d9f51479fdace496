import t from 'tap';
import { codeAlarm, isSetOff } from '../../../test/support/code-alarm.ts';
import { createDelivery, createHarness, LEASE_SECONDS } from './harness.ts';

t.test('alarm waiting-time: an upload that finds no place for two hours sets it off', async (t) => {
  const alarm = codeAlarm('waiting-time');
  const began = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const harness = createHarness(
    () => {
      began.resolve();
      return end.promise;
    },
    { limitSeconds: 39_600 },
  );
  const [one, two] = [await harness.accepted(), await harness.accepted()];
  // A process that ended with both leaves their leases to run out.
  for (const { key, event } of [one, two]) {
    const lease = { acceptedVersionId: event.versionId, leaseOwner: 'dead', leaseSeconds: LEASE_SECONDS };
    await harness.uploads.startProcessing(key, lease);
  }
  harness.pass(LEASE_SECONDS);
  const work = harness.deliver(one.event);
  await began.promise;
  const waits = () => harness.deliver(two.event);
  await t.rejects(waits(), { code: 'NotBegun' });
  t.notOk(isSetOff(alarm, 'processor', harness.written()));
  harness.pass(7_200);
  await t.rejects(waits(), { code: 'NotBegun' });
  t.ok(isSetOff(alarm, 'processor', harness.written()));
  end.resolve();
  await work.catch(() => undefined);
});

t.test('alarm webhook-events-lost: a failed upload whose event SQS does not take sets it off', async (t) => {
  const alarm = codeAlarm('webhook-events-lost');
  const harness = createHarness(() => Promise.reject(new Error('disk full')), { hasWebhooks: true });
  const fail = async () => {
    const { event } = await harness.accepted();
    const { delivery } = createDelivery({ isLastReceive: true });
    await t.rejects(harness.processAccepted(event, delivery), { message: 'disk full' });
  };
  await fail();
  t.notOk(isSetOff(alarm, 'processor', harness.written()), 'SQS has taken its event');
  harness.webhookFaults.failNext('before', 'sendUploadEvent', new Error('SQS does not respond'));
  await fail();
  t.ok(isSetOff(alarm, 'processor', harness.written()));
});
