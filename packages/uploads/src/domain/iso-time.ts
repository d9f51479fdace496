/** The time that a field of a message has, as `toISOString` writes it; undefined: it has none. */
export function timeOf(value: unknown): Date | undefined {
  const time = new Date(typeof value === 'string' ? value : Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
