import { createHash } from 'node:crypto';
import { S3Error } from '../s3-error.ts';
import type { Checksums, ChecksumType } from './checksum.ts';
import { type ChecksumAlgorithm, startChecksum } from './checksum.ts';
import type { DataFiles } from './data-files.ts';
import type { Completion, MultipartUpload, NamedPart, Part } from './multipart-uploads.ts';
import type { Segment } from './object-version.ts';

/** Amazon S3 User Guide, "Amazon S3 multipart upload limits": every part but the last has at least 5 MiB. */
const MIN_PART_BYTES = 5 * 1024 * 1024;

export interface AssembledParts {
  readonly segments: readonly Segment[];
  readonly sizeBytes: number;
  readonly eTag: string;
  readonly checksums: Checksums;
  readonly checksumType: ChecksumType;
}

/**
 * What the named parts make up, if all that was said of them is true.
 *
 * @throws S3Error InvalidPartOrder, InvalidPart, EntityTooSmall, InvalidRequest, BadDigest (400)
 */
export async function assembleParts(
  upload: MultipartUpload,
  completion: Completion,
  files: DataFiles,
): Promise<AssembledParts> {
  const parts = choose(upload, completion.parts);
  const segments = parts.flatMap((part) => part.segments);
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  if (completion.expectedSizeBytes !== undefined && completion.expectedSizeBytes !== sizeBytes) {
    throw new S3Error(
      'InvalidRequest',
      400,
      `The provided 'x-amz-mp-object-size' header value ${completion.expectedSizeBytes} does not match what was computed: ${sizeBytes}`,
    );
  }
  const md5s = createHash('md5');
  for (const part of parts) md5s.update(Buffer.from(part.eTag, 'hex'));
  const { checksumAlgorithm, checksumType = 'FULL_OBJECT' } = upload;
  const checksums =
    checksumAlgorithm === undefined
      ? {}
      : checksumType === 'COMPOSITE'
        ? await composite(checksumAlgorithm, parts)
        : (await files.digest(segments, [checksumAlgorithm])).checksums;
  assertExpected(completion.expectedChecksums, checksums);
  return { segments, sizeBytes, eTag: `${md5s.digest('hex')}-${parts.length}`, checksums, checksumType };
}

function choose(upload: MultipartUpload, named: readonly NamedPart[]): Part[] {
  const standing = new Map(upload.parts.map((part) => [part.partNumber, part]));
  let before = 0;
  const parts = named.map((name) => {
    if (name.partNumber <= before) {
      throw new S3Error(
        'InvalidPartOrder',
        400,
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
        { UploadId: upload.uploadId },
      );
    }
    before = name.partNumber;
    assertNamesChecksum(upload, name);
    const part = standing.get(name.partNumber);
    if (part === undefined || part.eTag !== name.eTag || !agrees(name.checksums, part.checksums)) {
      throw new S3Error(
        'InvalidPart',
        400,
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        { UploadId: upload.uploadId, PartNumber: String(name.partNumber), ETag: name.eTag },
      );
    }
    return part;
  });
  for (const part of parts.slice(0, -1)) {
    if (part.sizeBytes >= MIN_PART_BYTES) continue;
    throw new S3Error(
      'EntityTooSmall',
      400,
      'Your proposed upload is smaller than the minimum allowed size',
      {
        ProposedSize: String(part.sizeBytes),
        MinSizeAllowed: String(MIN_PART_BYTES),
        PartNumber: String(part.partNumber),
        ETag: part.eTag,
      },
    );
  }
  return parts;
}

/** A composite checksum is made of the parts' checksums, and S3 has the client repeat them. */
function assertNamesChecksum({ checksumAlgorithm, checksumType }: MultipartUpload, named: NamedPart): void {
  if (checksumAlgorithm === undefined || checksumType !== 'COMPOSITE') return;
  if (named.checksums[checksumAlgorithm] !== undefined) return;
  throw new S3Error(
    'InvalidRequest',
    400,
    `The upload was created using a ${checksumAlgorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${named.partNumber} in the request.`,
  );
}

function agrees(said: Checksums, known: Checksums): boolean {
  return Object.entries(said).every(([algorithm, value]) => known[algorithm as ChecksumAlgorithm] === value);
}

async function composite(algorithm: ChecksumAlgorithm, parts: readonly Part[]): Promise<Checksums> {
  const running = startChecksum(algorithm);
  for (const part of parts) running.update(Buffer.from(part.checksums[algorithm] ?? '', 'base64'));
  return { [algorithm]: `${Buffer.from(await running.digest()).toString('base64')}-${parts.length}` };
}

function assertExpected(expected: Checksums, computed: Checksums): void {
  for (const [algorithm, value] of Object.entries(expected)) {
    const known = computed[algorithm as ChecksumAlgorithm];
    if (known === value || known?.replace(/-\d+$/, '') === value) continue;
    throw new S3Error(
      'BadDigest',
      400,
      `The ${algorithm} you specified did not match the calculated checksum.`,
    );
  }
}
