import { printable } from '@upload-once/text/printable';
import { ageWords } from '../age-words.ts';
import { type AuditCounts, type RepairedFinding, RepairOutcome } from '../repair/index.ts';
import type { AuditCommandOptions } from './audit-options.ts';
import { sameCommand, samePlace } from './place-options.ts';

/** What is known of the events: `3 events sent, 1 may have been sent (SQS did not confirm it), 2 not sent`. */
export function sentWords(count: (outcome: RepairOutcome) => number): string {
  const [uncertain, notSent, before, dead] = [
    count(RepairOutcome.uncertain),
    count(RepairOutcome.notSent),
    count(RepairOutcome.sentBefore),
    count(RepairOutcome.deadLetter),
  ];
  return [
    `${count(RepairOutcome.sent)} events sent`,
    ...(uncertain ? [`${uncertain} may have been sent (SQS did not confirm it)`] : []),
    ...(notSent ? [`${notSent} not sent`] : []),
    ...(before
      ? [`${before} left alone (an earlier repair sent ${before === 1 ? 'its event' : 'their events'})`]
      : []),
    ...(dead ? [`${dead} left alone (in a dead-letter queue)`] : []),
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
      return `; it is unknown whether its event was sent: ${remark}`;
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
  { repair, args }: AuditCommandOptions,
): string {
  if (named === 0) return '';
  const audit = (...more: string[]) => `  ${samePlace('audit', args, ...more)}\n`;
  const redrive = `  ${samePlace('redrive', args)}\n`;
  if (!repair)
    return `Look into the dead-letter queues first:\n${redrive}Then send the events that are lost:\n${audit('--repair')}`;
  const [sent, before, dead] = [
    count(RepairOutcome.sent),
    count(RepairOutcome.sentBefore),
    count(RepairOutcome.deadLetter),
  ];
  const many = (one: string, more: string, of: number) => (of === 1 ? one : more);
  return [
    ...(before > 0
      ? [
          `${before} ${many('was', 'were', before)} sent by an earlier repair. Nothing is to be done for ${many('it', 'them', before)} now: the service works on ${many('it', 'them', before)}, or tries ${many('it', 'them', before)} again by itself. What fails too often comes into the dead-letter queue.${dead > 0 ? '\n' : ` To see what is there (it asks before it moves anything):\n${redrive}`}`,
        ]
      : []),
    ...(dead > 0
      ? [
          `${dead} ${many('lies in a dead-letter queue: it has', 'lie in a dead-letter queue: they have', dead)} failed. The services' logs have the reason. Correct the reason first. Then look at the dead-letter queue, and say yes to move ${many('it', 'them', dead)} back:\n${redrive}`,
        ]
      : []),
    ...(sent > 0 && count(RepairOutcome.notSent) === 0
      ? ['The events that were sent are under way. Exit code 4 is normal for this repair.\n']
      : []),
    ...(sent + before + dead > 0
      ? [
          `Run this 15 minutes ${dead > 0 ? 'after the redrive' : 'from now'}. What that audit still names was not helped by this: look at the services' logs and the dead-letter queues.\n${audit()}`,
        ]
      : []),
    ...(before > 0
      ? [
          `Only if a queue was purged or deleted after the earlier repair, send the events again:\n${audit('--repair', '--again', '--older-than', '0')}`,
        ]
      : []),
  ].join('');
}

/** Larger than what a request takes, and smaller than what a person waits. */
const CLOCK_TOLERANCE_SECONDS = 60;

export function clockNote(own: Date, s3: Date): string {
  const seconds = Math.round((own.getTime() - s3.getTime()) / 1000);
  if (Math.abs(seconds) <= CLOCK_TOLERANCE_SECONDS) return '';
  const place = seconds < 0 ? 'behind' : 'ahead of';
  return `This machine's clock is ${Math.abs(seconds)} s ${place} S3's. Correct this machine's clock. This run uses S3's clock: its ages, and the times to run this again, are right.\n`;
}

/** What could not be judged yet, and when to run the command again; '' where all was. */
export function tooYoungNote({ tooYoung, tooYoungSince }: AuditCounts, options: AuditCommandOptions): string {
  if (tooYoungSince === undefined) return '';
  const { oldest, youngest } = tooYoungSince;
  const dueAt = new Date(Math.ceil(youngest.getTime() / 1000) * 1000 + options.olderThanSeconds * 1000);
  const [are, their, them] = tooYoung === 1 ? ['is', 'its event', 'it'] : ['are', 'their events', 'them'];
  const minutes = options.olderThanSeconds / 60;
  const age = minutes > 0 ? `: younger than ${minutes} minutes` : '';
  const [from, to] = [shortTime(oldest), shortTime(youngest)];
  const young = `${tooYoung} ${are} too young to be judged${age} (since ${from}${from === to ? '' : ` to ${to}`}).`;
  const again = `run this again at ${shortTime(dueAt)} or later:\n  ${sameCommand('audit', options.args)}\n`;
  const judge = `To judge ${them} as well, ${again}`;
  const otherwise = minutes > 0 ? `Otherwise, ${again}` : judge;
  const purged =
    minutes > 0
      ? `After a purge, run this now${options.again ? '' : '. Add --again if a repair ran in the 14 days before the purge'}:\n  ${samePlace('audit', options.args, '--repair', ...(options.again ? ['--again'] : []), '--older-than', '0')}\n`
      : '';
  return options.repair
    ? `${young} No event was sent for ${them}: ${their} may be under way or lost.\n${purged}${otherwise}`
    : `${young} For a daily check this is normal: the next check judges ${them}.\n${judge}${purged}`;
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
export function runAgain(
  count: (outcome: RepairOutcome) => number,
  { again }: AuditCommandOptions,
  where = '',
): string {
  if (again)
    return `Run audit again${where}, with --again as well: audit sends the events once more, and an event that is sent twice does no harm`;
  const onRecord = `Run audit again${where}: the table has on record what was sent, and audit does not send that a second time`;
  if (count(RepairOutcome.uncertain) === 0) return onRecord;
  return `${onRecord}. What may have been sent is not on record. The next repair sends those events again, which does no harm`;
}
