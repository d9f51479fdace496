import t from 'tap';
import { runHistories } from '../src/history.ts';

const RUNS = 500;
const SEED = 20_260_101;

t.test(`P1 to P5 hold in ${RUNS} random histories`, async (t) => {
  const { histories, tally, failure } = await runHistories({ runs: RUNS, seed: SEED });
  t.equal(failure, undefined);
  t.equal(histories, RUNS);
  t.comment(JSON.stringify(tally));
  // Histories in which nothing happens would break nothing.
  t.ok(tally.processed > RUNS, 'more than one upload a history is processed');
  t.ok(tally.keptApart > RUNS, 'more than one version a history is kept apart');
  t.ok(tally.faults > RUNS, 'more than one fault a history is met');
  t.ok(tally.handlerRuns > tally.processed, 'some uploads are processed again');
  t.ok(tally.webhookEvents > tally.processed, 'some events for webhooks are sent again');
  t.ok(tally.takeovers > 0, 'some attempts begin after another’s lease ran out');
  t.ok(tally.failures > 0, 'some attempts leave FAILED');
  t.ok(tally.takenCopies > 0, 'some copies are there (412), and gone when they are looked for');
});

t.test('the same seed makes the same histories', async (t) => {
  const options = { runs: 20, seed: SEED };
  t.strictSame(await runHistories(options), await runHistories(options));
});
