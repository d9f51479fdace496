import { quoted } from '../../storage/e-tag.ts';
import { answerXml } from '../answers.ts';
import type { Operation } from '../call.ts';
import { checksumElements, OWNER, wholeSeconds } from '../describe-object.ts';
import { readMax } from '../list-parameters.ts';
import { type XmlElement, xmlDocument } from '../xml.ts';

/** Amazon S3 API Reference, "ListParts". */
export const listParts: Operation = async ({ bucket, key, query, response }, { storage }) => {
  storage.bucket(bucket);
  const upload = storage.multipart.get(bucket, key, query.get('uploadId') ?? '');
  const max = readMax(query, 'max-parts');
  const marker = Number(query.get('part-number-marker') ?? 0) || 0;
  const later = upload.parts.filter(({ partNumber }) => partNumber > marker);
  const parts = later.slice(0, max);
  answerXml(
    response,
    xmlDocument('ListPartsResult', [
      ['Bucket', bucket],
      ['Key', key],
      ['UploadId', upload.uploadId],
      OWNER,
      ['StorageClass', 'STANDARD'],
      ['PartNumberMarker', marker],
      ['NextPartNumberMarker', parts.at(-1)?.partNumber ?? 0],
      ['MaxParts', max],
      ['IsTruncated', max > 0 && later.length > max],
      upload.checksumAlgorithm && ['ChecksumAlgorithm', upload.checksumAlgorithm],
      upload.checksumType && ['ChecksumType', upload.checksumType],
      ...parts.map(
        (part): XmlElement => [
          'Part',
          [
            ['PartNumber', part.partNumber],
            ['LastModified', wholeSeconds(part.storedAt)],
            ['ETag', quoted(part.eTag)],
            ['Size', part.sizeBytes],
            ...checksumElements(part.checksums),
          ],
        ],
      ),
    ]),
  );
};
