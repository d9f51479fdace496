import type { ChecksumAlgorithm, ChecksumType } from '../../storage/checksum.ts';
import type { Operation } from '../call.ts';
import { readAlgorithm } from '../expected-digests.ts';
import { headerValues, type NamedValues } from '../named-values.ts';
import { readAttributes } from '../object-attributes.ts';
import { invalidRequest, respondXml } from '../responses.ts';
import { xmlDocument } from '../xml.ts';

/** Amazon S3 API Reference, "CreateMultipartUpload". */
export const createMultipartUpload: Operation = async ({ bucket, key, request, response }, { storage }) => {
  const given = headerValues(request);
  const checksum = readChecksum(given);
  const attributes = readAttributes(given);
  const { uploadId } = await storage.multipart.create({ bucket, key, attributes, ...checksum });
  const document = xmlDocument('InitiateMultipartUploadResult', [
    ['Bucket', bucket],
    ['Key', key],
    ['UploadId', uploadId],
  ]);
  respondXml(response, document, {
    'x-amz-checksum-algorithm': checksum.checksumAlgorithm,
    'x-amz-checksum-type': checksum.checksumType,
    'x-amz-server-side-encryption': 'AES256',
  });
};

/** Amazon S3 User Guide, "Checking object integrity": which algorithm goes with which type, and what is left unsaid. */
function readChecksum(given: NamedValues): {
  checksumAlgorithm?: ChecksumAlgorithm;
  checksumType?: ChecksumType;
} {
  const named = given.get('x-amz-checksum-algorithm');
  const type = given.get('x-amz-checksum-type');
  if (named === undefined) {
    if (type === undefined) return {};
    throw invalidRequest(
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    );
  }
  const checksumAlgorithm = readAlgorithm(named);
  const checksumType = type ?? (checksumAlgorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  if (checksumType !== 'FULL_OBJECT' && checksumType !== 'COMPOSITE') {
    throw invalidRequest(`Value for x-amz-checksum-type header is invalid: ${checksumType}`);
  }
  const isCrc = checksumAlgorithm.startsWith('CRC');
  if (checksumType === 'FULL_OBJECT' ? !isCrc : checksumAlgorithm === 'CRC64NVME') {
    throw invalidRequest(
      `The ${checksumType} checksum type cannot be used with the ${checksumAlgorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return { checksumAlgorithm, checksumType };
}
