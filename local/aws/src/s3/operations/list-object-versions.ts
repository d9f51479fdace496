import { quoted } from '../../storage/e-tag.ts';
import { listVersions, type VersionEntry } from '../../storage/listing.ts';
import type { Operation } from '../call.ts';
import { checksumAlgorithms, OWNER, wholeSeconds } from '../describe-object.ts';
import { readEncoding, readMax } from '../list-parameters.ts';
import { invalidArgument, respondXml } from '../responses.ts';
import { type XmlElement, xmlDocument } from '../xml.ts';

/** Amazon S3 API Reference, "ListObjectVersions". */
export const listObjectVersions: Operation = async ({ bucket, query, response }, { storage }) => {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const versionIdMarker = query.get('version-id-marker') ?? '';
  const max = readMax(query, 'max-keys');
  const { type, encode } = readEncoding(query);
  if (versionIdMarker !== '' && keyMarker === '') {
    throw invalidArgument(
      'A version-id marker cannot be specified without a key marker.',
      'version-id-marker',
      versionIdMarker,
    );
  }
  const page = listVersions(storage, bucket, {
    prefix,
    delimiter,
    max,
    keyMarker,
    ...(versionIdMarker !== '' && { versionIdMarker }),
  });
  const last = page.entries.at(-1)?.version;
  respondXml(
    response,
    xmlDocument('ListVersionsResult', [
      ['Name', bucket],
      ['Prefix', encode(prefix)],
      ['KeyMarker', encode(keyMarker)],
      ['VersionIdMarker', versionIdMarker],
      page.isTruncated ? ['NextKeyMarker', encode(page.lastKey)] : undefined,
      page.isTruncated && last?.key === page.lastKey ? ['NextVersionIdMarker', last.versionId] : undefined,
      ['MaxKeys', max],
      delimiter === '' ? undefined : ['Delimiter', encode(delimiter)],
      type === undefined ? undefined : ['EncodingType', type],
      ['IsTruncated', page.isTruncated],
      ...page.entries.map((entry) => entryElement(entry, encode)),
      ...page.commonPrefixes.map((common): XmlElement => ['CommonPrefixes', [['Prefix', encode(common)]]]),
    ]),
  );
};

function entryElement({ version, isLatest }: VersionEntry, encode: (key: string) => string): XmlElement {
  const common: XmlElement[] = [
    ['Key', encode(version.key)],
    ['VersionId', version.versionId],
    ['IsLatest', isLatest],
    ['LastModified', wholeSeconds(version.storedAt)],
  ];
  if (version.deleteMarker) return ['DeleteMarker', [...common, OWNER]];
  return [
    'Version',
    [
      ...common,
      ['ETag', quoted(version.eTag)],
      ...checksumAlgorithms(version.checksums).map((name): XmlElement => ['ChecksumAlgorithm', name]),
      ['Size', version.sizeBytes],
      OWNER,
      ['StorageClass', 'STANDARD'],
    ],
  ];
}
