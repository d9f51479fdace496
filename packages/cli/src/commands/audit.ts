import type { CliIo } from '../cli-io.ts';
import { ExitCode } from '../exit-code.ts';
import { OutputFailed } from '../output-failed.ts';
import {
  createAudit,
  type Finding,
  FindingKind,
  type RepairedFinding,
  RepairOutcome,
  WrongQueue,
} from '../repair/index.ts';
import { UsageError } from '../usage-error.ts';
import { auditMetrics } from './audit-metrics.ts';
import { AUDIT_HELP, readAuditOptions } from './audit-options.ts';
import {
  clockNote,
  HEADER,
  jsonLine,
  leaseNote,
  nextStep,
  runAgain,
  sentWords,
  summaryOf,
  textLine,
  tooYoungNote,
} from './audit-report.ts';
import { QueuesNotCompared } from './checked-queues.ts';
import { hiddenNote } from './hidden-note.ts';
import { operatorError } from './operator-errors.ts';
import { sameCommand } from './place-options.ts';
import { prepareRepair } from './prepare-repair.ts';
import { undeliveredWebhooks } from './undelivered-webhooks.ts';

const ELSEWHERE = ' with another output file';

/**
 * `upload-once audit`: names what came to no end in bucket and table, and with --repair sends the events that are missing. It
 * holds nothing in flight, so that Ctrl-C may end it at any moment.
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
    const { webhooksQueueUrl } = options;
    const undelivered = webhooksQueueUrl && (await undeliveredWebhooks(webhooksQueueUrl, args, operations));
    const onOutcome = (outcome: RepairOutcome) => done.set(outcome, count(outcome) + 1);
    const repair = options.repair && (await prepareRepair(options.repair, options, operations, onOutcome));
    if (repair && 'hidden' in repair) {
      const notDone = 'A repair has to see all of them first. Nothing was repaired, and no event was sent.';
      io.stderr.write(
        `upload-once audit: ${hiddenNote(repair.hidden, notDone, startedAt, sameCommand('audit', args))}\n` +
          '(--again does not wait for them. It can send an event twice: nothing breaks, but while the cause lasts it adds a dead letter.)\n',
      );
      return ExitCode.tooEarly;
    }
    const audit = createAudit({ ...operations, ...options, startedAt });
    let named = 0;
    let failedLeft = 0;
    for await (const repaired of repair ? repair.run(audit.findings()) : notRepaired(audit.findings())) {
      if (named === 0 && !options.json) io.stdout.write(HEADER);
      named += 1;
      if (repaired.outcome === RepairOutcome.left && repaired.finding.kind === FindingKind.failed)
        failedLeft += 1;
      io.stdout.write(options.json ? jsonLine(repaired) : textLine(repaired, startedAt, options));
    }
    const outcome = options.repair ? `, ${sentWords(count)}` : '';
    const webhooks = undelivered ? await undelivered() : '';
    const notes = webhooks + tooYoungNote(audit.counts, options) + leaseNote(audit.counts, options);
    const summary = `${summaryOf(audit.counts, named, outcome, notes)}\n${nextStep(named, count, failedLeft, options)}`;
    // "nothing found" is no beginning where not all was judged.
    io.stderr.write(named === 0 ? notes + summary : summary + notes);
    auditMetrics(options, io)(named);
    if (count(RepairOutcome.notSent) > 0) return ExitCode.failed;
    if (named > 0 || webhooks !== '') return ExitCode.found;
    return audit.counts.tooYoung + audit.counts.leased > 0 ? ExitCode.tooEarly : ExitCode.done;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const soFar = (where = '') =>
      options.repair ? `; ${sentWords(count)}. ${runAgain(count, options, where)}` : '';
    if (error instanceof OutputFailed)
      throw new OutputFailed(
        `${error.message}. The audit stopped before its end, and its list is incomplete${soFar(ELSEWHERE) || `. Run audit again${ELSEWHERE}`}`,
        { cause: error },
      );
    const isNothingDone = error instanceof WrongQueue || error instanceof QueuesNotCompared;
    const what = isNothingDone ? 'nothing was done' : 'not brought to its end';
    const why = `${what}: ${operatorError(error, options)}`;
    const next = `${soFar() || '. Run audit again'}:\n  ${sameCommand('audit', args)}`;
    io.stderr.write(`upload-once audit: ${why}${isNothingDone ? '' : next}\n`);
    return error instanceof WrongQueue ? ExitCode.usage : ExitCode.failed;
  }
}

async function* notRepaired(findings: AsyncIterable<Finding>): AsyncIterable<RepairedFinding> {
  for await (const finding of findings) yield { finding, outcome: RepairOutcome.left, remark: '' };
}
