import { type ObjectListing, type UploadRecords, UploadState } from '@upload-once/uploads';
import { auditAcceptedObjects } from './audit-accepted-objects.ts';
import type { AuditCounts } from './audit-counts.ts';
import { auditRecords } from './audit-records.ts';
import { auditUploadedVersions } from './audit-uploaded-versions.ts';
import { auditWindow } from './audit-window.ts';
import { type Finding, FindingKind } from './finding.ts';

export interface AuditOptions {
  readonly listing: ObjectListing;
  readonly records: UploadRecords;
  /** The time by S3's clock, `ObjectListing.now`: a machine whose clock is behind would take every version for too young. */
  readonly startedAt: Date;
  /** How long something may take before it is found: longer than the queues' age and the longest copy usually are. */
  readonly olderThanSeconds: number;
  /** The services' RECORD_RETENTION_DAYS, in seconds. */
  readonly recordRetentionSeconds: number;
}

export interface Audit {
  /** Grows while the findings are taken. */
  readonly counts: AuditCounts;
  /** Once only. Rejects when bucket or table do not respond: what was found until then is true, and the rest not known. */
  findings(): AsyncIterable<Finding>;
}

/**
 * Compares bucket and table, and names what came to no end. It only reads, may run while the services work, and twice at once.
 * A page of versions is listed first and its items are read after it, so that an outcome which is recorded in between is seen,
 * and none is missed. A finding says that nothing was recorded for `olderThanSeconds`, not that nothing will be: the message may
 * wait in its queue, or lie in the dead-letter queue. What nothing was recorded for, and is younger, is counted as too young.
 *
 * Memory holds one page of a listing, or of the table, and the items that belong to it, however many there are. Requests, one
 * after the other, for V versions under `uploads/`, A under `accepted/`, and a table of B bytes:
 *
 *   ListObjectVersions  V / 1,000 + A / 1,000
 *   BatchGetItem        V / 100 for the uploads, at most V / 100 for the observed versions (thrice that of versions without an upload),
 *                       A / 100 for the uploads, at most A / 100 for the observed versions (a read unit or more for each item)
 *   Scan                B / 1 MB (256 read units each)
 */
export function createAudit(options: AuditOptions): Audit {
  const { listing, records, startedAt, olderThanSeconds, recordRetentionSeconds } = options;
  const counts: AuditCounts = {
    uploadedVersions: 0,
    acceptedVersions: 0,
    forgottenVersions: 0,
    items: 0,
    tooYoung: 0,
    tooYoungSince: undefined,
    leased: 0,
    leasedUntil: undefined,
  };
  const window = auditWindow(startedAt, olderThanSeconds, recordRetentionSeconds);

  async function* judged(candidates: AsyncIterable<Finding>): AsyncIterable<Finding> {
    for await (const finding of candidates) {
      // A failed upload has come to an end of its own: there is nothing to wait for.
      if (finding.kind === FindingKind.failed || window.isDue(finding.since)) yield finding;
      else if (finding.state === UploadState.processing && finding.since > startedAt)
        countLeased(finding.since);
      else countTooYoung(finding.since);
    }
  }

  function countLeased(until: Date): void {
    counts.leased += 1;
    if (counts.leasedUntil === undefined || until > counts.leasedUntil) counts.leasedUntil = until;
  }

  function countTooYoung(since: Date): void {
    const { oldest = since, youngest = since } = counts.tooYoungSince ?? {};
    counts.tooYoung += 1;
    counts.tooYoungSince = {
      oldest: since < oldest ? since : oldest,
      youngest: since > youngest ? since : youngest,
    };
  }

  return {
    counts,
    async *findings() {
      yield* judged(auditUploadedVersions({ listing, records, window, counts }));
      yield* judged(auditAcceptedObjects({ listing, records, window, counts }));
      yield* judged(auditRecords({ records, counts }));
    },
  };
}
