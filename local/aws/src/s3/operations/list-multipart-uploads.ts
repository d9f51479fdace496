import { compareKeys } from '../../storage/key-order.ts';
import type { Operation } from '../call.ts';
import { OWNER, wholeSeconds } from '../describe-object.ts';
import { readEncoding, readMax } from '../list-parameters.ts';
import { notImplemented, respondXml } from '../responses.ts';
import { type XmlElement, xmlDocument } from '../xml.ts';

/** Amazon S3 API Reference, "ListMultipartUploads". */
export const listMultipartUploads: Operation = async ({ bucket, query, response }, { storage }) => {
  storage.bucket(bucket);
  if (query.get('delimiter')) throw notImplemented('ListMultipartUploads with a delimiter');
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const uploadIdMarker = query.get('upload-id-marker') ?? '';
  const max = readMax(query, 'max-uploads');
  const { type, encode } = readEncoding(query);
  const all = storage.multipart.list(bucket);
  const marker = all.findIndex((upload) => upload.key === keyMarker && upload.uploadId === uploadIdMarker);
  const later = all.filter(
    ({ key }, at) =>
      key.startsWith(prefix) &&
      (compareKeys(key, keyMarker) > 0 || (marker !== -1 && key === keyMarker && at > marker)),
  );
  const uploads = later.slice(0, max);
  const last = uploads.at(-1);
  respondXml(
    response,
    xmlDocument('ListMultipartUploadsResult', [
      ['Bucket', bucket],
      ['KeyMarker', encode(keyMarker)],
      ['UploadIdMarker', uploadIdMarker],
      ['NextKeyMarker', encode(last?.key ?? '')],
      ['NextUploadIdMarker', last?.uploadId ?? ''],
      ['Prefix', encode(prefix)],
      type === undefined ? undefined : ['EncodingType', type],
      ['MaxUploads', max],
      ['IsTruncated', max > 0 && later.length > max],
      ...uploads.map(
        (upload): XmlElement => [
          'Upload',
          [
            ['Key', encode(upload.key)],
            ['UploadId', upload.uploadId],
            OWNER,
            ['StorageClass', 'STANDARD'],
            ['Initiated', wholeSeconds(upload.initiatedAt)],
            upload.checksumAlgorithm && ['ChecksumAlgorithm', upload.checksumAlgorithm],
            upload.checksumType && ['ChecksumType', upload.checksumType],
          ],
        ],
      ),
    ]),
  );
};
