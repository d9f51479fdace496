import { createDeleteBatcher, deadLetterQueueUrl, readRedrivePolicy, systemTimers } from '@upload-once/queue';
import { countDeadLetters, lookAtDeadLetters, RedriveOutcome, redrive } from '@upload-once/repair';
import type { CliIo } from '../cli-io.ts';
import { ExitCode } from '../exit-code.ts';
import type { Operations } from '../operations.ts';
import { OutputFailed } from '../output-failed.ts';
import { printable } from '../printable.ts';
import { operatorError } from './operator-errors.ts';
import { REDRIVE_HELP, type RedriveOptions, readRedriveOptions } from './redrive-options.ts';
import { headOf, jsonOfRow, nameOf, rowsOf, textOfRows, totalsOf, uploadKeyOf } from './redrive-report.ts';

interface QueuePair {
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
}

const HARMLESS: readonly RedriveOutcome[] = [RedriveOutcome.moved, RedriveOutcome.unknown];

/**
 * `upload-once redrive`: shows dead letters, and moves them back when it is told to. While it only shows, Ctrl-C ends it
 * at once, and what it had in hand comes back by itself within half a minute. While it moves, Ctrl-C ends it behind the
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
    const operations = open({ ...options, bucket: '' });
    const pairs: QueuePair[] = [];
    let letters = 0;
    for (const queueUrl of options.queueUrls) {
      const policy = await about(queueUrl, readRedrivePolicy(operations.sqs, queueUrl));
      const pair = { queueUrl, deadLetterUrl: deadLetterQueueUrl(queueUrl, policy) };
      letters += await about(pair.deadLetterUrl, show(pair, options, operations, io));
      pairs.push(pair);
    }
    if (letters === 0) return ExitCode.done;
    if (!(await isToMove(letters, pairs, options, io))) return ExitCode.done;
    return await moveAll(pairs, options, operations, io);
  } catch (error) {
    if (error instanceof OutputFailed) throw error;
    io.stderr.write(`upload-once redrive: ${operatorError(error, options)}\n`);
    return ExitCode.failed;
  }
}

/** Gives the number of messages that can be moved: SQS's own, which may be a minute late, or what was seen where that is more. */
async function show(
  { deadLetterUrl }: QueuePair,
  { limit, json }: RedriveOptions,
  { sqs, records }: Operations,
  io: CliIo,
): Promise<number> {
  const count = await countDeadLetters(sqs, deadLetterUrl);
  const letters = await lookAtDeadLetters(sqs, deadLetterUrl, limit);
  const keys = letters.flatMap(({ events = [] }) => events.map(({ key }) => uploadKeyOf(key)));
  const uploads = await records.uploads(keys);
  const rows = letters.flatMap((letter) => rowsOf(letter, uploads));
  const visible = Math.max(count.visible, letters.length);
  if (json) for (const row of rows) io.stdout.write(`${jsonOfRow(row, deadLetterUrl, io.now())}\n`);
  else {
    io.stdout.write(headOf(deadLetterUrl, { ...count, visible }, letters.length));
    if (rows.length > 0) io.stdout.write(textOfRows(rows, io.now()));
  }
  return visible;
}

async function isToMove(
  letters: number,
  pairs: readonly QueuePair[],
  { yes, json }: RedriveOptions,
  io: CliIo,
): Promise<boolean> {
  if (yes) return true;
  if (json || !io.stdin.isTTY || !io.stderr.isTTY) {
    if (!json) io.stderr.write('Nothing was moved; --yes moves them.\n');
    return false;
  }
  const targets = pairs.map(({ queueUrl }) => nameOf(queueUrl)).join(' and ');
  io.stderr.write(`Move all ${letters} back to ${targets}? [y/N] `);
  const answer = await firstLine(io.stdin);
  if (/^y(es)?$/i.test(answer)) return true;
  io.stderr.write('Nothing was moved.\n');
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

async function moveAll(
  pairs: readonly QueuePair[],
  options: RedriveOptions,
  { sqs, records }: Operations,
  io: CliIo,
): Promise<number> {
  const signal = io.interruptSignal();
  const runId = Buffer.from(io.randomBytes(8)).toString('hex');
  let isAllRight = true;
  for (const { queueUrl, deadLetterUrl } of pairs) {
    if (signal.aborted) break;
    const totals = new Map<RedriveOutcome, number>();
    const random = () => (io.randomBytes(1)[0] ?? 0) / 256;
    try {
      const moving = redrive({
        sqs,
        queueUrl,
        deadLetterUrl,
        records,
        deleter: createDeleteBatcher({ sqs, queueUrl: deadLetterUrl, timers: systemTimers, random }),
        includeUnknown: options.includeUnknown,
        runId,
        signal,
        onOutcome({ messageId }, outcome, reason) {
          totals.set(outcome, (totals.get(outcome) ?? 0) + 1);
          if (options.json) {
            io.stdout.write(`${JSON.stringify({ queue: deadLetterUrl, messageId, outcome, reason })}\n`);
          } else if (outcome !== RedriveOutcome.moved) {
            io.stderr.write(`${outcome}: message ${messageId}: ${printable(reason)}\n`);
          }
        },
      });
      await about(deadLetterUrl, moving);
    } finally {
      if (!options.json) io.stdout.write(`${totalsOf(totals, queueUrl)}\n`);
    }
    isAllRight &&= [...totals.keys()].every((outcome) => HARMLESS.includes(outcome));
  }
  if (signal.aborted) {
    io.stderr.write(
      'upload-once redrive: interrupted; what was not moved is in its dead-letter queue still\n',
    );
    return ExitCode.interrupted;
  }
  return isAllRight ? ExitCode.done : ExitCode.failed;
}

/** SQS itself never says which queue it speaks of. */
async function about<T>(queueUrl: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'QueueDoesNotExist') throw error;
    throw new Error(`there is no queue ${queueUrl} in this region and account`, { cause: error });
  }
}
