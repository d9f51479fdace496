import type { ObjectCreated } from '@upload-once/queue';
import { LONGEST_FORM_SECONDS, type Upload } from '@upload-once/uploads';

/**
 * How long a PUT may take that began in time. Terraform counts on this number: the lifecycle covers nothing under uploads/ before the
 * longest life of a URL and this are over (`uploads_expire_days` in terraform/modules/storage/variables.tf).
 */
const LONGEST_PUT_MS = 86_400_000;

/**
 * Whether S3 can have stored no other version before this one, judged without a list of versions. Only for a bucket whose uploads are
 * protected (UPLOADS_PROTECTED): no principal but the acceptor removes anything under uploads/, or covers it by a delete marker.
 *
 * S3 admits a presigned PUT only while nothing lies under its key, since its URL signs `If-None-Match: *`. So an earlier version would
 * have to be removed or covered, and who can do that?
 *
 * - another principal, or replication: the bucket's policy refuses it;
 * - the acceptor: it removes nothing of an upload that is ISSUED;
 * - the lifecycle, which no policy stops: days after the URL has expired. So a version that was stored long after that is not judged.
 *   The URLs of a link's upload can be signed for longer than that: there the days count from the issue, before which nothing was stored;
 * - nothing at all, for a version that came otherwise (a form, a copy, an operator's repair): it has another event name.
 */
export function isSoleVersion({ eventName, storedAt }: ObjectCreated, upload: Upload): boolean {
  return (
    upload.constraints.method === 'put' &&
    eventName === 'ObjectCreated:Put' &&
    storedAt.getTime() <= lastUrlOf(upload) + LONGEST_PUT_MS
  );
}

/** Until when a URL can be good before which nothing can be covered by the lifecycle. */
function lastUrlOf({ issuedAt, expiresAt, signatureSeconds }: Upload): number {
  return signatureSeconds === undefined
    ? expiresAt.getTime()
    : issuedAt.getTime() + LONGEST_FORM_SECONDS * 1000;
}
