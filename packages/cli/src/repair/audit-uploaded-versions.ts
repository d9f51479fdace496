import {
  type ObjectListing,
  ObservedKind,
  type StoredVersion,
  UPLOADS_PREFIX,
  type Upload,
  type UploadRecords,
  UploadState,
} from '@upload-once/uploads';
import type { AuditCounts } from './audit-counts.ts';
import type { AuditWindow } from './audit-window.ts';
import { type Finding, FindingKind, Pipeline } from './finding.ts';
import { unrecordedOf } from './unrecorded.ts';

/** Every version under `uploads/`, however young, that is neither claimed nor recorded as what it is: its event was lost, or waits somewhere. */
export async function* auditUploadedVersions(options: {
  readonly listing: ObjectListing;
  readonly records: UploadRecords;
  readonly window: AuditWindow;
  readonly counts: AuditCounts;
}): AsyncIterable<Finding> {
  const { listing, records, window, counts } = options;
  for await (const page of listing.pages(UPLOADS_PREFIX)) {
    counts.uploadedVersions += page.length;
    counts.forgottenVersions += page.filter(({ storedAt }) => window.isForgotten(storedAt)).length;
    const known = page.filter(({ storedAt }) => !window.isForgotten(storedAt));
    const uploads = await records.uploads(known.map(({ key }) => key));
    const others = known.filter(({ key, versionId }) => uploads.get(key)?.claimed?.versionId !== versionId);
    const unrecorded = await unrecordedOf(records, others, ({ key }) => observedKindsFor(uploads.get(key)));
    for (const version of unrecorded) yield findingOf(version, uploads.get(version.key));
  }
}

/**
 * As what the acceptor has recorded it, or would; none: as nothing yet, one of the versions is to be claimed first. Without an upload
 * it is an orphan, or what it was as long as its upload's item was there: an observed version may outlive that.
 */
function observedKindsFor(upload: Upload | undefined): readonly ObservedKind[] {
  if (!upload) return Object.values(ObservedKind);
  if (upload.claimed) return [ObservedKind.duplicate];
  return upload.state === UploadState.revoked ? [ObservedKind.refused] : [];
}

function findingOf(version: StoredVersion, upload: Upload | undefined): Finding {
  return {
    kind: FindingKind.noOutcome,
    key: version.key,
    versionId: version.versionId,
    state: upload?.state,
    since: version.storedAt,
    detail: detailOf(upload),
    event: { pipeline: Pipeline.uploads, ...version, isCopy: false },
  };
}

function detailOf(upload: Upload | undefined): string {
  if (!upload) return 'there is no upload that it belongs to, and it is not recorded as an orphan';
  if (upload.claimed) return 'another version was claimed, and it is not recorded as a duplicate';
  if (upload.state === UploadState.revoked)
    return 'its upload was revoked, and it is not recorded as refused';
  return 'it was uploaded, and nothing was claimed';
}
