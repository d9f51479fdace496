// An update that counts surplus, which the client's own retry overtakes: it takes effect when no message is left.
import { ACCEPTED_PREFIX, type ObservedKind } from '@upload-once/uploads';
import t from 'tap';
import { createHarness } from '../src/harness.ts';
import { AT_ONCE } from '../src/simulation/bucket-events.ts';
import { CallOutcome } from '../src/simulation/call-outcome.ts';
import { settleAndVerify } from '../src/verify.ts';

const ORPHAN: ObservedKind = 'orphan';
const VERSIONS = 5;
const KEPT = 2;
/** Three events of each of three surplus versions: the count is nine, one less than what is reported. */
const EVENTS_AT_MS = [0, 60_000, 120_000];
const LATE_SECONDS = 600;

async function harnessWithOrphans() {
  const harness = createHarness({
    seed: 1,
    maxReceiveCount: 4,
    workersOfEach: 1,
    keptDuplicates: KEPT,
    bucketRules: 'open' as const,
  });
  harness.orphan(ACCEPTED_PREFIX, VERSIONS, { ...AT_ONCE, delaysMs: EVENTS_AT_MS });
  const [key = ''] = harness.facts.all.keys();
  // The first event of each is handled; what comes now only counts.
  await harness.time.pass(50_000);
  const surplus = async () => (await harness.uploads.getTally(key, ORPHAN))?.surplus;
  return { harness, key, surplus };
}

t.test(
  'P4: a count that lands after its own retry adds one, and each version is reported or counted',
  async (t) => {
    const { harness, key, surplus } = await harnessWithOrphans();
    harness.outcomes.add({
      service: 'processor',
      operation: 'update',
      // Two workers begin: what each writes for a lease is refused, since there is no such upload.
      skip: 2,
      outcome: CallOutcome.overtaken,
      seconds: LATE_SECONDS,
      error: 'none',
    });
    await harness.time.pass(300_000);
    t.equal(await surplus(), 9, 'all events are handled');
    t.equal(harness.queues.processor.depth, 0, 'no message is left');
    await settleAndVerify(harness);
    t.match(await harness.uploads.getTally(key, ORPHAN), { surplus: 10, surplusReported: 0 });
    t.equal((await harness.uploads.listObservedVersions(key)).length, KEPT);
    t.equal(harness.reports.sent.length, KEPT, 'of each version that is kept, and of no count');
  },
);

t.test('P4: a count that a worker made and did not report is noticed', async (t) => {
  const { harness, key, surplus } = await harnessWithOrphans();
  await harness.time.pass(300_000);
  t.equal(await surplus(), 9);
  await harness.uploads.countSurplus(key, ORPHAN, 1);
  await t.rejects(settleAndVerify(harness), {
    code: 'PromiseBroken',
    message: `P4: ${key}: 10 versions were counted, and 0 reported`,
  });
});
