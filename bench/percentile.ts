/** The nearest-rank percentile: the smallest value that at least `percent` % of all values do not exceed. @param values at least one */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  const value = sorted[rank - 1];
  if (value === undefined) throw new RangeError('a percentile needs at least one value');
  return value;
}
