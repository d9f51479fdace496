import type { ObjectStore, VersionDescription } from '../ports/object-store.ts';

/** One version under its key. */
export interface DescribedVersion {
  readonly key: string;
  readonly description: VersionDescription;
}

/** Those for which it is not feasible to make other bytes with the digest of a given file. */
const PROVING_DIGESTS = ['MD5', 'SHA-1', 'SHA-256'];

/**
 * Says in which way two versions differ; undefined when their bytes, and all that S3 reports about them, are the same. When each was
 * stored, and under which version id, is left out.
 *
 * Digests that both have distinguish different bytes. That the bytes are the same is proven by `PROVING_DIGESTS` alone: it is easy to make
 * other bytes with the CRC of a file. Without such a digest S3 reads both versions. So the result is never a guess.
 */
export async function differenceOf(
  objects: Pick<ObjectStore, 'haveSameBytes'>,
  one: DescribedVersion,
  other: DescribedVersion,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const [a, b] = [one.description, other.description];
  if (a.sizeBytes !== b.sizeBytes) return `one has ${a.sizeBytes} bytes, the other ${b.sizeBytes}`;
  const names = new Set([...Object.keys(a.attributes), ...Object.keys(b.attributes)]);
  for (const name of names) {
    if (a.attributes[name] !== b.attributes[name]) return `they differ in ${name}`;
  }
  const common = Object.keys(a.digests).filter((name) => b.digests[name] !== undefined);
  const different = common.find((name) => a.digests[name] !== b.digests[name]);
  if (different !== undefined) return `they differ in their ${different}`;
  if (common.some((name) => PROVING_DIGESTS.includes(name))) return undefined;
  const hasSameBytes = await objects.haveSameBytes({ ...a, key: one.key }, { ...b, key: other.key }, signal);
  return hasSameBytes ? undefined : 'they differ in their SHA-256';
}
