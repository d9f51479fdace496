import fc from 'fast-check';
import { anyCommand, type Course } from './commands.ts';
import { createHarness, type Tally } from './harness.ts';
import { BucketRules } from './simulation/bucket-rules.ts';
import { settleAndVerify } from './verify.ts';

const MAX_COMMANDS = 50;

/** Any history, from the first form to the last dead letter: none breaks a promise. */
function anyHistory(onEnd: (tally: Tally) => void) {
  return fc.asyncProperty(
    fc.record({
      seed: fc.nat(),
      maxReceiveCount: fc.integer({ min: 2, max: 5 }),
      workersOfEach: fc.integer({ min: 1, max: 2 }),
      keptDuplicates: fc.integer({ min: 1, max: 3 }),
      bucketRules: fc.constantFrom(...Object.values(BucketRules)),
    }),
    fc.commands([anyCommand], { maxCommands: MAX_COMMANDS, size: 'max' }),
    async (options, commands) => {
      const harness = createHarness(options);
      const course: Course = { keys: [] };
      await fc.asyncModelRun(() => ({ model: course, real: harness }), commands);
      await settleAndVerify(harness);
      onEnd(harness.tally());
    },
  );
}

export interface HistoriesReport {
  readonly histories: number;
  /** What all histories together were made of. */
  readonly tally: Tally;
  /** Undefined: no history broke a promise. */
  readonly failure: string | undefined;
}

/** Makes so many histories; the same seed makes the same ones. One that breaks a promise is made as short as it gets. */
export async function runHistories(options: { runs: number; seed: number }): Promise<HistoriesReport> {
  const { runs: numRuns, seed } = options;
  let sum: Tally = {
    forms: 0,
    versions: 0,
    processed: 0,
    keptApart: 0,
    surplus: 0,
    planted: 0,
    handlerRuns: 0,
    webhookEvents: 0,
    faults: 0,
    takeovers: 0,
    failures: 0,
    takenCopies: 0,
  };
  const onEnd = (tally: Tally) => {
    sum = {
      forms: sum.forms + tally.forms,
      versions: sum.versions + tally.versions,
      processed: sum.processed + tally.processed,
      keptApart: sum.keptApart + tally.keptApart,
      surplus: sum.surplus + tally.surplus,
      planted: sum.planted + tally.planted,
      handlerRuns: sum.handlerRuns + tally.handlerRuns,
      webhookEvents: sum.webhookEvents + tally.webhookEvents,
      faults: sum.faults + tally.faults,
      takeovers: sum.takeovers + tally.takeovers,
      failures: sum.failures + tally.failures,
      takenCopies: sum.takenCopies + tally.takenCopies,
    };
  };
  const details = await fc.check(anyHistory(onEnd), { numRuns, seed });
  return {
    histories: details.numRuns,
    tally: sum,
    failure: details.failed ? describe(details, seed) : undefined,
  };
}

function describe<T>(details: fc.RunDetails<T>, seed: number): string {
  const { numRuns, errorInstance } = details;
  return [
    `history ${numRuns} breaks a promise; again: SEED=${seed} RUNS=${numRuns} make model`,
    errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance),
    fc.defaultReportMessage(details),
  ].join('\n');
}
