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
 * orphans than are kept. Those beyond have no record each, only a count: none of them is named. And every accepted version that another one covers;
 * a delete marker does not count, because only a person who wants the file gone makes one.
 */
export async function* auditAcceptedObjects(options: {
  readonly listing: ObjectListing;
  readonly records: UploadRecords;
  readonly window: AuditWindow;
  readonly counts: AuditCounts;
}): AsyncIterable<Finding> {
  const { listing, records, window, counts } = options;
  let last: StoredVersion | undefined;
  for await (const page of listing.pages(ACCEPTED_PREFIX)) {
    const coverOf = coversIn(page, last);
    last = page.at(-1) ?? last;
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
    for (const version of known) {
      const upload = uploadOf(version);
      const cover = upload?.acceptedVersionId === version.versionId ? coverOf.get(version) : undefined;
      if (upload && cover) yield coveredBy(cover, version, upload);
    }
    for (const version of unrecorded) {
      const { surplus = 0 } = tallies.get(version.key) ?? {};
      if (surplus === 0) yield findingOf(version, uploadOf(version));
    }
  }
}

/** Of each version that is not the current one: that which covers it. A key's versions are listed newest first. */
function coversIn(page: readonly StoredVersion[], before: StoredVersion | undefined) {
  const covers = new Map<StoredVersion, StoredVersion>();
  let newer = before;
  for (const version of page) {
    if (newer?.key === version.key) covers.set(version, newer);
    newer = version;
  }
  return covers;
}

function coveredBy(cover: StoredVersion, { key, versionId }: StoredVersion, { state }: Upload): Finding {
  return {
    kind: FindingKind.covered,
    ...{ key, versionId, state, since: cover.storedAt },
    detail: `version ${cover.versionId} covers it, and the bucket's lifecycle deletes what is covered: remove that version, or name it to "upload-once adopt"`,
    event: undefined,
  };
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
