import { unquoted } from '../storage/e-tag.ts';
import type { ObjectVersion } from '../storage/object-version.ts';
import { preconditionFailed } from '../storage/refusals.ts';
import type { NamedValues } from './named-values.ts';

/**
 * Holds the conditions of a read against a version, in the order of RFC 9110 ("Precedence of Preconditions") that
 * the Amazon S3 API Reference follows.
 *
 * @param prefix what stands before the conditions' names: `x-amz-copy-source-` of a copy
 * @returns `not-modified` where a read returns 304
 * @throws S3Error PreconditionFailed (412)
 */
export function checkReadConditions(
  given: NamedValues,
  version: ObjectVersion,
  prefix = '',
): 'met' | 'not-modified' {
  const ifMatch = given.get(`${prefix}if-match`);
  const ifNoneMatch = given.get(`${prefix}if-none-match`);
  const unmodifiedSince = given.get(`${prefix}if-unmodified-since`);
  const modifiedSince = given.get(`${prefix}if-modified-since`);
  const storedAt = Math.floor(version.storedAt.getTime() / 1000) * 1000;
  if (ifMatch !== undefined) {
    if (!names(ifMatch, version.eTag)) throw preconditionFailed(`${prefix}If-Match`);
  } else if (unmodifiedSince !== undefined && storedAt > Date.parse(unmodifiedSince)) {
    throw preconditionFailed(`${prefix}If-Unmodified-Since`);
  }
  if (ifNoneMatch !== undefined) return names(ifNoneMatch, version.eTag) ? 'not-modified' : 'met';
  return modifiedSince !== undefined && storedAt <= Date.parse(modifiedSince) ? 'not-modified' : 'met';
}

function names(condition: string, eTag: string): boolean {
  return condition
    .split(',')
    .map((name) => name.trim())
    .some((name) => name === '*' || unquoted(name.replace(/^W\//, '')) === eTag);
}
