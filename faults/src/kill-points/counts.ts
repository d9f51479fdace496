import type { Sent } from '../broken-promises.ts';
import type { Lane, Round } from './scenario.ts';

const COPIES = ['s3 CopyObject', 's3 CompleteMultipartUpload'];
const METRICS = ['UploadsAccepted', 'UploadsProcessed', 'DuplicateUploads'] as const;

/** What a lane's uploads have to be counted in: each once, by whoever records it. */
export interface Counts {
  /** One more upload has come to its end; without a round nothing happened on its way. */
  add(sent: Sent, round: Round | undefined): void;
  /** What is wrong about the metrics of a lane whose processes have all ended. */
  findings(lane: Lane): string[];
}

export function expectedCounts(): Counts {
  const least = { UploadsAccepted: 0, UploadsProcessed: 0, DuplicateUploads: 0 };
  const most = { ...least };
  return {
    add({ versions }, round) {
      // Who is killed when the record is made, and no answer back, can't count it; nobody else knows that it is to be counted.
      most.UploadsAccepted += 1;
      if (!isKilledAt(round, 'after', COPIES)) least.UploadsAccepted += 1;
      most.UploadsProcessed += 1;
      // With a heartbeat behind it, the write that follows is the one that finishes.
      if (!isKilledAt(round, 'after', ['sqs ChangeMessageVisibility'])) least.UploadsProcessed += 1;
      // Counted, and killed before that could be recorded: the next process counts it again. Nobody else does.
      const duplicates = versions.length - 1 + (isKilledAt(round, 'before', ['dynamodb PutItem']) ? 1 : 0);
      least.DuplicateUploads += duplicates;
      most.DuplicateUploads += duplicates;
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

/** Whether a process was killed at the write that follows such a call. */
function isKilledAt(
  round: Round | undefined,
  side: 'before' | 'after',
  previous: readonly string[],
): boolean {
  return (
    round?.point.signal === 'SIGKILL' &&
    round.point.side === side &&
    round.point.name === 'dynamodb UpdateItem' &&
    previous.includes(round.reached.previous)
  );
}
