export { type Audit, createAudit } from './audit.ts';
export type { AuditCounts } from './audit-counts.ts';
export type { DeadLetter, LetterEvent } from './dead-letter.ts';
export { countDeadLetters, type DeadLetterCount, lookAtDeadLetters } from './dead-letter-queue.ts';
export { eventQueueArns, pipelinesOf } from './event-queues.ts';
export { type Finding, FindingKind, type MissingEvent, Pipeline } from './finding.ts';
export { openQueuePair, type QueuePair, WrongQueue } from './queue-pair.ts';
export {
  FEW_DEAD_LETTERS,
  REDRIVE_HIDES_SECONDS,
  type RedriveOptions,
  RedriveOutcome,
  redrive,
} from './redrive.ts';
export { type RepairedFinding, RepairOutcome, repairFindings } from './repair-findings.ts';
export { createSendEvents } from './send-events.ts';
