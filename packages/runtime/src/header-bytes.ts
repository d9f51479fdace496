/** What a string takes in memory besides its characters. Each name and each value of a header is one. */
const STRING_OVERHEAD_BYTES = 32;

/** The shortest field with a name that takes memory of its own, as `ab:` and the end of its line. */
const LEAST_BYTES_OF_A_FIELD = 5;

/** Node.js keeps no more fields of a header than these (Node.js, "server.maxHeadersCount"). */
const MAX_FIELDS = 1_000;

/** The memory that names and values of a header or of trailers take. */
export function memoryBytes(strings: readonly string[]): number {
  return charactersOf(strings) + strings.length * STRING_OVERHEAD_BYTES;
}

/** The bytes that a client sends for these. Behind each there are two, as `: ` or the end of a line. */
export function sentBytes(strings: readonly string[]): number {
  return charactersOf(strings) + 2 * strings.length;
}

/** The most memory that a header or trailers take after `bytes` bytes of them have arrived. */
export function partMemoryBytes(bytes: number): number {
  const fields = Math.min(Math.floor(bytes / LEAST_BYTES_OF_A_FIELD), MAX_FIELDS);
  return bytes + 2 * fields * STRING_OVERHEAD_BYTES;
}

function charactersOf(strings: readonly string[]): number {
  return strings.reduce((sum, { length }) => sum + length, 0);
}
