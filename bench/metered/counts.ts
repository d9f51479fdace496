/** What was counted of one process, by name: calls as `<service> <operation>`, units, and its log. */
export type Counts = Readonly<Record<string, number>>;

export function difference(later: Counts, earlier: Counts): Counts {
  return Object.fromEntries(
    Object.entries(later).map(([name, count]) => [name, count - (earlier[name] ?? 0)]),
  );
}

export function sum(all: readonly Counts[]): Counts {
  const total: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  }
  return total;
}
