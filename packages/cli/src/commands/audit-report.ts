import { printable } from '@upload-once/text/printable';
import { ageWords } from '../age-words.ts';
import { type AuditCounts, type RepairedFinding, RepairOutcome } from '../repair/index.ts';
import type { AuditCommandOptions } from './audit-options.ts';
import { sameCommand, samePlace } from './place-options.ts';

/** What is known of the events: `3 events sent, 1 may have been sent (SQS did not confirm it), 2 not sent`. */
export function sentWords(count: (outcome: RepairOutcome) => number): string {
  const [uncertain, notSent, before, dead, left] = [
    count(RepairOutcome.uncertain),
    count(RepairOutcome.notSent),
    count(RepairOutcome.sentBefore),
    count(RepairOutcome.deadLetter),
    count(RepairOutcome.left),
  ];
  return [
    `${count(RepairOutcome.sent)} events sent`,
    ...(uncertain ? [`${uncertain} may have been sent (SQS did not confirm it)`] : []),
    ...(notSent ? [`${notSent} not sent`] : []),
    ...(before
      ? [`${before} left alone (an earlier repair sent ${before === 1 ? 'its event' : 'their events'})`]
      : []),
    ...(dead ? [`${dead} left alone (in a dead-letter queue)`] : []),
    ...(left ? [`${left} left alone (the list says why)`] : []),
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
      return `; its event was sent now${remark && `, but ${remark}`}`;
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

/**
 * What to do about what was named, in lines; '' where nothing was.
 *
 * @param failed how many of those that were left alone are FAILED
 */
export function nextStep(
  named: number,
  count: (outcome: RepairOutcome) => number,
  failed: number,
  { repair, args, missingQueues }: AuditCommandOptions,
): string {
  if (named === 0) return '';
  const audit = (...more: string[]) => `     ${samePlace('audit', args, ...more)}\n`;
  const redrive = `     ${samePlace('redrive', args, ...missingQueues)}\n`;
  if (!repair)
    return (
      `What to do now:\n1. See what is in the dead-letter queues. If this asks, answer n:\n${redrive}` +
      `2. Correct the cause of what failed: the services' logs tell it. Then run the command of step 1 again, and answer y. It moves the messages back.\n` +
      `3. Send the events that are lost. This leaves alone what is in a dead-letter queue:\n${audit('--repair', ...missingQueues)}` +
      `4. Wait 15 minutes. Then see that nothing is left:\n${audit()}`
    );
  const [sent, before, dead, left] = [
    count(RepairOutcome.sent),
    count(RepairOutcome.sentBefore),
    count(RepairOutcome.deadLetter),
    count(RepairOutcome.left) - failed,
  ];
  const many = (one: string, more: string, of: number) => (of === 1 ? one : more);
  const steps = [
    ...(before > 0
      ? [
          `An earlier repair sent the ${many('event', 'events', before)} of ${before}. If a queue was purged or deleted after that repair, or ${many('the message was', 'messages were', before)} deleted, ${many('the event is', 'events are', before)} lost. Audit does not see that, for 14 days. Send ${many('it', 'them', before)} again:\n${audit('--repair', '--again', '--older-than', '0')}   If not, do nothing for ${many('it', 'them', before)} now: the service works on ${many('it', 'them', before)}, or tries ${many('it', 'them', before)} again by itself.`,
        ]
      : []),
    ...(failed > 0
      ? [
          `${failed} ${many('is', 'are', failed)} FAILED, and no event was sent for ${many('it', 'them', failed)}. Look whether redrive lists ${many('it', 'each', failed)} (--limit shows more). If so, redrive moves it: do nothing else for it. If not, its dead letter is lost. Correct the cause, then send its event:\n${audit('--repair', '--retry-failed').trimEnd()}`,
        ]
      : []),
    ...(dead > 0
      ? [
          `Find in the services' logs why the ${many('message', 'messages', dead)} in a dead-letter queue failed, and correct that. Before that, neither redrive nor a repair helps: ${many('the message comes', 'the messages come', dead)} back.`,
          `Move ${many('it', 'them', dead)} back. This asks before it moves anything:\n${redrive.trimEnd()}`,
        ]
      : []),
    ...(left > 0
      ? [
          `Look at the ${left} that ${many('was', 'were', left)} left alone and ${many('has', 'have', left)} no event sent: the list says why, and which option sends ${many('its event', 'their events', left)}. Read in --help what that option does.`,
        ]
      : []),
    ...(sent + before + dead > 0
      ? [
          `Wait 15 minutes${dead > 0 ? ' after the redrive' : ''}. Then run the audit. The uploads that it no longer names are finished:\n${audit().trimEnd()}`,
          `If it still names an upload: find the reason in the services' logs, correct it, and look into the dead-letter queues:\n${redrive.trimEnd()}`,
        ]
      : []),
  ];
  return [
    ...(sent > 0 && count(RepairOutcome.notSent) === 0
      ? [
          'The events that were sent are under way. Exit code 4 says that something was found, also after a repair.\n',
        ]
      : []),
    'What to do now:\n',
    ...steps.map((step, at) => `${at + 1}. ${step}\n`),
  ].join('');
}

/** Larger than what a request takes, and smaller than what a person waits. */
const CLOCK_TOLERANCE_SECONDS = 60;

export function clockNote(own: Date, s3: Date): string {
  const seconds = Math.round((own.getTime() - s3.getTime()) / 1000);
  if (Math.abs(seconds) <= CLOCK_TOLERANCE_SECONDS) return '';
  const place = seconds < 0 ? 'behind' : 'ahead of';
  return `This machine's clock is ${Math.abs(seconds)} s ${place} S3's. This run uses S3's clock: its ages, and the times to run this again, are right. Correct this machine's clock after the audit and its repair.\n`;
}

/** What could not be judged yet, and when to run the command again; '' where all was. */
export function tooYoungNote({ tooYoung, tooYoungSince }: AuditCounts, options: AuditCommandOptions): string {
  if (tooYoungSince === undefined) return '';
  const { oldest, youngest } = tooYoungSince;
  const dueAt = new Date(Math.ceil(youngest.getTime() / 1000) * 1000 + options.olderThanSeconds * 1000);
  const [are, they, them, their] =
    tooYoung === 1 ? ['is', 'It', 'it', 'its event'] : ['are', 'They', 'them', 'their events'];
  const minutes = options.olderThanSeconds / 60;
  const age = minutes > 0 ? `: younger than ${minutes} minutes` : '';
  const [from, to] = [shortTime(oldest), shortTime(youngest)];
  const sent = options.repair ? ` No event was sent for ${them}.` : '';
  const young = `${tooYoung} ${are} too young to be judged${age} (since ${from}${from === to ? '' : ` to ${to}`}).${sent} ${they} may be in progress, or lost.\n`;
  const again = `run this again at ${shortTime(dueAt)} or later:\n  ${sameCommand('audit', options.args)}\n`;
  if (minutes === 0) return `${young}To judge ${them}, ${again}`;
  const repair = (...more: string[]) =>
    `  ${samePlace('audit', options.args, '--repair', ...more, '--older-than', '0', ...options.missingQueues)}\n`;
  const now = options.again
    ? `Send ${their} now:\n${repair('--again')}`
    : `Send ${their} now:\n${repair()}If a repair also ran in the 14 days before the purge, or if you do not know, run this instead. An event that is sent twice does no harm:\n${repair('--again')}`;
  return `${young}If a queue was purged or deleted, do not wait. ${now}If no queue was purged or deleted, ${again}`;
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
    `If ${they} not come to an end, run this again at ${shortTime(dueAt)} or later:\n  ${sameCommand('audit', options.args)}\n`
  );
}

/** `2030-01-31T12:00:00Z` */
function shortTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/**
 * @param outcome of a repair, behind what was found
 * @param notes what stands before it where nothing was named
 */
export function summaryOf(counts: AuditCounts, named: number, outcome: string, notes: string): string {
  const { uploadedVersions, acceptedVersions, forgottenVersions, items } = counts;
  const looked = `${uploadedVersions} versions under uploads/, ${acceptedVersions} under accepted/, ${items} items of the table`;
  const forgotten = forgottenVersions > 0 ? `; ${forgottenVersions} versions are too old to be judged` : '';
  const nothing = notes === '' ? 'nothing found' : 'Nothing else was found';
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
