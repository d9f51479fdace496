import { withGeneratedPart } from '../generated-part.ts';
import { allMutations } from './all-mutations.ts';
import type { Mutation } from './mutation.ts';

const BEGIN = '<!-- mutations: made by `make docs` from scripts/mutants -->';
const END = '<!-- end of mutations -->';

/** scripts/mutants/README.md with its table renewed. @throws Error when the document has no place for it */
export function withMutationsTable(document: string): string {
  return withGeneratedPart(document, { begin: BEGIN, end: END, text: tableOf(allMutations) });
}

function tableOf(mutations: readonly Mutation[]): string {
  const rows = mutations.map(
    ({ id, change, breaks, noticedBy }) => `| \`${id}\`: ${change} | ${breaks} | ${noticedBy} |`,
  );
  const count = mutations.length;
  return [`| mutation (${count}) | what it breaks | found by the test |`, '|---|---|---|', ...rows].join(
    '\n',
  );
}
