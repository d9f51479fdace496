import { fileURLToPath } from 'node:url';
import { allMutations } from './mutants/all-mutations.ts';
import { type Outcome, tryMutations, Verdict } from './mutants/try-mutations.ts';

/**
 * `make mutants`: breaks the code on purpose, one way after the other, in a copy, and looks whether the tests notice. `ONLY=id` tries
 * one, and shows what its test says. Exit code 1 when a mutation survives or can't be tried.
 */
const repository = fileURLToPath(new URL('..', import.meta.url));
/** As many as the smallest machine that this is run on has cores. */
const COPIES = 2;

const only = process.env['ONLY'] ?? '';
const mutations = allMutations.filter(({ id }) => only === '' || id === only);
if (mutations.length === 0) {
  const ids = allMutations.map(({ id }) => id).join(', ');
  process.stderr.write(`ONLY: there is no mutation "${only}"; there are ${ids}\n`);
  process.exit(2);
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stop.abort(new Error(`stopped by ${signal}; nothing was changed`)));
}

const startedAtMs = performance.now();
try {
  const outcomes = await tryMutations({
    repository,
    mutations,
    copies: COPIES,
    tell: show,
    signal: stop.signal,
  });
  const found = outcomes.filter(({ verdict }) => verdict === Verdict.found).length;
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0);
  process.stdout.write(
    `${outcomes.length} mutations in ${seconds} s: ${found} found, ${outcomes.length - found} not\n`,
  );
  if (found < outcomes.length) process.exitCode = 1;
} catch (error) {
  if (!stop.signal.aborted) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

function show({ mutation, verdict, reason, output }: Outcome): void {
  const { id, change, breaks, noticedBy } = mutation;
  if (only !== '') process.stdout.write(`${output}\n`);
  process.stdout.write(`${verdict.padEnd(9)} ${id.padEnd(24)} ${breaks.slice(0, 2)}  ${noticedBy.test}\n`);
  if (verdict !== Verdict.found) process.stdout.write(`          ${change}: ${reason}\n`);
}
