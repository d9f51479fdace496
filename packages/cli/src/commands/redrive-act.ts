import { systemClock } from '@upload-once/clock';
import { createDeleteBatcher } from '@upload-once/queue';
import { printable } from '@upload-once/text/printable';
import type { CliIo } from '../cli-io.ts';
import { ExitCode } from '../exit-code.ts';
import type { Operations } from '../operations.ts';
import { OutputFailed } from '../output-failed.ts';
import { RedriveOutcome, redrive } from '../repair/index.ts';
import type { CheckedQueue } from './checked-queues.ts';
import { aboutQueue } from './operator-errors.ts';
import { sameCommand, samePlace } from './place-options.ts';
import type { RedriveOptions } from './redrive-options.ts';
import { totalsOf } from './redrive-report.ts';
import { type UnknownFile, unknownFile } from './unknown-file.ts';

const HARMLESS: readonly RedriveOutcome[] = [
  RedriveOutcome.moved,
  RedriveOutcome.unknown,
  RedriveOutcome.deleted,
  RedriveOutcome.left,
];

/** Outcomes that only the totals report. */
const QUIET: readonly RedriveOutcome[] = [RedriveOutcome.moved, RedriveOutcome.deleted, RedriveOutcome.left];

/** What the next run does again by itself, with nothing to end before. */
const JUST_RUN_AGAIN: readonly RedriveOutcome[] = [RedriveOutcome.uncertain, RedriveOutcome.doubled];

/** What became of the messages of each dead-letter queue, by its URL. */
export type Done = Map<string, Map<RedriveOutcome, number>>;

/** Moves, or deletes what is none of ours, as the options say. Never rejects with OutputFailed. */
export async function act(
  pairs: readonly CheckedQueue[],
  options: RedriveOptions,
  done: Done,
  operations: Operations,
  io: CliIo,
): Promise<ExitCode> {
  if (options.deleteUnknown === undefined) return actOnAll(pairs, options, undefined, done, operations, io);
  const file = unknownFile(options.deleteUnknown);
  try {
    return await actOnAll(pairs, options, file, done, operations, io);
  } finally {
    await file.close();
  }
}

async function actOnAll(
  pairs: readonly CheckedQueue[],
  options: RedriveOptions,
  file: UnknownFile | undefined,
  done: Done,
  { sqs, records }: Operations,
  io: CliIo,
): Promise<ExitCode> {
  const interrupt = io.interruptSignal();
  const output = stoppingOutput(io);
  const signal = AbortSignal.any([interrupt, output.failed]);
  const runId = Buffer.from(io.randomBytes(8)).toString('hex');
  const random = () => (io.randomBytes(1)[0] ?? 0) / 256;
  const lines: string[] = [];
  for (const { pipelines, isOfWebhooks, ...pair } of pairs) {
    if (signal.aborted) break;
    const { queueUrl, deadLetterUrl } = pair;
    const totals = new Map<RedriveOutcome, number>();
    done.set(deadLetterUrl, totals);
    try {
      const moving = redrive({
        sqs,
        queueUrl,
        deadLetterUrl,
        purpose: { bucket: options.bucket, pipelines, isOfWebhooks },
        records,
        deleter: createDeleteBatcher({ sqs, queueUrl: deadLetterUrl, clock: systemClock, random }),
        includeUnknown: options.includeUnknown,
        ...(file && { saveUnknown: (letters) => file.save(deadLetterUrl, letters) }),
        runId,
        signal,
        onOutcome({ messageId, events = [] }, outcome, reason) {
          totals.set(outcome, (totals.get(outcome) ?? 0) + 1);
          if (options.json) {
            output.write(`${JSON.stringify({ queue: deadLetterUrl, messageId, outcome, reason })}\n`);
          } else if (!QUIET.includes(outcome)) {
            const why = outcome === RedriveOutcome.wrongQueue ? ' stays' : `: ${printable(reason)}`;
            const files = events.map(({ key, versionId }) => `${key} ${versionId}`).join(', ');
            io.stderr.write(`${outcome}: message ${messageId}${files && printable(` (${files})`)}${why}\n`);
          }
        },
      });
      await aboutQueue(deadLetterUrl, moving);
    } finally {
      const line = `${totalsOf(totals, pair, options.deleteUnknown)}\n`;
      lines.push(line);
      if (!options.json) output.write(line);
      // Standard output may have lost the earlier ones as well.
      if (output.failed.aborted) io.stderr.write(lines.splice(0).join(''));
    }
  }
  if (output.failed.aborted) {
    io.stderr.write(
      `upload-once redrive: ${printable(output.failed.reason.message)}. The redrive stopped before its end. ` +
        `The numbers above say what was done. Standard output does not list all of it. What was not moved is in its dead-letter queue still. Run redrive again with another output file:\n  ${sameCommand('redrive', options.args)}\n`,
    );
    return ExitCode.outputFailed;
  }
  if (interrupt.aborted) {
    io.stderr.write(
      'upload-once redrive: interrupted; what was not moved is in its dead-letter queue still. Run redrive again\n',
    );
    return ExitCode.interrupted;
  }
  return endOf(new Set([...done.values()].flatMap((totals) => [...totals.keys()])), options, io);
}

/** Standard output that takes nothing more after the first write that fails, and says so; what is under way can end then. */
function stoppingOutput(io: CliIo) {
  const failure = new AbortController();
  return {
    failed: failure.signal,
    write(text: string): void {
      if (failure.signal.aborted) return;
      try {
        io.stdout.write(text);
      } catch (error) {
        if (!(error instanceof OutputFailed)) throw error;
        failure.abort(error);
      }
    },
  };
}

/** Says what is to do about messages that were moved, and about those that could not be moved or deleted. */
function endOf(outcomes: ReadonlySet<RedriveOutcome>, options: RedriveOptions, io: CliIo): ExitCode {
  const { args, queue, json, bucket } = options;
  const ends = [...outcomes].filter((outcome) => !HARMLESS.includes(outcome));
  const tell = (text: string) => io.stderr.write(`upload-once redrive: ${text}\n`);
  if (ends.includes(RedriveOutcome.wrongQueue)) {
    tell(
      'what is in the wrong queue stays: no service that reads this queue can handle it. What to do now:\n' +
        `1. Send its events to the right queue:\n     ${samePlace('audit', args, '--repair', '--older-than', '0')}\n` +
        '   It must end with exit code 0 or 4. After any other exit code, do what its message says, and run it again: it may not have named every file.\n' +
        '2. Look in its list for each file that a message in the wrong queue tells of. The message is not needed any more if the list\n' +
        '   - does not have the file, or\n' +
        '   - says "its event was sent now", or\n' +
        '   - says "an earlier repair sent its event", unless that event was deleted or purged since, or you do not know that. In that case, run the command of step 1 with --again.\n' +
        '   If it says "its message lies in the dead-letter queue": that is another message, which redrive moves. Move it, and do step 1 again. A message in the wrong queue does not count as lying in a dead-letter queue.\n' +
        '   If it says anything else of a file, first do what the audit says.\n' +
        `3. Only then remove the messages:\n     ${samePlace('redrive', args, '--queue', queue, '--delete-unknown', 'FILE')}\n` +
        '   This shows the messages and asks. It deletes every message there that is "wrong-queue" or "unknown", also one that came later. FILE is the name of a new file, which keeps them.',
    );
  }
  const others = ends.filter((outcome) => outcome !== RedriveOutcome.wrongQueue);
  if (others.length > 0) {
    const isJustAgain = others.every((outcome) => JUST_RUN_AGAIN.includes(outcome));
    const first = others.includes(RedriveOutcome.cameBack)
      ? "What came back has failed again. Find the reason in the services' logs, and correct it. Before that, neither redrive nor audit --repair helps. Then"
      : 'Correct the reasons above. Then';
    tell(
      `not all was done. Nothing is lost, and a message that is sent twice does no harm. ${isJustAgain ? 'Run' : `${first} run`} redrive again:\n  ${sameCommand('redrive', args)}`,
    );
  }
  if (outcomes.has(RedriveOutcome.moved) && !json && bucket !== undefined) {
    tell(
      `the services work on what was moved. Run the audit 15 minutes after the last redrive. The uploads that it no longer names are finished:\n  ${samePlace('audit', args)}`,
    );
  }
  return ends.length > 0 ? ExitCode.failed : ExitCode.done;
}
