import { runHistories } from './history.ts';

const runs = wholeNumber('RUNS', 10_000);
const seed = wholeNumber('SEED', Date.now() % 2 ** 31);
const startedAtMs = performance.now();
process.stdout.write(`${runs} histories, SEED=${seed}\n`);
const { histories, tally, failure } = await runHistories({ runs, seed });
const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0);
if (failure === undefined) {
  const { forms, versions, processed, keptApart, surplus, handlerRuns, faults } = tally;
  const { webhookEvents, takeovers, failures, takenCopies, planted } = tally;
  process.stdout.write(
    `${histories} histories in ${seconds} s, no promise broken: ${forms} forms, ${versions} versions, ` +
      `${processed} processed in ${handlerRuns} runs, ${webhookEvents} events for webhooks, ${keptApart} kept apart, ${surplus} counted beyond them, ${faults} faults, ` +
      `${takeovers} takeovers, ${failures} attempts FAILED, ${takenCopies} copies taken before their record, ` +
      `${planted} objects put under accepted/ by another hand\n`,
  );
} else {
  process.stderr.write(`${failure}\n`);
  process.exitCode = 1;
}

function wholeNumber(name: string, otherwise: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return otherwise;
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  process.stderr.write(`${name} is a whole number from 1 to 999999999, not "${text}"\n`);
  return process.exit(2);
}
