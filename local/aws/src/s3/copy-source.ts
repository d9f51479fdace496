import type { ObjectStorage } from '../storage/object-storage.ts';
import type { ObjectVersion } from '../storage/object-version.ts';
import { noSuchKey, noSuchVersion, preconditionFailed } from '../storage/refusals.ts';
import type { NamedValues } from './named-values.ts';
import { readVersionId } from './named-version.ts';
import { checkReadConditions } from './read-conditions.ts';
import { invalidArgument, invalidRequest } from './responses.ts';
import { uriDecode } from './uri.ts';

/** Amazon S3 API Reference, "CopyObject": more than this is copied in parts. */
export const MAX_COPY_BYTES = 5 * 1024 ** 3;

export interface CopySource {
  readonly version: ObjectVersion;
  /** Whether the request named this version by its id. */
  readonly byVersionId: boolean;
}

/**
 * The version that `x-amz-copy-source` names, if the copy's conditions hold for it.
 *
 * @throws S3Error NoSuchBucket, NoSuchKey, NoSuchVersion (404), InvalidArgument, InvalidRequest (400), PreconditionFailed (412)
 */
export function readCopySource(given: NamedValues, storage: ObjectStorage): CopySource {
  const header = given.get('x-amz-copy-source') ?? '';
  const [path = '', query = ''] = header.split('?');
  const [bucket = '', ...rest] = path.replace(/^\//, '').split('/');
  const key = uriDecode(rest.join('/'));
  if (bucket === '' || key === '') {
    throw invalidArgument(
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      'x-amz-copy-source',
      header,
    );
  }
  const versionId = readVersionId(new URLSearchParams(query));
  const version =
    versionId === undefined
      ? storage.current(uriDecode(bucket), key)
      : storage.find(uriDecode(bucket), key, versionId);
  if (version?.deleteMarker && versionId !== undefined) {
    throw invalidRequest(
      'The source of a copy request may not specifically refer to a delete marker by version id.',
    );
  }
  if (version === undefined || version.deleteMarker) {
    throw versionId === undefined ? noSuchKey(key) : noSuchVersion(key, versionId);
  }
  if (checkReadConditions(given, version, 'x-amz-copy-source-') === 'not-modified') {
    const condition = given.has('x-amz-copy-source-if-none-match') ? 'If-None-Match' : 'If-Modified-Since';
    throw preconditionFailed(`x-amz-copy-source-${condition}`);
  }
  return { version, byVersionId: versionId !== undefined };
}
