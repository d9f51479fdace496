import type { ObjectListing, UploadRecords } from '@upload-once/uploads';
import { auditAcceptedObjects } from './audit-accepted-objects.ts';
import type { AuditCounts } from './audit-counts.ts';
import { auditRecords } from './audit-records.ts';
import { auditUploadedVersions } from './audit-uploaded-versions.ts';
import { auditWindow } from './audit-window.ts';
import type { Finding } from './finding.ts';

export interface AuditOptions {
  readonly listing: ObjectListing;
  readonly records: UploadRecords;
  readonly startedAt: Date;
  /** How long something may take before it is found: longer than the queues' age and the longest copy usually are. */
  readonly olderThanSeconds: number;
  /** The services' TOMBSTONE_DAYS, in seconds. */
  readonly tombstoneSeconds: number;
}

export interface Audit {
  /** Grows while the findings are taken. */
  readonly counts: AuditCounts;
  /** Once only. Rejects when bucket or table do not answer: what was found until then is true, and the rest not known. */
  findings(): AsyncIterable<Finding>;
}

/**
 * Compares bucket and table, and names what came to no end. It only reads, may run while the services work, and twice at once.
 * A page of versions is listed first and its items are read after it, so that an outcome which is recorded in between is seen,
 * and none is missed. A finding says that nothing was recorded for `olderThanSeconds`, not that nothing will be: the message may
 * wait in its queue, or lie in the dead-letter queue.
 *
 * Memory holds one page of a listing, or of the table, and the items that belong to it, however many there are. Requests, one
 * after the other, for V versions under `uploads/`, A under `accepted/`, and a table of B bytes:
 *
 *   ListObjectVersions  V / 1,000 + A / 1,000
 *   BatchGetItem        V / 100 for the uploads, at most V / 100 for the sightings (thrice that of versions without an upload),
 *                       A / 100 for the uploads, at most A / 100 for the sightings (a read unit or more for each item)
 *   Scan                B / 1 MB (256 read units each)
 */
export function createAudit(options: AuditOptions): Audit {
  const { listing, records, startedAt, olderThanSeconds, tombstoneSeconds } = options;
  const counts: AuditCounts = { uploadedVersions: 0, acceptedVersions: 0, forgottenVersions: 0, items: 0 };
  const window = auditWindow(startedAt, olderThanSeconds, tombstoneSeconds);
  return {
    counts,
    async *findings() {
      yield* auditUploadedVersions({ listing, records, window, counts });
      yield* auditAcceptedObjects({ listing, records, window, counts });
      yield* auditRecords({ records, window, counts });
    },
  };
}
