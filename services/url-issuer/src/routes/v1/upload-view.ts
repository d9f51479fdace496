import {
  describeUpload,
  ObservedKind,
  type ObservedVersion,
  type Tally,
  type Upload,
} from '@upload-once/uploads';
import type { Static } from 'typebox';
import type { uploadResponse } from './responses.ts';

/** One page of a Query, and a few milliseconds: the holder of a form can make any number of versions. */
export const OBSERVED_VERSIONS_MAX = 1_000;

/** What its client may know of an upload and of the other versions that came. */
export function uploadView(
  upload: Upload,
  observedVersions: readonly ObservedVersion[],
  tallies: readonly Tally[],
): Static<typeof uploadResponse> {
  return {
    ...describeUpload(upload),
    duplicates: countOf(ObservedKind.duplicate),
    refused: countOf(ObservedKind.refused),
    duplicatesRemoved: surplusOf(ObservedKind.duplicate),
    refusedRemoved: surplusOf(ObservedKind.refused),
  };

  function countOf(kind: ObservedKind): number {
    return observedVersions.filter((observedVersion) => observedVersion.kind === kind).length;
  }

  function surplusOf(kind: ObservedKind): number {
    return tallies.find((tally) => tally.kind === kind)?.surplus ?? 0;
  }
}
