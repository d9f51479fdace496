import {
  ObservedKind,
  type ObservedVersion,
  type Tally,
  type Upload,
  UploadState,
  uploadIdOf,
} from '@upload-once/uploads';
import type { Static } from 'typebox';
import type { uploadResponse } from './responses.ts';

/** One page of a Query, and a few milliseconds: the holder of a form can make any number of versions. */
export const OBSERVED_VERSIONS_MAX = 1_000;

/** What its client may know of an upload: nothing about the worker that has it. */
export function uploadView(
  upload: Upload,
  observedVersions: readonly ObservedVersion[],
  tallies: readonly Tally[],
): Static<typeof uploadResponse> {
  const { claimed, constraints } = upload;
  const { contentType, filename, sha256 } = constraints;
  const isFailed = upload.state === UploadState.failed;
  return {
    id: uploadIdOf(upload.key),
    state: upload.state,
    method: constraints.method,
    ...(contentType !== undefined && { contentType }),
    minBytes: constraints.minBytes,
    maxBytes: constraints.maxBytes,
    ...(filename !== undefined && { filename }),
    metadata: { ...upload.metadata },
    ...times({
      issuedAt: upload.issuedAt,
      expiresAt: upload.expiresAt,
      revokedAt: upload.revokedAt,
      storedAt: claimed?.storedAt,
      claimedAt: claimed?.claimedAt,
      acceptedAt: upload.acceptedAt,
      processedAt: upload.processedAt,
      failedAt: isFailed ? upload.failedAt : undefined,
    }),
    ...(isFailed &&
      upload.clientFailureReason !== undefined && { failureReason: upload.clientFailureReason }),
    ...(claimed && { sizeBytes: claimed.sizeBytes, eTag: claimed.eTag }),
    ...(sha256 !== undefined && { sha256: Buffer.from(sha256, 'base64').toString('hex') }),
    duplicates: countOf(ObservedKind.duplicate),
    refused: countOf(ObservedKind.refused),
    duplicatesRemoved: surplusOf(ObservedKind.duplicate),
    refusedRemoved: surplusOf(ObservedKind.refused),
    ...(claimed &&
      upload.processedAt && {
        leadTimeSeconds: (upload.processedAt.getTime() - claimed.storedAt.getTime()) / 1000,
      }),
  };

  function countOf(kind: ObservedKind): number {
    return observedVersions.filter((observedVersion) => observedVersion.kind === kind).length;
  }

  function surplusOf(kind: ObservedKind): number {
    return tallies.find((tally) => tally.kind === kind)?.surplus ?? 0;
  }
}

type Times<T> = { [Name in keyof T]: Date extends T[Name] ? string : never };

function times<T extends Record<string, Date | undefined>>(dates: T) {
  const known = Object.entries(dates).flatMap(([name, date]) => (date ? [[name, date.toISOString()]] : []));
  return Object.fromEntries(known) as Times<T>;
}
