import t from 'tap';
import { documentedOutcomes, outcomesIn } from '../../../test/support/documented-outcomes.ts';
import { createHarness } from './harness.ts';

type Harness = Awaited<ReturnType<typeof createHarness>>;

/** How each outcome that docs/operations.md lists comes about. The message of what was not delivered is left. */
const CAUSES: Readonly<Record<string, (harness: Harness) => Promise<unknown>>> = {
  delivered: async ({ upload, processed, deliver }) => deliver(processed(await upload())),
  async failed({ receiver, upload, processed, postponed }) {
    receiver.respond((response) => response.writeHead(500).end());
    await postponed(processed(await upload()));
  },
  async undelivered({ receiver, upload, processed, deliver }) {
    receiver.respond((response) => response.writeHead(410).end());
    await deliver(processed(await upload())).catch(() => undefined);
  },
  // Its upload failed, and was processed since.
  unsent: async ({ upload, failed, deliver }) => deliver(failed(await upload('PROCESSED'))),
};

t.test('each outcome that is documented is in the log by its cause, and no other', async (t) => {
  const documented = documentedOutcomes().get('webhook-sender');
  t.strictSame(Object.keys(CAUSES), documented);
  const lines: Record<string, unknown>[] = [];
  for (const [outcome, cause] of Object.entries(CAUSES)) {
    const harness = await createHarness(t);
    harness.log.level = 'debug';
    await cause(harness);
    const outcomes = harness.logLines.flatMap((line) => line['outcome'] ?? []);
    t.strictSame(outcomes, [outcome]);
    lines.push(...harness.logLines);
  }
  t.strictSame(outcomesIn('webhook-sender', lines), documented);
});
