import { S3Error } from '../s3-error.ts';
import type { Checksums } from '../storage/checksum.ts';
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, type FinishedDigests } from '../storage/checksum.ts';
import type { NamedValues } from './named-values.ts';
import { invalidRequest, notImplemented } from './responses.ts';

const PREFIX = 'x-amz-checksum-';
const CHECKSUM_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};
const MD5_BYTES = 16;
/** Names that begin like a checksum's but name no checksum. */
const NO_CHECKSUMS = new Set(['algorithm', 'mode', 'type']);

/** What bytes must be by their sender's own word. */
export interface ExpectedDigests {
  /** To be computed while the bytes pass by. */
  readonly algorithms: readonly ChecksumAlgorithm[];
  /** @throws S3Error BadDigest, InvalidRequest (400) when the bytes are others than was said */
  check(computed: Pick<FinishedDigests, 'md5Hex' | 'checksums'>, trailers?: NamedValues): void;
}

/**
 * Reads `x-amz-checksum-*`, its trailer and `Content-MD5` (Amazon S3 User Guide, "Checking object integrity").
 *
 * @throws S3Error InvalidRequest, InvalidDigest (400); NotImplemented (501) for an algorithm that is not offered here
 */
export function expectedDigests(
  given: NamedValues,
  announcedTrailers: readonly string[] = [],
): ExpectedDigests {
  const checksums = givenChecksums(given);
  const [said, ...others] = Object.entries(checksums) as [ChecksumAlgorithm, string][];
  const [trailing, ...otherTrailers] = announcedTrailers.flatMap((name) => algorithmOf(name) ?? []);
  const algorithm = said?.[0] ?? trailing;
  if (others.length > 0 || otherTrailers.length > 0 || (said !== undefined && trailing !== undefined)) {
    throw invalidRequest(
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  const wanted = given.get('x-amz-sdk-checksum-algorithm');
  if (wanted !== undefined && wanted.toUpperCase() !== algorithm) {
    throw invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  const md5 = given.get('content-md5');
  if (md5 !== undefined && !isBase64Of(md5, MD5_BYTES)) {
    throw new S3Error('InvalidDigest', 400, 'The Content-MD5 you specified was invalid.', {
      'Content-MD5': md5,
    });
  }
  return {
    algorithms: algorithm === undefined ? [] : [algorithm],
    check(computed, trailers = new Map()) {
      const expected = trailing === undefined ? checksums : givenChecksums(trailers);
      checkChecksums(expected, computed.checksums);
      if (md5 !== undefined) checkMd5(md5, computed.md5Hex);
    },
  };
}

/** The values of all `x-amz-checksum-*`, by algorithm. @throws S3Error InvalidRequest (400), NotImplemented (501) */
export function givenChecksums(given: NamedValues): Checksums {
  const checksums: Partial<Record<ChecksumAlgorithm, string>> = {};
  for (const [name, value] of given) {
    const algorithm = algorithmOf(name);
    if (algorithm === undefined) continue;
    // A multipart object's own checksum may have the number of its parts at its end.
    if (!isBase64Of(value.replace(/-\d+$/, ''), CHECKSUM_BYTES[algorithm])) {
      throw invalidRequest(`Value for ${name} header is invalid.`);
    }
    checksums[algorithm] = value;
  }
  return checksums;
}

/** @throws S3Error InvalidRequest (400) */
export function readAlgorithm(value: string): ChecksumAlgorithm {
  const algorithm = CHECKSUM_ALGORITHMS.find((name) => name === value.toUpperCase());
  if (algorithm !== undefined) return algorithm;
  throw invalidRequest(
    `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${CHECKSUM_ALGORITHMS.join(', ')}]`,
  );
}

function algorithmOf(name: string): ChecksumAlgorithm | undefined {
  if (!name.startsWith(PREFIX) || NO_CHECKSUMS.has(name.slice(PREFIX.length))) return undefined;
  const algorithm = CHECKSUM_ALGORITHMS.find(
    (candidate) => candidate === name.slice(PREFIX.length).toUpperCase(),
  );
  if (algorithm === undefined) throw notImplemented(name);
  return algorithm;
}

function checkChecksums(expected: Checksums, computed: Checksums): void {
  for (const [algorithm, value] of Object.entries(expected)) {
    if (computed[algorithm as ChecksumAlgorithm] === value) continue;
    throw new S3Error(
      'BadDigest',
      400,
      `The ${algorithm} you specified did not match the calculated checksum.`,
    );
  }
}

function checkMd5(expected: string, md5Hex: string): void {
  const calculated = Buffer.from(md5Hex, 'hex').toString('base64');
  if (expected === calculated) return;
  throw new S3Error('BadDigest', 400, 'The Content-MD5 you specified did not match what we received.', {
    ExpectedDigest: expected,
    CalculatedDigest: calculated,
  });
}

function isBase64Of(value: string, bytes: number): boolean {
  const decoded = Buffer.from(value, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === value;
}
