import { printable } from '@upload-once/text/printable';
import type { CliIo } from '../cli-io.ts';
import { ExitCode } from '../exit-code.ts';
import type { Operations } from '../operations.ts';
import { OutputFailed } from '../output-failed.ts';
import { countDeadLetters, lookAtDeadLetters, RedriveOutcome, WrongQueue } from '../repair/index.ts';
import { UsageError } from '../usage-error.ts';
import { type CheckedQueue, checkedQueues, QueuesNotCompared } from './checked-queues.ts';
import { hiddenNote } from './hidden-note.ts';
import { aboutQueue, operatorError } from './operator-errors.ts';
import { sameCommand } from './place-options.ts';
import { act, type Done } from './redrive-act.ts';
import { REDRIVE_HELP, type RedriveOptions, readRedriveOptions } from './redrive-options.ts';
import {
  headOf,
  jsonOfRow,
  nameOf,
  plan,
  rowsOf,
  type Seen,
  textOfRows,
  uploadKeyOf,
} from './redrive-report.ts';

interface Hidden {
  readonly hidden: number;
  /** Some of them SQS counted as visible. */
  readonly isCountLate: boolean;
}

/** What a dead-letter queue had when it was looked at. */
interface Shown extends CheckedQueue, Seen, Hidden {}

/**
 * `upload-once redrive`: shows dead letters, and moves them back if the options say so. While it only shows, Ctrl-C ends it
 * at once, and what it had in flight comes back by itself within half a minute. While it moves, Ctrl-C ends it behind the
 * batch of ten that is under way.
 *
 * @returns the exit code that the help documents
 * @throws UsageError
 */
export async function redriveCommand(args: readonly string[], io: CliIo): Promise<number> {
  const options = readRedriveOptions(args, io.env);
  if (options === 'help') {
    io.stdout.write(REDRIVE_HELP);
    return ExitCode.done;
  }
  try {
    const open = await io.loadOperations();
    const operations = open({ ...options, bucket: options.bucket ?? '' });
    const pairs = await checkedQueues(options.queues, options.bucket, operations);
    const shown: Shown[] = [];
    for (const pair of pairs)
      shown.push({ ...pair, ...(await aboutQueue(pair.deadLetterUrl, show(pair, options, operations, io))) });
    const visible = shown.reduce((sum, queue) => sum + queue.visible, 0);
    const isToAct = visible > 0 && (await isConfirmed(shown, options, io));
    const done: Done = new Map();
    const code = isToAct ? await act(pairs, options, done, operations, io) : ExitCode.done;
    if (code === ExitCode.outputFailed) return code;
    const isAllSeen = await reportHidden(shown, done, operations, sameCommand('redrive', args), io);
    return code === ExitCode.done && !isAllSeen ? ExitCode.tooEarly : code;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof OutputFailed) {
      io.stderr.write(`upload-once redrive: nothing was moved: ${printable(error.message)}\n`);
      return ExitCode.outputFailed;
    }
    const isWrong = error instanceof WrongQueue;
    const isNothingDone = isWrong || error instanceof QueuesNotCompared;
    const why = operatorError(error, options);
    io.stderr.write(`upload-once redrive: ${isNothingDone ? 'nothing was moved: ' : ''}${why}\n`);
    return isWrong ? ExitCode.usage : ExitCode.failed;
  }
}

/** Gives how many can be seen and how many can't: all of them where the queue was gone through, otherwise by SQS's own count. */
async function show(
  { deadLetterUrl, pipelines, isOfWebhooks }: CheckedQueue,
  { limit, json, bucket }: RedriveOptions,
  { sqs, records }: Operations,
  io: CliIo,
): Promise<Seen & Hidden> {
  const count = await countDeadLetters(sqs, deadLetterUrl);
  const letters = await lookAtDeadLetters(sqs, deadLetterUrl, limit, {
    purpose: { bucket, pipelines, isOfWebhooks },
  });
  const keys = letters.flatMap(({ events = [] }) => events.map(({ key }) => uploadKeyOf(key)));
  const uploads = await records.uploads(keys);
  const rows = letters.flatMap((letter) => rowsOf(letter, uploads));
  const isGoneThrough = letters.length < limit;
  // SQS's count can be late. What it counts and does not give is hidden, or gone.
  const unseen = isGoneThrough ? Math.max(0, count.visible - letters.length) : 0;
  const visible = isGoneThrough ? letters.length : Math.max(count.visible, letters.length);
  const hidden = count.hidden + unseen;
  if (json) for (const row of rows) io.stdout.write(`${jsonOfRow(row, deadLetterUrl, io.now())}\n`);
  else {
    io.stdout.write(headOf(deadLetterUrl, { visible, hidden }, letters.length));
    if (rows.length > 0) io.stdout.write(textOfRows(rows, io.now()));
  }
  const wrongQueue = letters.filter(({ isWrongQueue }) => isWrongQueue).length;
  const unknown = letters.filter(({ events }) => !events).length - wrongQueue;
  return { visible, hidden, isCountLate: unseen > 0, shown: letters.length, unknown, wrongQueue };
}

/**
 * Says which messages no one can see now. Those that came back while others were moved are not among them.
 * @returns whether there are none
 */
async function reportHidden(
  shown: readonly Shown[],
  done: Done,
  { sqs }: Operations,
  again: string,
  io: CliIo,
): Promise<boolean> {
  let isAllSeen = true;
  for (const { deadLetterUrl, hidden: before, visible, isCountLate } of shown) {
    if (before === 0) continue;
    const totals = done.get(deadLetterUrl);
    const hidden = totals ? await stillHidden(sqs, deadLetterUrl, { before, visible }, totals) : before;
    if (hidden === 0) continue;
    isAllSeen = false;
    const notDone = `This run neither saw nor moved ${hidden === 1 ? 'this message' : 'these messages'}.`;
    const note = hiddenNote({ deadLetterUrl, hidden, visible, isCountLate }, notDone, io.now(), again);
    io.stderr.write(`upload-once redrive: ${note}\n`);
  }
  return isAllSeen;
}

/** By what was received: SQS's counts show late which of the messages are hidden. */
async function stillHidden(
  sqs: Operations['sqs'],
  deadLetterUrl: string,
  { before, visible }: { readonly before: number; readonly visible: number },
  totals: ReadonlyMap<RedriveOutcome, number>,
): Promise<number> {
  const count = (outcome: RedriveOutcome) => totals.get(outcome) ?? 0;
  const met = [...totals.values()].reduce((sum, one) => sum + one, 0) - count(RedriveOutcome.cameBack);
  const stayed = met - count(RedriveOutcome.moved) - count(RedriveOutcome.deleted);
  const now = await countDeadLetters(sqs, deadLetterUrl);
  return Math.max(0, Math.min(before - Math.max(0, met - visible), now.visible + now.hidden - stayed));
}

async function isConfirmed(pairs: readonly Shown[], options: RedriveOptions, io: CliIo): Promise<boolean> {
  const { yes, json, deleteUnknown } = options;
  if (yes) return true;
  const done = deleteUnknown === undefined ? 'moved' : 'deleted';
  if (json || !io.stdin.isTTY || !io.stderr.isTTY) {
    if (!json)
      io.stderr.write(
        `Nothing was ${done}. ${deleteUnknown === undefined ? "Correct the cause of what failed first: the services' logs tell it. Then --yes" : '--yes'} ${plan(pairs, options)}:\n  ${sameCommand('redrive', [...options.args, '--yes'])}\n`,
      );
    return false;
  }
  const names = (urls: readonly string[]) => urls.map(nameOf).join(' and ');
  const question =
    deleteUnknown === undefined
      ? `If the cause of what failed is not corrected yet, answer n. Back to ${names(pairs.map(({ queueUrl }) => queueUrl))}: y ${plan(pairs, options)}. Go on?`
      : `Delete each ${pairs.some(({ wrongQueue }) => wrongQueue > 0) ? '"unknown" and "wrong-queue"' : '"unknown"'} message of ${names(pairs.map(({ deadLetterUrl }) => deadLetterUrl))}, after it was written to ${printable(deleteUnknown)}?`;
  io.stderr.write(`${question} [y/N] `);
  const answer = await firstLine(io.stdin);
  if (/^y(es)?$/i.test(answer)) return true;
  io.stderr.write(`Nothing was ${done}.\n`);
  return false;
}

async function firstLine(input: CliIo['stdin']): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text.split('\n', 1)[0]?.trim() ?? '';
}
