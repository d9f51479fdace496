import type { ChecksumAlgorithm, FinishedDigests } from './checksum.ts';
import type { ObjectVersion } from './object-version.ts';

/** What a version's own description says of its bytes, when it says all that is wanted. */
export function knownDigests(
  version: ObjectVersion,
  algorithms: readonly ChecksumAlgorithm[],
): FinishedDigests | undefined {
  const whole = version.checksumType === 'FULL_OBJECT';
  if (
    version.eTag.includes('-') ||
    !whole ||
    algorithms.some((name) => version.checksums[name] === undefined)
  ) {
    return undefined;
  }
  const checksums = Object.fromEntries(algorithms.map((name) => [name, version.checksums[name] ?? '']));
  return { sizeBytes: version.sizeBytes, md5Hex: version.eTag, checksums };
}
