import { CHECKSUM_ALGORITHMS } from '../../storage/checksum.ts';
import { quoted, unquoted } from '../../storage/e-tag.ts';
import type { NamedPart } from '../../storage/multipart-uploads.ts';
import type { Operation } from '../call.ts';
import { checksumElements } from '../describe-object.ts';
import { givenChecksums } from '../expected-digests.ts';
import { headerValues, type NamedValues } from '../named-values.ts';
import { madeVersionHeader } from '../named-version.ts';
import { readAll } from '../request-body.ts';
import { invalidArgument, invalidRequest, respondXml } from '../responses.ts';
import { uriEncodePath } from '../uri.ts';
import { readWriteConditions } from '../write-condition-headers.ts';
import { malformedXml, type ParsedXml, parseXml, xmlDocument } from '../xml.ts';

const MAX_PARTS = 10_000;
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

/** Amazon S3 API Reference, "CompleteMultipartUpload". */
export const completeMultipartUpload: Operation = async (call, { storage, onCreated }) => {
  const { bucket, key, query, request, response } = call;
  storage.bucket(bucket);
  const given = headerValues(request);
  const uploadId = query.get('uploadId') ?? '';
  const { checksumType } = storage.multipart.get(bucket, key, uploadId);
  const typeGiven = given.get('x-amz-checksum-type');
  if (typeGiven !== undefined && typeGiven !== (checksumType ?? 'FULL_OBJECT')) {
    throw invalidRequest(
      `The upload was created using the ${checksumType ?? 'FULL_OBJECT'} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
  const parts = readParts((await readAll(call.body, MAX_DOCUMENT_BYTES)).toString());
  const version = await storage.multipart.complete({
    bucket,
    key,
    uploadId,
    parts,
    expectedChecksums: givenChecksums(given),
    ...readObjectSize(given),
    ...readWriteConditions(given),
  });
  onCreated({ type: 'ObjectCreated:CompleteMultipartUpload', bucket, version });
  const result = xmlDocument('CompleteMultipartUploadResult', [
    ['Location', `http://${request.headers.host}/${bucket}/${uriEncodePath(key)}`],
    ['Bucket', bucket],
    ['Key', key],
    ['ETag', quoted(version.eTag)],
    ...checksumElements(version.checksums, version.checksumType),
  ]);
  respondXml(response, result, {
    'x-amz-version-id': madeVersionHeader(version.versionId),
    'x-amz-server-side-encryption': 'AES256',
  });
};

function readParts(body: string): NamedPart[] {
  const parts = parseXml(body, 'CompleteMultipartUpload').all('Part');
  if (parts.length === 0 || parts.length > MAX_PARTS) throw malformedXml();
  return parts.map(readPart);
}

function readPart(part: ParsedXml): NamedPart {
  const partNumber = Number(part.textOf('PartNumber'));
  const eTag = part.textOf('ETag');
  if (!Number.isInteger(partNumber) || eTag === undefined) throw malformedXml();
  const checksums = CHECKSUM_ALGORITHMS.flatMap((algorithm) => {
    const value = part.textOf(`Checksum${algorithm}`);
    return value === undefined ? [] : [[algorithm, value]];
  });
  return { partNumber, eTag: unquoted(eTag), checksums: Object.fromEntries(checksums) };
}

function readObjectSize(given: NamedValues): { expectedSizeBytes?: number } {
  const name = 'x-amz-mp-object-size';
  const value = given.get(name);
  if (value === undefined) return {};
  if (!/^\d{1,15}$/.test(value)) throw invalidArgument(`${name} is a number of bytes`, name, value);
  return { expectedSizeBytes: Number(value) };
}
