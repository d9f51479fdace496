import { acceptedKeyOf, uploadIdOf } from '@upload-once/uploads';
import t from 'tap';
import { createDelivery, createHarness } from './harness.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

t.test(
  'an upload that fails for good has one line, with how long the attempt and all of it took',
  async (t) => {
    const harness = createHarness(async () => {
      harness.pass(3);
      throw new Error('disk full');
    });
    const { key, event } = await harness.accepted();
    harness.pass(10);
    const { delivery } = createDelivery({ receiveCount: 2, isLastReceive: true });
    await t.rejects(harness.processAccepted(event, delivery), { message: 'disk full' });
    t.match(harness.logLines, [
      {
        level: 'warn',
        msg: 'upload failed',
        uploadId: uploadIdOf(key),
        versionId: event.versionId,
        attempt: 1,
        traceId: TRACE_ID,
        durationMs: 3_000,
        leadTimeMs: 13_000,
        outcome: 'failed',
      },
    ]);
    t.equal(harness.logLines.length, 1);
  },
);

t.test('an attempt that fails, and is followed by another, has no such line', async (t) => {
  const harness = createHarness(async () => {
    throw new Error('disk full');
  });
  const { event } = await harness.accepted();
  await t.rejects(harness.deliver(event), { message: 'disk full' });
  t.strictSame(harness.logLines, []);
});

t.test('an object that no upload names as accepted has a line with its upload and outcome', async (t) => {
  const harness = createHarness(async () => undefined);
  const event = harness.createdEvent(acceptedKeyOf('uploads/of no form'));
  await harness.deliver(event);
  t.match(harness.logLines, [{ uploadId: 'of no form', versionId: event.versionId, outcome: 'orphan' }]);
});
