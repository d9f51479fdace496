import { quoted } from '../../storage/e-tag.ts';
import type { ObjectStorage } from '../../storage/object-storage.ts';
import type { ObjectVersion } from '../../storage/object-version.ts';
import type { Operation, S3Call } from '../call.ts';
import { checksumHeaders } from '../describe-object.ts';
import { headerValues } from '../named-values.ts';
import { namedVersion, versionHeader } from '../named-version.ts';
import { attributeHeaders } from '../object-attributes.ts';
import { contentRange, readRange } from '../range.ts';
import { checkReadConditions } from '../read-conditions.ts';
import { type Headers, notImplemented, respondEmpty } from '../responses.ts';

/** Amazon S3 API Reference, "HeadObject". */
export const headObject: Operation = async (call, { storage }) => {
  const version = namedVersion(call, storage);
  const given = headerValues(call.request);
  if (call.query.has('partNumber')) throw notImplemented('HeadObject with partNumber');
  const headers = describe(call, version, storage);
  if (checkReadConditions(given, version) === 'not-modified') {
    respondEmpty(call.response, 304, { etag: headers['etag'], 'last-modified': headers['last-modified'] });
    return;
  }
  const range = readRange(given, version.sizeBytes);
  if (range === undefined) respondEmpty(call.response, 200, headers);
  else respondEmpty(call.response, 206, { ...headers, ...contentRange(range, version.sizeBytes) });
};

const OVERRIDES = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

/** The headers of a response about a version whose bytes it returns or could return. */
export function describe(call: S3Call, version: ObjectVersion, storage: ObjectStorage): Headers {
  const { attributes, bucket, versionId, checksums, checksumType } = version;
  const tagCount = Object.keys(attributes.tags).length;
  const wantsChecksum = call.request.headers['x-amz-checksum-mode'] === 'ENABLED';
  const overridden = OVERRIDES.flatMap((name) => {
    const value = call.query.get(`response-${name}`);
    return value === null ? [] : [[name, value]];
  });
  return {
    ...attributeHeaders(attributes),
    ...Object.fromEntries(overridden),
    etag: quoted(version.eTag),
    'content-length': String(version.sizeBytes),
    'last-modified': version.storedAt.toUTCString(),
    'accept-ranges': 'bytes',
    'x-amz-version-id': versionHeader(storage, bucket, versionId),
    'x-amz-tagging-count': tagCount > 0 ? String(tagCount) : undefined,
    ...(wantsChecksum && !call.request.headers.range ? checksumHeaders(checksums, checksumType) : {}),
  };
}
