import { quoted } from '../../storage/e-tag.ts';
import { listObjects } from '../../storage/listing.ts';
import type { Operation } from '../call.ts';
import { checksumAlgorithms, OWNER, wholeSeconds } from '../describe-object.ts';
import { readEncoding, readMax } from '../list-parameters.ts';
import { invalidArgument, respondXml } from '../responses.ts';
import { type XmlElement, xmlDocument } from '../xml.ts';

/** Amazon S3 API Reference, "ListObjectsV2". */
export const listObjectsV2: Operation = async ({ bucket, query, response }, { storage }) => {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const startAfter = query.get('start-after') ?? '';
  const token = query.get('continuation-token');
  const max = readMax(query, 'max-keys');
  const { type, encode } = readEncoding(query);
  const after = token === null ? startAfter : readToken(token);
  const page = listObjects(storage, bucket, { prefix, delimiter, max, after });
  const contents = page.entries.map(
    (version): XmlElement => [
      'Contents',
      [
        ['Key', encode(version.key)],
        ['LastModified', wholeSeconds(version.storedAt)],
        ['ETag', quoted(version.eTag)],
        ...checksumAlgorithms(version.checksums).map((name): XmlElement => ['ChecksumAlgorithm', name]),
        ['Size', version.sizeBytes],
        query.get('fetch-owner') === 'true' ? OWNER : undefined,
        ['StorageClass', 'STANDARD'],
      ],
    ],
  );
  respondXml(
    response,
    xmlDocument('ListBucketResult', [
      ['Name', bucket],
      ['Prefix', encode(prefix)],
      delimiter === '' ? undefined : ['Delimiter', encode(delimiter)],
      startAfter === '' ? undefined : ['StartAfter', encode(startAfter)],
      token === null ? undefined : ['ContinuationToken', token],
      page.isTruncated ? ['NextContinuationToken', writeToken(page.lastKey)] : undefined,
      ['KeyCount', page.entries.length + page.commonPrefixes.length],
      ['MaxKeys', max],
      type === undefined ? undefined : ['EncodingType', type],
      ['IsTruncated', page.isTruncated],
      ...contents,
      ...page.commonPrefixes.map((common): XmlElement => ['CommonPrefixes', [['Prefix', encode(common)]]]),
    ]),
  );
};

function writeToken(lastKey: string): string {
  return Buffer.from(lastKey).toString('base64url');
}

function readToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString();
  if (token !== '' && writeToken(key) === token) return key;
  throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
}
