import {
  ACCEPTED_PREFIX,
  type ObjectListing,
  SightingKind,
  type StoredVersion,
  type Upload,
  type UploadRecords,
  uploadKeyOfAccepted,
} from '@upload-once/uploads';
import type { AuditCounts } from './audit-counts.ts';
import type { AuditWindow } from './audit-window.ts';
import { type Finding, FindingKind, Pipeline } from './finding.ts';
import { unrecordedOf } from './unrecorded.ts';

/**
 * Every version under `accepted/` that no item names as the accepted one, and that is not recorded as a stray. Of a key with more
 * strays than are kept those beyond have no record each, only a count: none of them is named.
 */
export async function* auditAcceptedObjects(options: {
  readonly listing: ObjectListing;
  readonly records: UploadRecords;
  readonly window: AuditWindow;
  readonly counts: AuditCounts;
}): AsyncIterable<Finding> {
  const { listing, records, window, counts } = options;
  for await (const page of listing.pages(ACCEPTED_PREFIX)) {
    counts.acceptedVersions += page.length;
    counts.forgottenVersions += page.filter(({ storedAt }) => window.isForgotten(storedAt)).length;
    const due = page.filter(({ storedAt }) => window.isDue(storedAt) && !window.isForgotten(storedAt));
    const uploads = await records.uploads(due.map(({ key }) => uploadKeyOfAccepted(key)));
    const uploadOf = ({ key }: StoredVersion) => uploads.get(uploadKeyOfAccepted(key));
    const others = due.filter((version) => uploadOf(version)?.acceptedVersionId !== version.versionId);
    const unrecorded = await unrecordedOf(records, others, () => [SightingKind.stray]);
    const tallies = await records.tallies(
      unrecorded.map(({ key }) => key),
      SightingKind.stray,
    );
    for (const version of unrecorded) {
      const { surplus = 0 } = tallies.get(version.key) ?? {};
      if (surplus === 0) yield findingOf(version, uploadOf(version));
    }
  }
}

function findingOf(version: StoredVersion, upload: Upload | undefined): Finding {
  return {
    kind: FindingKind.notRecorded,
    key: version.key,
    versionId: version.versionId,
    state: upload?.state,
    since: version.storedAt,
    detail: detailOf(upload),
    event: { pipeline: Pipeline.accepted, ...version, isCopy: isCopyOf(version, upload) },
  };
}

/**
 * The bucket does not tell what made a version. Before ACCEPTED is recorded it is taken for the copy, as by the acceptor that finds it
 * there. Beside an accepted version it is a late copy only with the very ETag of what was claimed, and so with its bytes.
 */
function isCopyOf({ eTag, sizeBytes }: StoredVersion, upload: Upload | undefined): boolean {
  if (!upload?.claimed) return false;
  if (upload.acceptedVersionId === undefined) return true;
  return eTag === upload.claimed.eTag && sizeBytes === upload.claimed.sizeBytes;
}

function detailOf(upload: Upload | undefined): string {
  if (!upload) return 'there is no upload that it belongs to';
  if (upload.acceptedVersionId) return 'another version is the accepted one';
  return upload.claimed
    ? 'it was copied, and nobody has recorded that'
    : 'nothing was claimed for its upload, so nobody should have copied it';
}
