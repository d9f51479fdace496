import { S3Error } from '../s3/errors.ts';
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from '../storage/checksum.ts';
import type { Staged } from '../storage/object-storage.ts';

const CHECKSUM_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};
const MD5_BYTES = 16;

/** What the file must be by the form's own word; values in base64. */
export interface ExpectedChecksums {
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
  readonly md5?: string;
}

/**
 * Reads the fields `x-amz-checksum-*` and `Content-MD5` (Amazon S3 API Reference, "POST Object").
 * @throws S3Error InvalidRequest (400), InvalidDigest (400)
 */
export function expectedChecksums(fields: ReadonlyMap<string, string>): ExpectedChecksums {
  const given = CHECKSUM_ALGORITHMS.flatMap((algorithm) => {
    const value = fields.get(fieldOf(algorithm));
    return value === undefined ? [] : [{ algorithm, value }];
  });
  const [checksum, ...others] = given;
  if (others.length > 0) {
    throw invalidRequest(
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  if (checksum !== undefined && !isBase64Of(checksum.value, CHECKSUM_BYTES[checksum.algorithm])) {
    throw invalidRequest(`Value for ${fieldOf(checksum.algorithm)} header is invalid.`);
  }
  const named = fields.get('x-amz-checksum-algorithm');
  if (named !== undefined && named.toUpperCase() !== checksum?.algorithm) {
    throw invalidRequest(
      'x-amz-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  const md5 = fields.get('content-md5');
  if (md5 !== undefined && !isBase64Of(md5, MD5_BYTES)) {
    throw new S3Error('InvalidDigest', 400, 'The Content-MD5 you specified was invalid.', {
      'Content-MD5': md5,
    });
  }
  return { ...(checksum === undefined ? {} : { checksum }), ...(md5 === undefined ? {} : { md5 }) };
}

/** @throws S3Error BadDigest (400) when the bytes are others than the form says */
export function checkDigests({ checksum, md5 }: ExpectedChecksums, staged: Staged): void {
  if (checksum !== undefined && staged.checksums[checksum.algorithm] !== checksum.value) {
    throw new S3Error(
      'BadDigest',
      400,
      `The ${checksum.algorithm} you specified did not match the calculated checksum.`,
    );
  }
  const calculated = Buffer.from(staged.md5Hex, 'hex').toString('base64');
  if (md5 !== undefined && md5 !== calculated) {
    throw new S3Error('BadDigest', 400, 'The Content-MD5 you specified did not match what we received.', {
      ExpectedDigest: md5,
      CalculatedDigest: calculated,
    });
  }
}

function fieldOf(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

function isBase64Of(value: string, bytes: number): boolean {
  const decoded = Buffer.from(value, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === value;
}

function invalidRequest(message: string): S3Error {
  return new S3Error('InvalidRequest', 400, message);
}
