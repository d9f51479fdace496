/** @import { FeedUpload } from './store.mjs' */

/**
 * What became of an upload, as far as the log tells. 'ended': no file of it is accepted any more. 'unknown': the log has no step of it.
 * @typedef {'waiting' | 'accepted' | 'processed' | 'failed' | 'ended' | 'unknown'} UploadState
 */

/** @param {FeedUpload} upload @param {number} nowMs @returns {UploadState} */
export function stateOf(upload, nowMs) {
  const { issuedMs, acceptedMs, processedMs } = upload;
  if (isFailed(upload)) return 'failed';
  if (processedMs !== undefined) return 'processed';
  if (acceptedMs !== undefined) return 'accepted';
  if (endOf(upload, nowMs)) return 'ended';
  return issuedMs === undefined ? 'unknown' : 'waiting';
}

/** It failed, and was not processed after that. @param {FeedUpload} upload */
export const isFailed = ({ failedMs, processedMs }) =>
  failedMs !== undefined && (processedMs === undefined || processedMs < failedMs);

/** A file came for which nothing was issued. @param {FeedUpload} upload */
export const isOrphan = ({ others, issuedMs, acceptedMs }) =>
  issuedMs === undefined && acceptedMs === undefined && others.some(({ kind }) => kind === 'orphan');

/**
 * Why the steps that are missing will not come.
 * @param {FeedUpload} upload
 * @param {number} nowMs
 * @returns {{ why: string, atMs?: number | undefined } | undefined} undefined: they can come
 */
export function endOf(upload, nowMs) {
  const { others, refusals, acceptedMs, revokedMs, expiresMs } = upload;
  if (acceptedMs !== undefined) return undefined;
  if (isOrphan(upload)) return { why: 'orphan' };
  if (revokedMs !== undefined || others.some(({ kind }) => kind === 'refused'))
    return { why: 'revoked', atMs: revokedMs };
  if (refusals.length > 0) return { why: 'refused by S3' };
  if (expiresMs !== undefined && expiresMs <= nowMs) return { why: 'expired', atMs: expiresMs };
  return undefined;
}

/** When an upload began, for its place in the list. @param {FeedUpload} upload */
export const beganMsOf = ({ issuedMs, uploadedMs, lastMs }) => issuedMs ?? uploadedMs ?? lastMs;

/** What the list can be narrowed to, by its name. */
export const FILTERS =
  /** @type {Readonly<Record<string, (upload: FeedUpload, state: UploadState) => boolean>>} */ ({
    All: () => true,
    'In progress': (_, state) => state === 'waiting' || state === 'accepted',
    'Accepted, not processed': (_, state) => state === 'accepted',
    Processed: (_, state) => state === 'processed',
    Failed: (_, state) => state === 'failed',
    'With duplicates': ({ others }) =>
      others.some(({ kind }) => kind === 'duplicate' || kind === 'identical-duplicate'),
    'Refused, revoked, expired': (_, state) => state === 'ended',
  });

/** By a part of its id or of its API key's. @param {FeedUpload} upload @param {string} text */
export const hasText = ({ uploadId, apiKeyId = '' }, text) =>
  [uploadId, apiKeyId].some((id) => id.toLowerCase().includes(text.toLowerCase()));
