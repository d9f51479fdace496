import t from 'tap';
import { createHarness } from '../src/harness.ts';
import { AT_ONCE } from '../src/simulation/bucket-events.ts';
import { CallOutcome } from '../src/simulation/call-outcome.ts';
import type { ServiceName } from '../src/simulation/worker-process.ts';
import { settleAndVerify } from '../src/verify.ts';

/** Longer than a stop waits for the work in flight. */
const WORK_SECONDS = 110;
/** When S3 carries out a copy that was broken off: after all deploys. */
const LATE_SECONDS = 3_600;
const DEPLOYS = 12;
const MAX_RECEIVE_COUNT = 3;

/** One worker of each service, and an upload for each seed. */
async function harnessWithAnUpload(seed: number) {
  const harness = createHarness({
    seed,
    maxReceiveCount: MAX_RECEIVE_COUNT,
    workersOfEach: 1,
    keptDuplicates: 10,
    bucketRules: 'open' as const,
  });
  const key = await harness.issue('post', 30);
  harness.upload(key, { beginsAfterMs: 0, takesMs: 0, sizeBytes: 3, isOthersForm: false, event: AT_ONCE });
  return { harness, key };
}

/** Replaces every worker of the service, whose stop ends before the next begins. */
async function deploy({ harness }: Awaited<ReturnType<typeof harnessWithAnUpload>>, service: ServiceName) {
  harness.deploy(service);
  await harness.time.pass(40_000);
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  t.test(`P3: a handler that ${DEPLOYS} deploys cut off ends well, seed ${seed}`, async (t) => {
    const made = await harnessWithAnUpload(seed);
    const { harness, key } = made;
    for (let run = 0; run <= DEPLOYS; run += 1)
      harness.handlerPlans.push({
        blocks: false,
        seconds: WORK_SECONDS,
        outcome: 'done',
        onSignal: 'rejects',
      });
    for (let count = 0; count < DEPLOYS; count += 1) {
      await harness.time.pass(20_000);
      await deploy(made, 'processor');
    }
    t.match(harness.facts.of(key).item, { state: 'PROCESSING', attempt: DEPLOYS + 1 });
    await harness.time.pass(WORK_SECONDS * 1000);
    t.match(harness.facts.of(key).item, { state: 'PROCESSED', attempt: DEPLOYS + 1 });
    t.strictSame(harness.queues.processor.deadBodies, []);
    await settleAndVerify(harness);
  });

  t.test(`P3: a copy that ${DEPLOYS} deploys cut off ends well, seed ${seed}`, async (t) => {
    const made = await harnessWithAnUpload(seed);
    const { harness, key } = made;
    const slow = { outcome: CallOutcome.slow, seconds: LATE_SECONDS, error: 'none', skip: 0 };
    for (let count = 0; count < DEPLOYS; count += 1) {
      harness.outcomes.add({ ...slow, service: 'acceptor', operation: 'copyIfAbsent' });
    }
    for (let count = 0; count < DEPLOYS; count += 1) {
      await harness.time.pass(5_000);
      await deploy(made, 'acceptor');
    }
    await settleAndVerify(harness);
    t.match(harness.facts.of(key).item, { state: 'PROCESSED' });
    t.strictSame(harness.queues.acceptor.deadBodies, []);
  });
}

/** A message that a dead poll has taken comes back after this time; the next deploy is there just before. */
const HIDDEN_SECONDS = 30;

for (const seed of [1, 2, 3, 4, 5, 6]) {
  t.test(
    `P3: uploads that come while ${DEPLOYS} deploys are under way all reach a handler, seed ${seed}`,
    async (t) => {
      const { harness, key } = await harnessWithAnUpload(seed);
      const keys = [key];
      for (let count = 0; count < DEPLOYS; count += 1) {
        await harness.time.pass(HIDDEN_SECONDS * 1000 - 200);
        for (const service of ['acceptor', 'processor'] as const) harness.deploy(service);
        await harness.time.pass(200);
        for (let uploads = 0; uploads < 3; uploads += 1) {
          const next = await harness.issue('post', 30);
          harness.upload(next, {
            beginsAfterMs: 0,
            takesMs: 0,
            sizeBytes: 3,
            isOthersForm: false,
            event: AT_ONCE,
          });
          keys.push(next);
        }
      }
      await harness.time.passUntilQuiet();
      t.strictSame([harness.queues.acceptor.deadBodies, harness.queues.processor.deadBodies], [[], []]);
      await settleAndVerify(harness);
      for (const each of keys) t.match(harness.facts.of(each).item, { state: 'PROCESSED' });
    },
  );
}
