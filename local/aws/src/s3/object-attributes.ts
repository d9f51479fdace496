import { S3Error } from '../s3-error.ts';
import type { ObjectAttributes } from '../storage/object-version.ts';
import type { NamedValues } from './named-values.ts';
import { readTagQuery } from './tags.ts';

const METADATA_PREFIX = 'x-amz-meta-';
/** Amazon S3 User Guide, "Working with object metadata": names and values together. */
const MAX_METADATA_BYTES = 2048;

const SYSTEM = {
  contentType: 'content-type',
  cacheControl: 'cache-control',
  contentDisposition: 'content-disposition',
  contentEncoding: 'content-encoding',
  contentLanguage: 'content-language',
  expires: 'expires',
} as const;

/** What is asked for with other values than these cannot be had here. */
const ONLY_VALUES = new Map([
  ['x-amz-acl', ['private', 'bucket-owner-full-control']],
  ['x-amz-storage-class', ['STANDARD']],
  ['x-amz-server-side-encryption', ['AES256']],
]);
/** What cannot be had here at all: it would be a promise that the object does not keep. */
const NOT_OFFERED = [
  'x-amz-grant-',
  'x-amz-object-lock-',
  'x-amz-server-side-encryption-',
  'x-amz-copy-source-server-side-encryption-',
  'x-amz-website-redirect-location',
  'x-amz-write-offset-bytes',
];

/**
 * What the headers of a write say about the object.
 *
 * @throws S3Error InvalidArgument, MetadataTooLarge, InvalidTag, AccessControlListNotSupported (400); NotImplemented (501) that names a
 *   header which asks for something that is not offered here
 */
export function readAttributes(given: NamedValues): ObjectAttributes {
  refuseNotOffered(given);
  refuseUnspeakable(given);
  const system = Object.entries(SYSTEM).flatMap(([attribute, name]) => {
    const value = attribute === 'contentEncoding' ? contentEncoding(given) : given.get(name);
    return value === undefined ? [] : [[attribute, value]];
  });
  return {
    ...Object.fromEntries(system),
    metadata: readMetadata(given),
    tags: readTagQuery(given.get('x-amz-tagging') ?? ''),
  };
}

/**
 * What no header could give back. S3 takes letters beyond ASCII in metadata and gives them back encoded (RFC 2047); here they
 * are refused, rather than changed.
 * @throws S3Error InvalidArgument (400)
 */
function refuseUnspeakable(given: NamedValues): void {
  const system: readonly string[] = Object.values(SYSTEM);
  for (const [name, value] of given) {
    if (!name.startsWith(METADATA_PREFIX) && !system.includes(name)) continue;
    const isName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name) && name !== METADATA_PREFIX;
    if (isName && /^[\t\x20-\x7e\xa0-\xff]*$/.test(value)) continue;
    throw new S3Error(
      'InvalidArgument',
      400,
      'A header of the object has characters that HTTP cannot carry',
      {
        ArgumentName: name,
        ArgumentValue: value,
      },
    );
  }
}

/** The same headers, as a response returns them. */
export function attributeHeaders(attributes: ObjectAttributes): Record<string, string | undefined> {
  const system = Object.entries(SYSTEM).map(([attribute, name]) => [
    name,
    attributes[attribute as keyof typeof SYSTEM],
  ]);
  const metadata = Object.entries(attributes.metadata).map(([name, value]) => [
    METADATA_PREFIX + name,
    value,
  ]);
  return {
    'content-type': 'binary/octet-stream',
    ...Object.fromEntries([...system, ...metadata].filter(([, value]) => value !== undefined)),
    'x-amz-server-side-encryption': 'AES256',
  };
}

function readMetadata(given: NamedValues): Record<string, string> {
  const metadata = [...given]
    .filter(([name]) => name.startsWith(METADATA_PREFIX))
    .map(([name, value]) => [name.slice(METADATA_PREFIX.length), value] as const);
  const sizeBytes = metadata.reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0);
  if (sizeBytes > MAX_METADATA_BYTES) {
    throw new S3Error(
      'MetadataTooLarge',
      400,
      'Your metadata headers exceed the maximum allowed metadata size',
      { Size: String(sizeBytes), MaxSizeAllowed: String(MAX_METADATA_BYTES) },
    );
  }
  return Object.fromEntries(metadata);
}

/** `aws-chunked` is how the request was sent, not how the object is encoded. */
function contentEncoding(given: NamedValues): string | undefined {
  const codings = given
    .get('content-encoding')
    ?.split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== 'aws-chunked' && coding !== '');
  return codings === undefined || codings.length === 0 ? undefined : codings.join(',');
}

function refuseNotOffered(given: NamedValues): void {
  for (const [name, value] of given) {
    const only = ONLY_VALUES.get(name);
    const refused =
      only !== undefined ? !only.includes(value) : NOT_OFFERED.some((start) => name.startsWith(start));
    if (!refused) continue;
    if (name === 'x-amz-acl') {
      throw new S3Error('AccessControlListNotSupported', 400, 'The bucket does not allow ACLs');
    }
    throw new S3Error(
      'NotImplemented',
      501,
      `A header you provided implies functionality that is not implemented: ${name}: ${value}`,
      { Header: name },
    );
  }
}
