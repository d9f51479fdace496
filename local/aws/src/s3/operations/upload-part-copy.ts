import { quoted } from '../../storage/e-tag.ts';
import type { Operation } from '../call.ts';
import { MAX_COPY_BYTES, readCopySource } from '../copy-source.ts';
import { checksumElements, wholeSeconds } from '../describe-object.ts';
import { namedPart } from '../named-part.ts';
import { headerValues } from '../named-values.ts';
import { versionHeader } from '../named-version.ts';
import { readCopyRange } from '../range.ts';
import { invalidRequest, respondXml } from '../responses.ts';
import { xmlDocument } from '../xml.ts';

/** Amazon S3 API Reference, "UploadPartCopy". */
export const uploadPartCopy: Operation = async (call, { storage }) => {
  const given = headerValues(call.request);
  const { upload, partNumber } = namedPart(call, storage);
  const { version } = readCopySource(given, storage);
  const range = readCopyRange(given, version.sizeBytes);
  const sizeBytes = range === undefined ? version.sizeBytes : range.last - range.first + 1;
  if (sizeBytes > MAX_COPY_BYTES) {
    throw invalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_COPY_BYTES}`,
    );
  }
  const checksums = upload.checksumAlgorithm === undefined ? [] : [upload.checksumAlgorithm];
  const staged = await storage.stageFrom(version, { checksums, ...(range && { range }) });
  try {
    const part = await storage.multipart.putPart(upload, partNumber, staged);
    const result = xmlDocument('CopyPartResult', [
      ['LastModified', wholeSeconds(part.storedAt)],
      ['ETag', quoted(part.eTag)],
      ...checksumElements(part.checksums),
    ]);
    respondXml(call.response, result, {
      'x-amz-copy-source-version-id': versionHeader(storage, version.bucket, version.versionId),
      'x-amz-server-side-encryption': 'AES256',
    });
  } finally {
    await staged.discard();
  }
};
