export { type Audit, type AuditOptions, createAudit } from './audit.ts';
export type { AuditCounts } from './audit-counts.ts';
export type { DeadLetter } from './dead-letter.ts';
export { countDeadLetters, type DeadLetterCount, lookAtDeadLetters } from './dead-letter-queue.ts';
export { type Finding, FindingKind, type MissingEvent, Pipeline } from './finding.ts';
export { type RedriveOptions, RedriveOutcome, redrive } from './redrive.ts';
export { type RepairedFinding, repairFindings } from './repair-findings.ts';
export { createSendEvents, EventsNotSent } from './send-events.ts';
