import { ObservedKind, type ObservedVersion, type Upload, UploadState } from '@upload-once/uploads';
import { type Entry, type Post, PostOutcome } from './ledger.ts';

/** What became of one key, as table and bucket have it. */
export interface Found {
  readonly upload: Pick<Upload, 'state' | 'claimed' | 'acceptedVersionId' | 'attempt'> | undefined;
  readonly observedVersions: readonly ObservedVersion[];
  /** Ids of the versions that lie under its key in `accepted/`, and in `uploads/`. */
  readonly acceptedVersionIds: readonly string[];
  readonly uploadVersionIds: readonly string[];
}

/**
 * What is wrong about one upload when everything has come to rest: nothing, or one line for each, beginning with the promise that it
 * breaks. The client's own record says what there must be; if a response was lost, both are right, if they are right
 * throughout.
 */
export function findingsOf(entry: Entry, found: Found): string[] {
  const findings: string[] = [];
  const must = (holds: boolean, promise: string, what: string) => {
    if (!holds) findings.push(`${promise}: ${entry.key}: ${what}`);
  };

  const { upload, observedVersions } = found;
  if (!upload) return [`P6: ${entry.key}: a form was given, but no upload is on record`];
  const { claimed } = upload;
  const recordedIds = [
    ...(claimed ? [claimed.versionId] : []),
    ...observedVersions.map(({ versionId }) => versionId),
  ];
  const recorded = new Set(recordedIds);

  for (const { versionId = '', outcome } of entry.posts) {
    if (outcome !== PostOutcome.stored) continue;
    must(recorded.has(versionId), 'P3', `${versionId} was stored, and is neither accepted nor on record`);
  }
  for (const versionId of found.uploadVersionIds) {
    must(
      recorded.has(versionId),
      'P4',
      `${versionId} lies in uploads/, and is neither accepted nor on record`,
    );
  }
  must(recorded.size === recordedIds.length, 'P4', `a version is on record twice: ${recordedIds}`);

  const posts = postsOf(entry, [...(claimed ? [claimed] : []), ...observedVersions]);
  for (const versionId of recorded) {
    must(posts.has(versionId), 'P5', `${versionId} is on record, which no client has sent, or not as it is`);
  }
  for (const { kind, versionId, reported } of observedVersions) {
    must(kind === ObservedKind.duplicate, 'P4', `${versionId} is a duplicate, recorded as ${kind}`);
    must(reported, 'P4', `${versionId} is recorded, and not reported`);
  }

  if (!claimed) {
    must(upload.state === UploadState.issued, 'P3', `nothing is claimed, but it is ${upload.state}`);
    must(observedVersions.length === 0, 'P4', `nothing is claimed, but there are duplicates on record`);
    must(found.acceptedVersionIds.length === 0, 'P5', 'nothing is claimed, but something was accepted');
    return findings;
  }
  must(upload.state === UploadState.processed, 'P3', `it is ${upload.state}, not PROCESSED`);
  const acceptedId = upload.acceptedVersionId ?? 'none';
  const kept = entry.isEvicted ? '' : acceptedId;
  must(
    found.acceptedVersionIds.join() === kept,
    'P1',
    `${found.acceptedVersionIds.join(', ') || 'nothing'} lies under accepted/, where ${kept || 'nothing'} should`,
  );
  must(
    !found.uploadVersionIds.includes(claimed.versionId),
    'P3',
    `${claimed.versionId} is accepted, but was not removed from uploads/`,
  );

  const claimedPost = posts.get(claimed.versionId);
  if (!claimedPost) return findings;
  for (const [versionId, post] of posts) {
    const isAnsweredBefore = post.outcome === PostOutcome.stored && post.endedAtMs < claimedPost.beganAtMs;
    must(
      !isAnsweredBefore,
      'P1',
      `${claimed.versionId} is claimed, which began after ${versionId} had been answered`,
    );
  }
  for (const { versionId, storedAt } of observedVersions) {
    // S3 lists whole seconds, and the claim may have its time from there.
    const isOlder = storedAt.getTime() < claimed.storedAt.getTime();
    must(!isOlder, 'P1', `${versionId} is kept apart, which is older than the claimed ${claimed.versionId}`);
  }
  must(
    entry.acceptedSha256 === claimedPost.sha256,
    'P2',
    `its bytes have SHA-256 ${entry.acceptedSha256}, those sent ${claimedPost.sha256}`,
  );
  must(entry.runs.length > 0, 'P3', 'it is PROCESSED, but no handler has finished');
  for (const { attempt, sha256 } of entry.runs) {
    must(sha256 === claimedPost.sha256, 'P2', `attempt ${attempt} was handed bytes with SHA-256 ${sha256}`);
    must(attempt <= upload.attempt, 'P3', `attempt ${attempt} was made, ${upload.attempt} are on record`);
  }
  const attempts = new Set(entry.runs.map(({ attempt }) => attempt));
  must(attempts.size === entry.runs.length, 'P3', 'two handlers finished in the same attempt');
  return findings;
}

/** Which POST each recorded version came from: by its id if a response had it, otherwise by its bytes. */
function postsOf(
  entry: Entry,
  versions: readonly { readonly versionId: string; readonly eTag: string; readonly sizeBytes: number }[],
): Map<string, Post> {
  const posts = new Map<string, Post>();
  for (const { versionId, eTag, sizeBytes } of versions) {
    const post = entry.posts.find(
      (each) =>
        each.md5 === eTag &&
        each.sizeBytes === sizeBytes &&
        (each.versionId === versionId || each.outcome === PostOutcome.unknown),
    );
    if (post) posts.set(versionId, post);
  }
  return posts;
}
