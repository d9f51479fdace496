import t from 'tap';
import { documentedOutcomes, outcomesIn } from '../../../test/support/documented-outcomes.ts';
import { createHarness } from './harness.ts';

type Harness = ReturnType<typeof createHarness>;

/** How each outcome that docs/operations.md lists comes about. */
const CAUSES: Readonly<Record<string, (harness: Harness) => Promise<void>>> = {
  async accepted(harness) {
    await harness.deliver(harness.upload(await harness.issue(), 'first'));
  },
  async duplicate(harness) {
    const key = await harness.issue();
    for (const text of ['first', 'another']) await harness.deliver(harness.upload(key, text));
  },
  async 'identical-duplicate'(harness) {
    const key = await harness.issue();
    for (const text of ['first', 'first']) await harness.deliver(harness.upload(key, text));
  },
  async refused(harness) {
    const key = await harness.issue();
    await harness.uploads.revoke(key);
    await harness.deliver(harness.upload(key, 'too late'));
  },
  async orphan(harness) {
    await harness.deliver(harness.upload('uploads/of no form', 'hello'));
  },
};

t.test('each outcome that is documented is in the log by its cause, and no other', async (t) => {
  const documented = documentedOutcomes().get('acceptor');
  t.strictSame(Object.keys(CAUSES), documented);
  const lines: Record<string, unknown>[] = [];
  for (const [outcome, cause] of Object.entries(CAUSES)) {
    const harness = createHarness();
    await cause(harness);
    t.equal(harness.logLines.at(-1)?.['outcome'], outcome);
    lines.push(...harness.logLines);
  }
  t.strictSame(outcomesIn('acceptor', lines), documented);
});
