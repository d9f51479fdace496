import { fileURLToPath } from 'node:url';
import { allMutations } from './mutants/all-mutations.ts';
import type { Mutation } from './mutants/mutation.ts';
import { type GuardedFile, guardedFiles, thresholdOf } from './mutants/stryker/guarded-files.ts';
import { runStryker } from './mutants/stryker/run-stryker.ts';
import { type Outcome, tryMutations, Verdict } from './mutants/try-mutations.ts';

/**
 * `make mutants`: breaks the code on purpose, one way after the other, in a copy, and looks whether the tests notice. `ONLY=id` tries
 * one named mutation, and shows what its test says; `FILE=path` has Stryker try one file. Exit code 1 when a named mutation survives or
 * can't be tried, or too many of Stryker's survive in a file.
 */
const repository = fileURLToPath(new URL('..', import.meta.url));
/** As many as the smallest machine that this is run on has cores. */
const COPIES = 2;

const { ONLY: only = '', FILE: file = '' } = process.env;
const isAll = only === '' && file === '';
const mutations = allMutations.filter(({ id }) => isAll || id === only);
const guarded = guardedFiles.filter((each) => isAll || each.file === file);
if (only !== '' && mutations.length === 0)
  refuse(
    'ONLY',
    only,
    allMutations.map(({ id }) => id),
  );
if (file !== '' && guarded.length === 0)
  refuse(
    'FILE',
    file,
    guardedFiles.map((each) => each.file),
  );

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stop.abort(new Error(`stopped by ${signal}; nothing was changed`)));
}

try {
  if (mutations.length > 0) await tryNamed(mutations);
  for (const each of guarded) await score(each);
} catch (error) {
  if (!stop.signal.aborted) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

function refuse(name: string, value: string, known: readonly string[]): never {
  process.stderr.write(`${name}: there is no "${value}"; there are ${known.join(', ')}\n`);
  process.exit(2);
}

async function tryNamed(mutations: readonly Mutation[]): Promise<void> {
  const startedAtMs = performance.now();
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
}

async function score(guarded: GuardedFile): Promise<void> {
  const { killed, mutants, survivors } = await runStryker(repository, guarded, stop.signal);
  for (const survivor of survivors) process.stdout.write(`SURVIVED  ${survivor}\n`);
  const percent = (100 * killed) / mutants;
  const on = new Date().toISOString().slice(0, 10);
  process.stdout.write(
    `${guarded.file}: ${percent.toFixed(1)} %, at least ${thresholdOf(guarded)} %; measured: { killed: ${killed}, mutants: ${mutants}, on: '${on}' }\n`,
  );
  if (percent < thresholdOf(guarded)) process.exitCode = 1;
}

function show({ mutation, verdict, reason, output }: Outcome): void {
  const { id, change, breaks, noticedBy } = mutation;
  if (only !== '') process.stdout.write(`${output}\n`);
  process.stdout.write(
    `${verdict.padEnd(9)} ${id.padEnd(24)} ${breaks.replace(/:.*/, '').padEnd(6)}  ${noticedBy}\n`,
  );
  if (verdict !== Verdict.found) process.stdout.write(`          ${change}: ${reason}\n`);
}
