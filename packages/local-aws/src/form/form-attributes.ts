import { S3Error } from '../s3/errors.ts';
import type { ObjectAttributes } from '../storage/object-version.ts';

const METADATA_PREFIX = 'x-amz-meta-';
const SYSTEM_FIELDS = {
  contentType: 'content-type',
  cacheControl: 'cache-control',
  contentDisposition: 'content-disposition',
  contentEncoding: 'content-encoding',
  contentLanguage: 'content-language',
  expires: 'expires',
} as const;
const OWNER_ACLS = new Set(['private', 'bucket-owner-full-control']);

/** What is asked for with other values than these cannot be had here. */
const ONLY_VALUE = new Map([
  ['x-amz-storage-class', 'STANDARD'],
  ['x-amz-server-side-encryption', 'AES256'],
]);
/** What cannot be had here at all: it would be a promise that the object does not keep. */
const NOT_OFFERED = [
  'x-amz-website-redirect-location',
  'x-amz-server-side-encryption-',
  'x-amz-object-lock-',
  'x-amz-grant-',
];

/**
 * What a form says about its object (Amazon S3 API Reference, "POST Object").
 * @throws S3Error AccessControlListNotSupported (400) for an ACL that gives rights away, NotImplemented (501) that names a
 *   field which asks for something that is not offered here
 */
export function formAttributes(
  fields: ReadonlyMap<string, string>,
  tags: Readonly<Record<string, string>>,
): ObjectAttributes {
  refuseUnsupported(fields);
  const system = Object.entries(SYSTEM_FIELDS).flatMap(([attribute, field]) => {
    const value = fields.get(field);
    return value === undefined ? [] : [[attribute, value]];
  });
  const metadata = [...fields]
    .filter(([name]) => name.startsWith(METADATA_PREFIX))
    .map(([name, value]) => [name.slice(METADATA_PREFIX.length), value]);
  return { ...Object.fromEntries(system), metadata: Object.fromEntries(metadata), tags };
}

function refuseUnsupported(fields: ReadonlyMap<string, string>): void {
  const acl = fields.get('acl');
  if (acl !== undefined && !OWNER_ACLS.has(acl)) {
    throw new S3Error('AccessControlListNotSupported', 400, 'The bucket does not allow ACLs');
  }
  for (const [name, value] of fields) {
    const only = ONLY_VALUE.get(name);
    if ((only !== undefined && value !== only) || NOT_OFFERED.some((prefix) => name.startsWith(prefix))) {
      throw new S3Error(
        'NotImplemented',
        501,
        `A form field you provided implies functionality that is not implemented: ${name}`,
        { Header: name },
      );
    }
  }
}
