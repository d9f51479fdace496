import type { ChecksumAlgorithm } from '../storage/checksum.ts';
import type { MultipartUpload } from '../storage/multipart-uploads.ts';
import { invalidRequest } from './answers.ts';

/**
 * What is computed of a part: what its sender gave, and what the upload was created with. Where the object's checksum
 * will be made of the parts', each part has to come with its own.
 *
 * @throws S3Error InvalidRequest (400)
 */
export function choosePartAlgorithms(
  { checksumAlgorithm, checksumType }: MultipartUpload,
  sent: readonly ChecksumAlgorithm[],
): ChecksumAlgorithm[] {
  if (checksumAlgorithm === undefined) return [...sent];
  const [actual] = sent;
  if (actual === undefined ? checksumType === 'COMPOSITE' : actual !== checksumAlgorithm) {
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${checksumAlgorithm.toLowerCase()}, actual checksum Type: ${actual?.toLowerCase() ?? 'null'}`,
    );
  }
  return [checksumAlgorithm];
}
