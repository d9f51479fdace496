import { describeUpload, type ObservedVersion, type Upload, uploadIdOfObject } from '@upload-once/uploads';
import type { UploadDossier } from './ports.ts';
import { barsOfMoments } from './waterfall.ts';

/** What the page gets of an upload and of all that was sent under its key. */
export function shownDossier({ upload, observedVersions, tallies, link }: UploadDossier) {
  return {
    upload: upload && shownUpload(upload),
    observedVersions: observedVersions.map(shownVersion),
    tallies: tallies.map(({ kind, keptVersionIds, surplus }) => ({
      kind,
      kept: keptVersionIds.size,
      surplus,
    })),
    link,
    moments: upload ? barsOfMoments(upload) : [],
  };
}

/** As the upload's client sees it, and what operators need beside that. */
export function shownUpload(upload: Upload) {
  const { apiKeyId, attempt, acceptedVersionId, claimed, leaseOwner, leaseExpiresAt, failureReason } = upload;
  const { adopted } = upload;
  return {
    ...describeUpload(upload),
    apiKeyId,
    attempt,
    claimedVersionId: claimed?.versionId,
    acceptedVersionId,
    leaseOwner,
    leaseExpiresAt,
    ...(failureReason !== undefined && { failureReason }),
    ...(adopted && { adoptedAt: adopted.at, adoptedBy: adopted.by, adoptionReason: adopted.reason }),
  };
}

export function shownVersion(version: ObservedVersion) {
  return { ...version, uploadId: uploadIdOfObject(version.key) ?? version.key };
}
