import {
  ACCEPTED_PREFIX,
  acceptedKeyOf,
  milestoneOf,
  type ObservedVersion,
  type Tally,
  type Upload,
  type UploadRecord,
  type UploadRecords,
  UploadState,
} from '@upload-once/uploads';
import type { AuditCounts } from './audit-counts.ts';
import { type Finding, FindingKind, type MissingEvent, Pipeline } from './finding.ts';

/** Every item that has not come to its end, however young: stuck, failed, or an observed version or a count that may never have been reported. */
export async function* auditRecords(options: {
  readonly records: UploadRecords;
  readonly counts: AuditCounts;
}): AsyncIterable<Finding> {
  const { records, counts } = options;
  for await (const page of records.pages()) {
    counts.items += page.length;
    for (const record of page) {
      const finding = findingOf(record);
      if (!finding) continue;
      yield 'tally' in record ? { ...finding, event: await eventOfTally(record.tally, records) } : finding;
    }
  }
}

function findingOf(record: UploadRecord): Finding | undefined {
  if ('upload' in record) return uploadFinding(record.upload);
  return 'tally' in record ? tallyFinding(record.tally) : observedVersionFinding(record.observedVersion);
}

function uploadFinding(upload: Upload): Finding | undefined {
  const { key, state, claimed } = upload;
  if (!claimed) return undefined;
  const ofUpload = { kind: FindingKind.stuck, key, versionId: claimed.versionId, state };
  switch (state) {
    case UploadState.claimed:
      return {
        ...ofUpload,
        since: claimed.claimedAt,
        detail: 'its version was claimed, and not accepted',
        event: { pipeline: Pipeline.uploads, key, ...claimed, isCopy: false },
      };
    case UploadState.accepted:
      return {
        ...ofUpload,
        since: upload.acceptedAt ?? claimed.claimedAt,
        detail: 'it was accepted, and its processing has not begun',
        event: eventOfAccepted(upload, claimed),
      };
    case UploadState.processing:
      return {
        ...ofUpload,
        since: upload.leaseExpiresAt ?? claimed.claimedAt,
        detail: `the lease of attempt ${upload.attempt} has run out, and no worker has taken it over`,
        event: eventOfAccepted(upload, claimed),
      };
    case UploadState.failed:
      return {
        ...ofUpload,
        kind: FindingKind.failed,
        since: upload.leaseExpiresAt ?? claimed.claimedAt,
        detail: upload.failureReason ?? 'its processing failed',
        event: eventOfAccepted(upload, claimed),
      };
    default:
      return undefined;
  }
}

/** As the item knows the accepted object: it is the copy of the claimed version, whose ETag can be another. */
function eventOfAccepted(
  { key, acceptedVersionId, acceptedAt }: Upload,
  claimed: NonNullable<Upload['claimed']>,
): MissingEvent | undefined {
  if (acceptedVersionId === undefined) return undefined;
  const { eTag, sizeBytes, claimedAt } = claimed;
  return {
    pipeline: Pipeline.accepted,
    key: acceptedKeyOf(key),
    versionId: acceptedVersionId,
    eTag,
    sizeBytes,
    storedAt: acceptedAt ?? claimedAt,
    isCopy: true,
  };
}

function observedVersionFinding(observedVersion: ObservedVersion): Finding | undefined {
  if (observedVersion.reported) return undefined;
  const { key, kind, versionId, recordedAt } = observedVersion;
  return {
    kind: FindingKind.notReported,
    key,
    versionId,
    state: undefined,
    since: recordedAt,
    detail: `it is recorded as ${kind}, and may never have been reported`,
    event: eventOfObservedVersion(observedVersion),
  };
}

function eventOfObservedVersion({
  key,
  versionId,
  eTag,
  sizeBytes,
  storedAt,
}: ObservedVersion): MissingEvent {
  const pipeline = key.startsWith(ACCEPTED_PREFIX) ? Pipeline.accepted : Pipeline.uploads;
  return { pipeline, key, versionId, eTag, sizeBytes, storedAt, isCopy: false };
}

function tallyFinding({
  key,
  kind,
  surplus,
  surplusReported,
  countedAt,
  keptVersionIds,
}: Tally): Finding | undefined {
  if (milestoneOf(surplus) <= surplusReported || countedAt === undefined) return undefined;
  const [versionId = ''] = keptVersionIds;
  return {
    kind: FindingKind.notReported,
    key,
    versionId,
    state: undefined,
    since: countedAt,
    detail: `${surplus} versions more than are kept came as ${kind}, and that may never have been reported`,
    event: undefined,
  };
}

/** The event of a version that is kept: it changes nothing about that, and has the count reported. */
async function eventOfTally(
  { key, kind, keptVersionIds }: Tally,
  records: UploadRecords,
): Promise<MissingEvent | undefined> {
  const [versionId] = keptVersionIds;
  if (versionId === undefined) return undefined;
  const [kept] = await records.observedVersions([{ key, kind, versionId }]);
  return kept && eventOfObservedVersion(kept);
}
