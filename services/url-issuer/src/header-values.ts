/** Node joins a header that was sent twice into one value, which could even be a good one: so the raw ones are counted. */
export function headerValues(name: string, rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
}
