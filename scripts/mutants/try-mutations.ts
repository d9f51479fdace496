import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Mutation, MutationDoesNotApply, mutate } from './mutation.ts';
import { runTest, TestEnd } from './run-test.ts';
import { copyTree, type TreeCopy } from './tree-copy.ts';

/** What a test gets at most without a mutation, and at least with one. */
const LIMIT_SECONDS = 60;
const LEAST_LIMIT_SECONDS = 10;
/** A test that takes so many times as long as it did before waits for what does not come any more. */
const HANGS_AFTER_TIMES = 10;

export const Verdict = {
  /** The test that has to notice it failed. */
  found: 'found',
  survived: 'SURVIVED',
  /** The mutation, or its test, is not what it says it is: nothing was learned. */
  unusable: 'UNUSABLE',
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

export interface Outcome {
  readonly mutation: Mutation;
  readonly verdict: Verdict;
  /** Why, in a line or two; '' for `found`. */
  readonly reason: string;
  /** What the test printed with the mutation in place. */
  readonly output: string;
}

/**
 * Tries each mutation in a copy of the repository: its test must pass before, and fail with the mutation in place, which is then taken
 * back. A few copies work at once, each on one mutation at a time; the repository itself is only read.
 * @param options.copies 1 or more
 * @param options.tell called as each is done
 * @returns in the order of the mutations
 * @throws the signal's reason, as soon as all that was started has ended
 */
export async function tryMutations(options: {
  readonly repository: string;
  readonly mutations: readonly Mutation[];
  readonly copies: number;
  readonly tell: (outcome: Outcome) => void;
  readonly signal: AbortSignal;
}): Promise<Outcome[]> {
  const { repository, mutations, copies, tell, signal } = options;
  const outcomes: Outcome[] = [];
  const queue = mutations.entries();

  async function work(): Promise<void> {
    const copy = await copyTree(repository);
    try {
      for (const [index, mutation] of queue) {
        const outcome = await tryOne(copy, mutation, signal);
        if (signal.aborted) return;
        outcomes[index] = outcome;
        tell(outcome);
      }
    } finally {
      await copy.remove();
    }
  }

  const workers = await Promise.allSettled(Array.from({ length: Math.min(copies, mutations.length) }, work));
  signal.throwIfAborted();
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
  return outcomes;
}

async function tryOne(copy: TreeCopy, mutation: Mutation, signal: AbortSignal): Promise<Outcome> {
  const { noticedIn: file, noticedBy: test } = mutation;
  const unusable = (reason: string, output = '') =>
    ({ mutation, verdict: Verdict.unusable, reason, output }) as const;
  const path = join(copy.folder, mutation.file);
  const source = await readFile(path, 'utf8');
  let mutated: string;
  try {
    mutated = mutate(source, mutation);
  } catch (error) {
    if (error instanceof MutationDoesNotApply) return unusable(error.message);
    throw error;
  }

  const before = await runTest(copy.folder, { file, test }, LIMIT_SECONDS, signal);
  if (before.end === TestEnd.notRun) return unusable(`${file} runs no test "${test}"`, before.output);
  if (before.end === TestEnd.failed)
    return unusable(`without the mutation "${test}" fails as well`, before.output);

  const hangsAfterSeconds = Math.ceil(before.seconds * HANGS_AFTER_TIMES);
  const limitSeconds = Math.min(LIMIT_SECONDS, Math.max(LEAST_LIMIT_SECONDS, hangsAfterSeconds));
  await writeFile(path, mutated);
  try {
    const { end, output } = await runTest(copy.folder, { file, test }, limitSeconds, signal);
    if (end === TestEnd.failed) return { mutation, verdict: Verdict.found, reason: '', output };
    if (end === TestEnd.notRun)
      return unusable(`with the mutation "${test}" does not begin: is the code still code?`, output);
    return { mutation, verdict: Verdict.survived, reason: `"${test}" passes with it`, output };
  } finally {
    await writeFile(path, source);
  }
}
