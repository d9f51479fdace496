import t from 'tap';
import { createHarness } from './harness.ts';

t.test('QueueTime, HandlerTime and LeadTime are the wait, the attempt, and both', async (t) => {
  const harness = createHarness(async () => harness.pass(3));
  const { event } = await harness.accepted();
  harness.pass(10);
  await harness.deliver(event);
  t.strictSame(harness.values('QueueTime'), [10_000]);
  t.strictSame(harness.values('HandlerTime'), [3_000]);
  t.strictSame(harness.values('LeadTime'), [13_000]);
});

t.test('after an attempt that failed, only the one that succeeded has a HandlerTime', async (t) => {
  let attempts = 0;
  const harness = createHarness(async () => {
    attempts += 1;
    harness.pass(attempts);
    if (attempts === 1) throw new Error('disk full');
  });
  const { event } = await harness.accepted();
  await t.rejects(harness.deliver(event), { message: 'disk full' });
  harness.pass(60);
  await harness.deliver(event, { receiveCount: 2 });
  t.strictSame(harness.values('QueueTime'), [0], 'the first receive alone counts');
  t.strictSame(harness.values('HandlerTime'), [2_000]);
  t.strictSame(harness.values('LeadTime'), [63_000]);
});

t.test('LeadTime begins when the upload was stored, not when its copy was', async (t) => {
  const harness = createHarness(async () => undefined);
  const { event } = await harness.accepted();
  harness.pass(5);
  await harness.deliver({ ...event, storedAt: harness.clock.now });
  t.strictSame(harness.values('LeadTime'), [5_000]);
});
