import { Digests } from '../storage/checksum.ts';
import type { S3Call } from './call.ts';
import { expectedDigests } from './expected-digests.ts';
import { headerValues } from './named-values.ts';
import { readAll } from './request-body.ts';

/** More than any document that is read here has: a thousand keys of the greatest length, escaped. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

/**
 * A short body whose checksums, where the client gave some, are right.
 *
 * @throws S3Error BadDigest, InvalidDigest, InvalidRequest, MaxMessageLengthExceeded (400)
 */
export async function readCheckedText({ request, body }: S3Call): Promise<string> {
  const expected = expectedDigests(headerValues(request), body.announcedTrailers);
  const bytes = await readAll(body, MAX_DOCUMENT_BYTES);
  const digests = new Digests(expected.algorithms);
  digests.update(bytes);
  expected.check(await digests.finish(), body.trailers);
  return bytes.toString('utf8');
}
