import { type AuditCounts, type RepairedFinding, RepairOutcome } from '@upload-once/repair';
import { ageWords } from '../age-words.ts';
import { printable } from '../printable.ts';
import type { AuditCommandOptions } from './audit-options.ts';

/** What is known of the events: `3 events sent, 1 may have been sent (no answer of SQS tells), 2 not sent`. */
export function sentWords(count: (outcome: RepairOutcome) => number): string {
  const [uncertain, notSent, before, dead] = [
    count(RepairOutcome.uncertain),
    count(RepairOutcome.notSent),
    count(RepairOutcome.sentBefore),
    count(RepairOutcome.deadLetter),
  ];
  return [
    `${count(RepairOutcome.sent)} events sent`,
    ...(uncertain ? [`${uncertain} may have been sent (no answer of SQS tells)`] : []),
    ...(notSent ? [`${notSent} not sent`] : []),
    ...(before ? [`${before} left alone that a repair sent before`] : []),
    ...(dead ? [`${dead} left alone that ${dead === 1 ? 'lies' : 'lie'} in a dead-letter queue`] : []),
  ].join(', ');
}

/** Findings are written as they come, so the columns have the width of the longest that there can be. */
const columns = (kind: string, state: string, age: string, rest: string) =>
  `${kind.padEnd(12)}  ${state.padEnd(10)}  ${age.padEnd(6)}  ${rest}\n`;
export const HEADER = columns('finding', 'state', 'age', 'key, version');

export function textLine(repaired: RepairedFinding, now: Date, { repair }: AuditCommandOptions): string {
  const { kind, key, versionId, state, since, detail } = repaired.finding;
  const line = columns(kind, state ?? '–', ageWords(since, now), printable(`${key} ${versionId}`));
  return `${line}    ${printable(`${detail}${repair ? whatWasDone(repaired) : ''}`)}\n`;
}

function whatWasDone({ outcome, remark }: RepairedFinding): string {
  switch (outcome) {
    case RepairOutcome.sent:
      return `; its event was sent${remark && `, but ${remark}`}`;
    case RepairOutcome.uncertain:
      return `; no answer tells whether its event was sent: ${remark}`;
    case RepairOutcome.notSent:
      return `; its event was not sent: ${remark}`;
    default:
      return remark && `; ${remark}`;
  }
}

export function jsonLine({ finding, outcome, remark }: RepairedFinding): string {
  const { kind, key, versionId, state, since, detail } = finding;
  const sent = outcome === RepairOutcome.sent;
  return `${JSON.stringify({ kind, key, versionId, state, since, detail, sent, outcome, remark })}\n`;
}

/** What to do about what was named. */
export function nextStep(
  named: number,
  count: (outcome: RepairOutcome) => number,
  { repair }: AuditCommandOptions,
): string {
  if (named === 0) return '';
  if (!repair)
    return 'Look into the dead-letter queues first (upload-once redrive). For what is lost, run this with --repair.\n';
  const [sent, before, dead] = [
    count(RepairOutcome.sent),
    count(RepairOutcome.sentBefore),
    count(RepairOutcome.deadLetter),
  ];
  return [
    ...(before + dead > 0
      ? [
          "What was left alone is under way, or has failed. If it has failed, correct the reason first: the services' logs have it.\n",
        ]
      : []),
    ...(before > 0
      ? [
          `The ${before} that a repair sent before: nothing to do. The service tries ${before === 1 ? 'it' : 'them'} again by itself, from its queue. What fails too often comes into the dead-letter queue.\n`,
        ]
      : []),
    ...(dead > 0
      ? [
          `The ${dead} in a dead-letter queue: when the reason is gone, look at ${dead === 1 ? 'it' : 'them'}, and say yes to move ${dead === 1 ? 'it' : 'them'} back:\n  upload-once redrive\n`,
        ]
      : []),
    ...(sent + before + dead > 0
      ? [
          `Run audit again 15 minutes ${before + dead > 0 ? 'after that' : 'from now'}: what it still names has failed again.\n`,
        ]
      : []),
    ...(before > 0 ? ['Give --again only if a queue was purged or deleted since the repair.\n'] : []),
  ].join('');
}

/** Larger than what a request takes, and smaller than what a person waits. */
const CLOCK_TOLERANCE_SECONDS = 60;

export function clockNote(own: Date, s3: Date): string {
  const seconds = Math.round((own.getTime() - s3.getTime()) / 1000);
  if (Math.abs(seconds) <= CLOCK_TOLERANCE_SECONDS) return '';
  const place = seconds < 0 ? 'behind' : 'ahead of';
  return `This machine's clock is ${Math.abs(seconds)} s ${place} S3's. Ages are counted by S3's clock.\n`;
}

/** What could not be judged yet, and when to run the command again; '' where all was. */
export function tooYoungNote({ tooYoung, tooYoungSince }: AuditCounts, options: AuditCommandOptions): string {
  if (tooYoungSince === undefined) return '';
  const { oldest, youngest } = tooYoungSince;
  const dueAt = new Date(Math.ceil(youngest.getTime() / 1000) * 1000 + options.olderThanSeconds * 1000);
  const [are, they, them] = tooYoung === 1 ? ['is', 'it', 'it'] : ['are', 'they', 'them'];
  const minutes = options.olderThanSeconds / 60;
  const age = minutes > 0 ? `: younger than ${minutes} minutes` : '';
  const young = `${tooYoung} ${are} too young to be judged${age} (since ${shortTime(oldest)} to ${shortTime(youngest)}).`;
  const again = `run this again at ${shortTime(dueAt)} or later.`;
  const judge = `To judge ${them} as well, ${again}`;
  const otherwise = minutes > 0 ? `Otherwise, ${again}` : judge;
  const purged = minutes > 0 ? 'After a purge, run it now with --older-than 0.' : '';
  return options.repair
    ? `${young} No event was sent for ${them}: ${they} may be under way, or lost.\n${[purged, otherwise].filter(Boolean).join(' ')}\n`
    : `${young} For a daily check this is normal: the next one judges ${them}.\n${[judge, purged].filter(Boolean).join(' ')}\n`;
}

/** What a service works on, as far as its lease says; '' where nothing is. */
export function leaseNote({ leased, leasedUntil }: AuditCounts, options: AuditCommandOptions): string {
  if (leasedUntil === undefined) return '';
  const [are, it, they, its] =
    leased === 1 ? ['is', 'it', 'it does', 'Its lease ends'] : ['are', 'them', 'they do', 'Their leases end'];
  const dueAt = new Date(Math.ceil(leasedUntil.getTime() / 1000) * 1000 + options.olderThanSeconds * 1000);
  const sent = options.repair ? ` No event was sent for ${it}.` : '';
  return (
    `${leased} ${are} being processed now.${sent} ${its} at ${shortTime(leasedUntil)} unless the service renews ${leased === 1 ? 'it' : 'them'}, which it does while it works.\n` +
    `If ${they} not come to an end, run this again at ${shortTime(dueAt)} or later.\n`
  );
}

/** `2030-01-31T12:00:00Z` */
function shortTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** @param outcome of a repair, behind what was found */
export function summaryOf(counts: AuditCounts, named: number, outcome: string): string {
  const { uploadedVersions, acceptedVersions, forgottenVersions, items } = counts;
  const looked = `${uploadedVersions} versions under uploads/, ${acceptedVersions} under accepted/, ${items} items of the table`;
  const forgotten = forgottenVersions > 0 ? `; ${forgottenVersions} versions are too old to be judged` : '';
  const nothing = counts.tooYoung + counts.leased > 0 ? 'Nothing else was found' : 'nothing found';
  const found = named === 0 ? nothing : `${named} found${outcome}`;
  return `${found}; looked at ${looked}${forgotten}`;
}

/** After a repair that was not brought to its end. */
export function runAgain(count: (outcome: RepairOutcome) => number, { again }: AuditCommandOptions): string {
  if (again)
    return 'Run it again, with --again as well: it sends the events once more, and an event that is sent twice does no harm';
  const onRecord = 'Run it again: the table has on record what was sent, and that is not sent again';
  if (count(RepairOutcome.uncertain) === 0) return onRecord;
  return `${onRecord}. What may have been sent is not on record. The next run sends it again, which does no harm`;
}
