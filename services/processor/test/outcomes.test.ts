import { acceptedKeyOf } from '@upload-once/uploads';
import t from 'tap';
import { documentedOutcomes, outcomesIn } from '../../../test/support/documented-outcomes.ts';
import { createDelivery, createHarness } from './harness.ts';

/** How each outcome that docs/operations.md lists comes about. @returns the log */
const CAUSES: Readonly<Record<string, () => Promise<Record<string, unknown>[]>>> = {
  async processed() {
    const harness = createHarness(async () => undefined);
    const { event } = await harness.accepted();
    await harness.deliver(event);
    return harness.logLines;
  },
  async failed() {
    const harness = createHarness(async () => {
      throw new Error('disk full');
    });
    const { event } = await harness.accepted();
    const { delivery } = createDelivery({ isLastReceive: true });
    await harness.processAccepted(event, delivery).catch(() => undefined);
    return harness.logLines;
  },
  async orphan() {
    const harness = createHarness(async () => undefined);
    const event = harness.createdEvent(acceptedKeyOf('uploads/of no form'));
    await harness.deliver(event);
    return harness.logLines;
  },
};

t.test('each outcome that is documented is in the log by its cause, and no other', async (t) => {
  const documented = documentedOutcomes().get('processor');
  t.strictSame(Object.keys(CAUSES), documented);
  const lines: Record<string, unknown>[] = [];
  for (const [outcome, cause] of Object.entries(CAUSES)) {
    const written = await cause();
    t.equal(written.at(-1)?.['outcome'], outcome);
    lines.push(...written);
  }
  t.strictSame(outcomesIn('processor', lines), documented);
});
