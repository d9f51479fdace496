import {
  type AuditCounts,
  createAudit,
  createSendEvents,
  FindingKind,
  type RepairedFinding,
  repairFindings,
} from '@upload-once/repair';
import { ageWords } from '../age-words.ts';
import type { CliIo } from '../cli-io.ts';
import { ExitCode } from '../exit-code.ts';
import type { Operations } from '../operations.ts';
import { OutputFailed } from '../output-failed.ts';
import { printable } from '../printable.ts';
import { AUDIT_HELP, type AuditCommandOptions, readAuditOptions } from './audit-options.ts';
import { operatorError } from './operator-errors.ts';

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
  let named = 0;
  let sent = 0;
  let failed = 0;
  try {
    const open = await io.loadOperations();
    const operations = open(options);
    // By S3's clock, not this machine's: it is S3 that says when a version was stored.
    const startedAt = await operations.listing.now();
    io.stderr.write(clockNote(io.now(), startedAt));
    const audit = createAudit({ ...operations, ...options, startedAt });
    for await (const repaired of await repairedOf(audit.findings(), options, operations)) {
      if (named === 0 && !options.json) io.stdout.write(HEADER);
      named += 1;
      if (repaired.sent) sent += 1;
      if (repaired.failure) failed += 1;
      io.stdout.write(options.json ? jsonLine(repaired) : textLine(repaired, startedAt, options));
    }
    const outcome = options.repair ? `, ${sent} events sent${failed ? `, ${failed} could not be` : ''}` : '';
    io.stderr.write(`${summaryOf(audit.counts, named, outcome)}\n${tooYoungNote(audit.counts, options)}`);
    if (failed > 0) return ExitCode.failed;
    if (named > 0) return ExitCode.found;
    return audit.counts.tooYoung > 0 ? ExitCode.tooEarly : ExitCode.done;
  } catch (error) {
    const soFar = options.repair ? `; ${sent} events were sent` : '';
    if (error instanceof OutputFailed) throw new OutputFailed(`${error.message}${soFar}`, { cause: error });
    io.stderr.write(`upload-once audit: not brought to its end: ${operatorError(error, options)}${soFar}\n`);
    return ExitCode.failed;
  }
}

async function repairedOf(
  findings: ReturnType<ReturnType<typeof createAudit>['findings']>,
  { repair, retryFailed, recordStrays, bucket }: AuditCommandOptions,
  { sqs, objects, records, region }: Operations,
): Promise<AsyncIterable<RepairedFinding>> {
  if (!repair) return notRepaired(findings);
  const send = createSendEvents({ sqs, queueUrls: repair.queueUrls, bucket, region: await region() });
  return repairFindings(findings, { objects, records, send, retryFailed, recordStrays });
}

async function* notRepaired(
  findings: ReturnType<ReturnType<typeof createAudit>['findings']>,
): AsyncIterable<RepairedFinding> {
  for await (const finding of findings) yield { finding, sent: false, failure: '', remark: '' };
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

function whatWasDone({ finding, sent, failure, remark }: RepairedFinding): string {
  if (sent) return `; its event was sent${remark && `, but ${remark}`}`;
  if (failure) return `; its event was not sent: ${failure}`;
  if (!finding.event) return '';
  return `; left alone without ${finding.kind === FindingKind.failed ? '--retry-failed' : '--record-strays'}`;
}

function jsonLine({ finding, sent, failure, remark }: RepairedFinding): string {
  const { kind, key, versionId, state, since, detail } = finding;
  return `${JSON.stringify({ kind, key, versionId, state, since, detail, sent, failure, remark })}\n`;
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
