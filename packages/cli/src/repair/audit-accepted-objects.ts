import {
  ACCEPTED_PREFIX,
  type ObjectListing,
  ObservedKind,
  type StoredVersion,
  type Upload,
  type UploadRecords,
  UploadState,
  uploadKeyOfAccepted,
} from '@upload-once/uploads';
import type { AuditCounts } from './audit-counts.ts';
import type { AuditWindow } from './audit-window.ts';
import { type Finding, FindingKind, Pipeline } from './finding.ts';
import { unrecordedOf } from './unrecorded.ts';

/**
 * Every version under `accepted/`, however young, that no item names as the accepted one, and that is not recorded as an orphan. A key can have more
 * orphans than are kept. Those beyond have no record each, only a count: none of them is named.
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
    const known = page.filter(({ storedAt }) => !window.isForgotten(storedAt));
    const uploads = await records.uploads(known.map(({ key }) => uploadKeyOfAccepted(key)));
    const uploadOf = ({ key }: StoredVersion) => uploads.get(uploadKeyOfAccepted(key));
    const others = known.filter((version) => uploadOf(version)?.acceptedVersionId !== version.versionId);
    const unrecorded = await unrecordedOf(records, others, () => [ObservedKind.orphan]);
    const tallies = await records.tallies(
      unrecorded.map(({ key }) => key),
      ObservedKind.orphan,
    );
    for (const version of unrecorded) {
      const { surplus = 0 } = tallies.get(version.key) ?? {};
      if (surplus === 0) yield findingOf(version, uploadOf(version));
    }
  }
}

function findingOf(version: StoredVersion, upload: Upload | undefined): Finding {
  const isUnclaimed = upload?.state === UploadState.issued;
  return {
    kind: isUnclaimed ? FindingKind.unclaimed : FindingKind.notRecorded,
    key: version.key,
    versionId: version.versionId,
    state: upload?.state,
    since: version.storedAt,
    detail: detailOf(upload),
    // The processor can't accept what was never claimed. An orphan with an alarm would be false where a table was restored.
    event: isUnclaimed
      ? undefined
      : { pipeline: Pipeline.accepted, ...version, isCopy: upload?.state === UploadState.claimed },
  };
}

function detailOf(upload: Upload | undefined): string {
  if (!upload) return 'there is no upload that it belongs to';
  switch (upload.state) {
    case UploadState.issued:
      return 'its upload is only ISSUED: the table was restored to an earlier time, or someone else wrote it (docs/operations.md, "After an accident")';
    case UploadState.claimed:
      return 'its upload is CLAIMED: the acceptor will say whether it is the copy';
    case UploadState.revoked:
      return 'its upload was revoked, so the acceptor has not copied it';
    default:
      return 'another version is the accepted one';
  }
}
