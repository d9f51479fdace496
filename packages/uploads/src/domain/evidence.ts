import type { UploadStore } from '../ports/upload-store.ts';
import type { Reports } from './report.ts';
import {
  milestoneOf,
  type ObjectVersion,
  type ObservedKind,
  type ObservedVersion,
  type Tally,
} from './upload.ts';

/** A version that will never be accepted. */
export interface Observed {
  readonly key: string;
  readonly kind: ObservedKind;
  readonly version: ObjectVersion;
  /** For a refused version: S3 had stored it before the upload was revoked. */
  readonly storedBeforeRevocation?: boolean;
  /** For a duplicate: whether it has the bytes of the claimed version. Asked when it has a place. */
  readonly isIdentical?: () => Promise<boolean>;
}

/**
 * The evidence of one kind under one key: its first versions are recorded and reported one by one, all others are counted.
 * The order is: record, send to every reader, mark as reported. A crash in between sends again and never leaves a report out.
 */
export interface Evidence {
  /**
   * Records and reports a version that is among the first ones: the record is made once, the report is sent at least once. An identical
   * duplicate is recorded and counted, and no reader gets a report.
   * False: the version is surplus. Nothing was recorded; the caller counts it with `countSurplus`.
   */
  keep(observed: Observed): Promise<boolean>;

  /** As `keep`, for a version that stays whatever the limit is. */
  keepAlways(observed: Observed): Promise<void>;

  /**
   * Counts surplus versions, at least once each: a redelivery counts again. The count is reported when it reaches 10, 100,
   * 1,000 …; when several of these are reached at once, the greatest is reported.
   */
  countSurplus(key: string, kind: ObservedKind, count: number): Promise<Tally>;
}

/**
 * @param options.keptDuplicates how many versions of one kind are kept under one key, 1 or more
 * @param options.onReported called after a report was sent and before it is marked: for the log line and the metric
 * @param options.onCounted called with how many surplus versions were just counted
 */
export function createEvidence(options: {
  readonly uploads: UploadStore;
  readonly reports: Reports;
  readonly keptDuplicates: number;
  readonly now: () => Date;
  readonly onReported: (observedVersion: ObservedVersion, observed: Observed) => void;
  readonly onCounted: (tally: Tally, count: number) => void;
}): Evidence {
  const { uploads, reports, keptDuplicates, now, onReported, onCounted } = options;

  async function keepAlways(observed: Observed): Promise<void> {
    const { key, kind, version, storedBeforeRevocation } = observed;
    const isIdentical = (await observed.isIdentical?.()) ?? false;
    const observedVersion = await uploads.recordObservedVersion(key, kind, version, { isIdentical });
    if (observedVersion.reported) return;
    if (!observedVersion.isIdentical)
      await reports.send({
        observedVersion,
        ...(storedBeforeRevocation !== undefined && { storedBeforeRevocation }),
      });
    onReported(observedVersion, observed);
    await uploads.markReported(key, kind, version.versionId);
  }

  /** The tally says up to which count it was reported, so that any later event of the key repairs what a crash left out. */
  async function reportCount({ key, kind, surplus, surplusReported }: Tally): Promise<void> {
    const count = milestoneOf(surplus);
    if (count <= surplusReported) return;
    await reports.send({ key, kind, count, countedAt: now() });
    await uploads.markSurplusReported(key, kind, count);
  }

  return {
    keepAlways,

    async keep(observed) {
      const { key, kind, version } = observed;
      const { isKept, tally } = await uploads.reserveEvidence(key, kind, version.versionId, keptDuplicates);
      if (!isKept) return false;
      await keepAlways(observed);
      await reportCount(tally);
      return true;
    },

    async countSurplus(key, kind, count) {
      const tally = await uploads.countSurplus(key, kind, count);
      onCounted(tally, count);
      await reportCount(tally);
      return tally;
    },
  };
}
