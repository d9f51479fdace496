type Lines = readonly Readonly<Record<string, unknown>>[];

/** All values of a metric in lines of a service, in their order. A line has one value of it or an array, or no such metric. */
export function metricValues(lines: Lines, metric: string): number[] {
  return lines.filter((line) => '_aws' in line).flatMap((line) => (line[metric] ?? []) as number | number[]);
}

/** The sum of all values of a metric in lines of a service. */
export function metricTotal(lines: Lines, metric: string): number {
  return metricValues(lines, metric).reduce((sum, value) => sum + value, 0);
}
