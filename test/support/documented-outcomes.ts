import { readFileSync } from 'node:fs';

/** The outcomes that docs/operations.md lists for the log lines of each service. */
export function documentedOutcomes(): ReadonlyMap<string, readonly string[]> {
  const operations = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const [, table = ''] = /\n\| service \| `outcome` \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(operations) ?? [];
  return new Map(
    [...table.matchAll(/^\| ([a-z-]+) \| (.*) \|$/gm)].map(([, service = '', list = '']) => [
      service,
      list.split(/, (?=`)/).map((entry) => /^`([a-z-]+)`/.exec(entry)?.[1] ?? `not an outcome: ${entry}`),
    ]),
  );
}

/** The outcomes of these lines, each once, in the order of the documentation: what is not there comes last. */
export function outcomesIn(service: string, lines: readonly Record<string, unknown>[]): unknown[] {
  const documented: readonly unknown[] = documentedOutcomes().get(service) ?? [];
  const found = new Set<unknown>(
    lines.map(({ outcome }) => outcome).filter((outcome) => outcome !== undefined),
  );
  return [
    ...documented.filter((outcome) => found.has(outcome)),
    ...[...found].filter((outcome) => !documented.includes(outcome)),
  ];
}
