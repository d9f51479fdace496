import {
  type AuditCounts,
  countDeadLetters,
  createAudit,
  createSendEvents,
  type Finding,
  lookAtDeadLetters,
  openQueuePair,
  type RepairedFinding,
  RepairOutcome,
  repairFindings,
  WrongQueue,
} from '@upload-once/repair';
import { repairName } from '@upload-once/uploads';
import { ageWords } from '../age-words.ts';
import type { CliIo } from '../cli-io.ts';
import { ExitCode } from '../exit-code.ts';
import type { Operations } from '../operations.ts';
import { OutputFailed } from '../output-failed.ts';
import { printable } from '../printable.ts';
import { UsageError } from '../usage-error.ts';
import { AUDIT_HELP, type AuditCommandOptions, readAuditOptions } from './audit-options.ts';
import { hiddenNote } from './hidden-note.ts';
import { aboutQueue, operatorError } from './operator-errors.ts';

/** Of each queue; the names of so many take some 2 MB. */
const MAX_DEAD_LETTERS = 10_000;
/** Longer than so many take. */
const LOOK_SECONDS = 120;

/**
 * `upload-once audit`: names what came to no end in bucket and table, and with --repair sends the events that are missing. It
 * holds nothing in hand, so that Ctrl-C may end it at any moment.
 *
 * @returns the exit code that the help documents
 * @throws UsageError
 */
export async function auditCommand(args: readonly string[], io: CliIo): Promise<number> {
  const options = readAuditOptions(args, io.env);
  if (options === 'help') {
    io.stdout.write(AUDIT_HELP);
    return ExitCode.done;
  }
  const done = new Map<RepairOutcome, number>();
  const count = (outcome: RepairOutcome) => done.get(outcome) ?? 0;
  try {
    const open = await io.loadOperations();
    const operations = open(options);
    // By S3's clock, not this machine's: it is S3 that says when a version was stored.
    const startedAt = await operations.listing.now();
    io.stderr.write(clockNote(io.now(), startedAt));
    const repair = options.repair && (await prepareRepair(options.repair, options, operations));
    if (repair && 'hidden' in repair) {
      io.stderr.write(
        `upload-once audit: ${hiddenNote(repair.hidden, startedAt)} --again repairs now, and can send an event twice.\n`,
      );
      return ExitCode.tooEarly;
    }
    const audit = createAudit({ ...operations, ...options, startedAt });
    let named = 0;
    for await (const repaired of repair ? repair.run(audit.findings()) : notRepaired(audit.findings())) {
      if (named === 0 && !options.json) io.stdout.write(HEADER);
      named += 1;
      done.set(repaired.outcome, count(repaired.outcome) + 1);
      io.stdout.write(options.json ? jsonLine(repaired) : textLine(repaired, startedAt, options));
    }
    const outcome = options.repair ? `, ${sentWords(count)}` : '';
    io.stderr.write(
      `${summaryOf(audit.counts, named, outcome)}\n${nextStep(named, count, options)}${tooYoungNote(audit.counts, options)}`,
    );
    if (count(RepairOutcome.notSent) > 0) return ExitCode.failed;
    if (named > 0) return ExitCode.found;
    return audit.counts.tooYoung > 0 ? ExitCode.tooEarly : ExitCode.done;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const soFar = options.repair
      ? `; ${sentWords(count)}. Run it again: what was sent is not sent twice`
      : '';
    if (error instanceof OutputFailed) throw new OutputFailed(`${error.message}${soFar}`, { cause: error });
    const what = error instanceof WrongQueue ? 'nothing was done' : 'not brought to its end';
    const why = `${what}: ${operatorError(error, options)}`;
    io.stderr.write(`upload-once audit: ${why}${error instanceof WrongQueue ? '' : soFar}\n`);
    return ExitCode.failed;
  }
}

async function prepareRepair(
  { queueUrls }: NonNullable<AuditCommandOptions['repair']>,
  { again, retryFailed, recordStrays, bucket }: AuditCommandOptions,
  { sqs, objects, records, region }: Operations,
) {
  const pairs = await Promise.all(
    [queueUrls.uploads, queueUrls.accepted].map((url) => aboutQueue(url, openQueuePair(sqs, url))),
  );
  const deadLetters = new Set<string>();
  for (const { deadLetterUrl } of again ? [] : pairs) {
    const { visible, hidden } = await countDeadLetters(sqs, deadLetterUrl);
    if (hidden > 0) return { hidden: { deadLetterUrl, hidden } };
    if (visible > MAX_DEAD_LETTERS) {
      throw new Error(
        `${deadLetterUrl} has more than ${MAX_DEAD_LETTERS} messages: redrive them first, or give --again`,
      );
    }
    for (const { events = [] } of await lookAtDeadLetters(sqs, deadLetterUrl, MAX_DEAD_LETTERS, {
      visibilitySeconds: LOOK_SECONDS,
    }))
      for (const event of events) deadLetters.add(repairName(event));
  }
  const send = createSendEvents({ sqs, queueUrls, bucket, region: await region() });
  return {
    run: (findings: AsyncIterable<Finding>) =>
      repairFindings(findings, { objects, records, send, retryFailed, recordStrays, again, deadLetters }),
  };
}

async function* notRepaired(findings: AsyncIterable<Finding>): AsyncIterable<RepairedFinding> {
  for await (const finding of findings) yield { finding, outcome: RepairOutcome.left, remark: '' };
}

/** What is known of the events: `3 events sent, 1 may have been sent (no answer of SQS tells), 2 not sent`. */
function sentWords(count: (outcome: RepairOutcome) => number): string {
  const [uncertain, notSent, before] = [
    count(RepairOutcome.uncertain),
    count(RepairOutcome.notSent),
    count(RepairOutcome.sentBefore),
  ];
  return [
    `${count(RepairOutcome.sent)} events sent`,
    ...(uncertain ? [`${uncertain} may have been sent (no answer of SQS tells)`] : []),
    ...(notSent ? [`${notSent} not sent`] : []),
    ...(before ? [`${before} left alone: sent before, or in a dead-letter queue`] : []),
  ].join(', ');
}

/** Findings are written as they come, so the columns have the width of the longest that there can be. */
const columns = (kind: string, state: string, age: string, rest: string) =>
  `${kind.padEnd(12)}  ${state.padEnd(10)}  ${age.padEnd(6)}  ${rest}\n`;
const HEADER = columns('finding', 'state', 'age', 'key, version');

function textLine(repaired: RepairedFinding, now: Date, { repair }: AuditCommandOptions): string {
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

function jsonLine({ finding, outcome, remark }: RepairedFinding): string {
  const { kind, key, versionId, state, since, detail } = finding;
  const sent = outcome === RepairOutcome.sent;
  return `${JSON.stringify({ kind, key, versionId, state, since, detail, sent, outcome, remark })}\n`;
}

/** What to do about what was named. */
function nextStep(
  named: number,
  count: (outcome: RepairOutcome) => number,
  { repair }: AuditCommandOptions,
): string {
  if (named === 0) return '';
  if (!repair)
    return 'Look into the dead-letter queues first (upload-once redrive). For what is lost, run this with --repair.\n';
  const after = count(RepairOutcome.sent) > 0;
  const before = count(RepairOutcome.sentBefore) > 0;
  return [
    ...(after ? ['Run audit again 15 minutes from now: what it still names has failed again.\n'] : []),
    ...(before
      ? [
          "What was left alone needs its cause to end: see the services' logs and upload-once redrive, then redrive it. Give --again only if the queue's messages are lost.\n",
        ]
      : []),
  ].join('');
}

/** Larger than what a request takes, and smaller than what a person waits. */
const CLOCK_TOLERANCE_SECONDS = 60;

function clockNote(own: Date, s3: Date): string {
  const seconds = Math.round((own.getTime() - s3.getTime()) / 1000);
  if (Math.abs(seconds) <= CLOCK_TOLERANCE_SECONDS) return '';
  const place = seconds < 0 ? 'behind' : 'ahead of';
  return `This machine's clock is ${Math.abs(seconds)} s ${place} S3's. Ages are counted by S3's clock.\n`;
}

/** What could not be judged yet, and when to run the command again; '' where all was. */
function tooYoungNote({ tooYoung, tooYoungSince }: AuditCounts, options: AuditCommandOptions): string {
  if (tooYoungSince === undefined) return '';
  const { oldest, youngest } = tooYoungSince;
  const dueAt = new Date(Math.ceil(youngest.getTime() / 1000) * 1000 + options.olderThanSeconds * 1000);
  const [are, they] = tooYoung === 1 ? ['is', 'it'] : ['are', 'they'];
  const sent = options.repair ? ` No event was sent for ${they === 'it' ? 'it' : 'them'}.` : '';
  return (
    `${tooYoung} ${are} too young to be judged (since ${shortTime(oldest)} to ${shortTime(youngest)}): ${they} may be under way, or lost.${sent} ` +
    `Run this again at ${shortTime(dueAt)} or later; or now, with a smaller --older-than (${options.olderThanSeconds / 60} minutes were used).\n`
  );
}

/** `2030-01-31T12:00:00Z` */
function shortTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** @param outcome of a repair, behind what was found */
function summaryOf(counts: AuditCounts, named: number, outcome: string): string {
  const { uploadedVersions, acceptedVersions, forgottenVersions, items } = counts;
  const looked = `${uploadedVersions} versions under uploads/, ${acceptedVersions} under accepted/, ${items} items of the table`;
  const forgotten = forgottenVersions > 0 ? `; ${forgottenVersions} versions are too old to be judged` : '';
  const found = named === 0 ? 'nothing found' : `${named} found${outcome}`;
  return `${found}; looked at ${looked}${forgotten}`;
}
