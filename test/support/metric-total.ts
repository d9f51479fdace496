/** The sum of all values of a metric in lines of a service. A line has one value of it or an array, or no such metric. */
export function metricTotal(lines: readonly Readonly<Record<string, unknown>>[], metric: string): number {
  return lines
    .filter((line) => '_aws' in line)
    .flatMap((line) => (line[metric] ?? []) as number | number[])
    .reduce((sum, value) => sum + value, 0);
}
