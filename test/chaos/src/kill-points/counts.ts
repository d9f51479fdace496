import type { Sent } from '../broken-promises.ts';
import type { ServiceUnderFaults } from '../service-under-faults.ts';
import type { KillPoint, KillSide } from './kill-point.ts';

const HEARTBEAT = 'sqs ChangeMessageVisibility';
const WRITE = 'dynamodb UpdateItem';
/** The last call before the mark: metric and log line come between the two. */
const REPORT = 'sqs SendMessage';
const COPIES = ['s3 CopyObject', 's3 CompleteMultipartUpload'];
const METRICS = ['UploadsAccepted', 'UploadsProcessed', 'DuplicateUploads', 'OrphanObjects'] as const;

/** Where a process was ended while an upload was on its way. */
interface EndedAt {
  readonly point: KillPoint;
  /** The names of its calls before that one. */
  readonly after: readonly string[];
}

/** The services that count. */
interface Counting {
  readonly killed: Pick<ServiceUnderFaults, 'total'>;
  readonly other: Pick<ServiceUnderFaults, 'total'>;
}

/**
 * The metrics that count a worker's uploads: each upload once, by the worker that records it. A kill loses the counts that were gathered,
 * so those of an upload are written before the next one can be killed: `areWritten`.
 */
export interface Counts {
  /** One more upload has come to its end; no process was ended on its way where no place is given. */
  add(sent: Sent, endedAt: EndedAt | undefined): void;
  /** Whether the least that must be counted of all uploads so far is. */
  areWritten(services: Counting): boolean;
  /** What is wrong about the metrics of services whose processes have all ended. */
  findings(services: Counting): string[];
}

export function expectedCounts(): Counts {
  // A copy that is made again finds the first one and adds nothing: no second one is ever reported as an orphan.
  const least = { UploadsAccepted: 0, UploadsProcessed: 0, DuplicateUploads: 0, OrphanObjects: 0 };
  const most = { ...least };
  return {
    add({ versions, keptDuplicates = Number.POSITIVE_INFINITY }, endedAt) {
      // A worker that is killed after the write and before its response can't count the upload. No other worker knows to count it.
      most.UploadsAccepted += 1;
      if (
        !isKilledAtWrite(endedAt, 'after', (before) => COPIES.includes(lastOf(before))) &&
        !isKilledAfterWrite(endedAt, (name) => COPIES.includes(name))
      )
        least.UploadsAccepted += 1;
      most.UploadsProcessed += 1;
      // With a heartbeat behind it, the write that follows is the one that finishes.
      if (
        !isKilledAtWrite(endedAt, 'after', (before) => before.includes(HEARTBEAT)) &&
        !isKilledAfterWrite(endedAt, (name) => name === HEARTBEAT)
      )
        least.UploadsProcessed += 1;
      // Counted, and killed before it recorded the count: only the next process counts it again.
      const isCountedAgain = isKilledAtWrite(endedAt, 'before', (before) => lastOf(before) === REPORT);
      const duplicates = versions.length - 1 + (isCountedAgain ? 1 : 0);
      least.DuplicateUploads += duplicates;
      most.DuplicateUploads += duplicates;
      // A removed duplicate can't be recognized when its event comes again.
      if (endedAt && versions.length - 1 > keptDuplicates) most.DuplicateUploads += 1;
    },
    areWritten({ killed, other }) {
      return METRICS.every((metric) => killed.total(metric) + other.total(metric) >= least[metric]);
    },
    findings({ killed, other }) {
      return METRICS.flatMap((metric) => {
        const total = killed.total(metric) + other.total(metric);
        return total >= least[metric] && total <= most[metric]
          ? []
          : [`P4: ${metric} was counted ${total} times, not ${least[metric]} to ${most[metric]}`];
      });
    },
  };
}

/** Whether a process was killed at a write, and at which one. Its calls before that show it. */
function isKilledAtWrite(
  endedAt: EndedAt | undefined,
  side: KillSide,
  isIt: (before: readonly string[]) => boolean,
): boolean {
  return (
    endedAt?.point.signal === 'SIGKILL' &&
    endedAt.point.side === side &&
    endedAt.point.name === WRITE &&
    isIt(endedAt.after)
  );
}

/** Whether a process was killed at any call behind a write that came after such a call: it had counted, and may not have written the count. */
function isKilledAfterWrite(endedAt: EndedAt | undefined, isBefore: (name: string) => boolean): boolean {
  if (endedAt?.point.signal !== 'SIGKILL') return false;
  const begins = endedAt.after.findIndex(isBefore);
  return begins !== -1 && endedAt.after.indexOf(WRITE, begins) !== -1;
}

/** Heartbeats have a clock of their own: on a slow machine one may come between any two steps of the work. */
function lastOf(before: readonly string[]): string {
  return before.findLast((name) => name !== HEARTBEAT) ?? '';
}
