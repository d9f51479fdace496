/** One change of the code for the worse, and the test that has to notice it. */
export interface Mutation {
  /** Short and unique: what `ONLY=` takes. */
  readonly id: string;
  /** What is done to the code. */
  readonly change: string;
  /** The promise of docs/design.md that it breaks, and how; a rule of docs/traces.md; or what a metric says. */
  readonly breaks:
    | `P${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}: ${string}`
    | `traces: ${string}`
    | `metrics: ${string}`;
  /** From the top of the repository, as all paths here. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The file of tests. */
  readonly noticedIn: string;
  /** The test's name as tap prints it; ` > ` leads into a test within a test. */
  readonly noticedBy: string;
}

/** The code has moved on: what the mutation would change is not there once. */
export class MutationDoesNotApply extends Error {
  readonly code = 'MutationDoesNotApply';
}

/** The file's text with the mutation in it. @throws MutationDoesNotApply */
export function mutate(source: string, mutation: Mutation): string {
  const [before, after, ...others] = source.split(mutation.find);
  if (before === undefined || after === undefined || others.length > 0) {
    const times = after === undefined ? 'not there' : `there ${others.length + 1} times`;
    throw new MutationDoesNotApply(
      `${mutation.id}: what it changes is ${times} in ${mutation.file}; bring \`find\` up to date:\n${mutation.find}`,
    );
  }
  return before + mutation.replace + after;
}
