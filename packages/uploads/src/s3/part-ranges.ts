const MAX_PARTS = 10_000;

/** Byte ranges, both ends included, of at most 10,000 parts: the parts grow with an object that would need more. */
export function partRanges(sizeBytes: number, partBytes: number): string[] {
  const step = Math.max(partBytes, Math.ceil(sizeBytes / MAX_PARTS));
  const ranges: string[] = [];
  for (let start = 0; start < sizeBytes; start += step) {
    ranges.push(`bytes=${start}-${Math.min(start + step, sizeBytes) - 1}`);
  }
  return ranges;
}

/**
 * Works on every range, at most `concurrency` at once. After a failure no other range begins; the first failure is thrown when all that
 * had begun have settled.
 */
export async function forEachRange(
  ranges: readonly string[],
  concurrency: number,
  work: (range: string, index: number) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const left = ranges.entries();

  async function drawRanges(): Promise<void> {
    for (const [index, range] of left) {
      if (failures.length > 0) return;
      await work(range, index);
    }
  }

  await Promise.all(
    Array.from({ length: concurrency }, () => drawRanges().catch((error) => failures.push(error))),
  );
  if (failures.length > 0) throw failures[0];
}
