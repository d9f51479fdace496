import type { ChecksumAlgorithm } from '../../storage/checksum.ts';
import { quoted } from '../../storage/e-tag.ts';
import type { MultipartUpload } from '../../storage/multipart-uploads.ts';
import type { Operation } from '../call.ts';
import { checksumHeaders } from '../describe-object.ts';
import { expectedDigests } from '../expected-digests.ts';
import { namedPart } from '../named-part.ts';
import { headerValues } from '../named-values.ts';
import { invalidRequest, respondEmpty } from '../responses.ts';
import { assertUploadSize, MAX_UPLOAD_BYTES } from '../upload-size.ts';

/** Amazon S3 API Reference, "UploadPart". */
export const uploadPart: Operation = async (call, { storage }) => {
  const { body, request, response } = call;
  const { upload, partNumber } = namedPart(call, storage);
  const expected = expectedDigests(headerValues(request), body.announcedTrailers);
  const checksums = choosePartAlgorithms(upload, expected.algorithms);
  assertUploadSize(body);
  const staged = await storage.stage(body, { maxBytes: MAX_UPLOAD_BYTES, checksums });
  try {
    expected.check(staged, body.trailers);
    const part = await storage.multipart.putPart(upload, partNumber, staged);
    respondEmpty(response, 200, {
      etag: quoted(part.eTag),
      'x-amz-server-side-encryption': 'AES256',
      ...checksumHeaders(part.checksums),
    });
  } finally {
    await staged.discard();
  }
};

/**
 * What is computed of a part: what its sender gave, and what the upload was created with. Where the object's checksum
 * will be made of the parts', each part has to come with its own.
 *
 * @throws S3Error InvalidRequest (400)
 */
function choosePartAlgorithms(
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
