import { describeFile } from '@upload-once/client';
import { printable } from '@upload-once/text/printable';
import type { CliIo } from '../cli-io.ts';
import { ExitCode } from '../exit-code.ts';
import { openProxies } from './proxies.ts';
import { readFormFile } from './read-form-file.ts';
import { type BatchRequest, sendBatch } from './send-batch.ts';
import { readUploadOptions, UPLOAD_HELP, type UploadCommandOptions } from './upload-options.ts';
import { openRecord } from './upload-record.ts';
import { type FileOutcome, partlyStoredNote, reportOutcome, timesNote } from './upload-report.ts';

/**
 * `upload-once upload FILE…`
 *
 * @returns the exit code that the help documents
 * @throws UsageError
 */
export async function uploadCommand(args: readonly string[], io: CliIo): Promise<number> {
  const options = readUploadOptions(args, io.env);
  if (options === 'help') {
    io.stdout.write(UPLOAD_HELP);
    return ExitCode.done;
  }
  const form = options.formFile === undefined ? undefined : await readFormFile(options.formFile, io.stdin);
  const sizes = await sizesOf(options, io);
  if (sizes === undefined) return ExitCode.failed;
  return uploadAll({ options, form, sizes, proxies: openProxies(io.env), io });
}

async function uploadAll(
  request: Pick<BatchRequest, 'options' | 'form' | 'sizes' | 'proxies' | 'io'>,
): Promise<ExitCode> {
  const { options, io } = request;
  const signal = io.interruptSignal();
  const waits = { seconds: 0 };
  const { files, times } = options;
  const record = options.record === undefined ? undefined : openRecord(options.record);
  const batch = await sendBatch({ ...request, record, signal, waits });
  const { outcomes, notBegun, isOutputLost } = batch;
  if (notBegun.length > 0)
    io.stderr.write(`upload-once: ${batch.reasonToStop}; not sent: ${notBegun.map(printable).join(', ')}\n`);
  if (waits.seconds > 0)
    io.stderr.write(`upload-once: waited ${waits.seconds} s in all for the issuer, as it asked\n`);
  const again =
    isOutputLost || times !== undefined
      ? undefined
      : partlyStoredNote(outcomes, files.length, options.record);
  if (again !== undefined) io.stderr.write(`${again}\n`);
  const note = times === undefined || isOutputLost ? undefined : timesNote(outcomes);
  if (note !== undefined) (options.json ? io.stderr : io.stdout).write(`${note}\n`);
  if (isOutputLost && !signal.aborted) return ExitCode.outputFailed;
  return exitCodeOf(outcomes, signal);
}

/** Looks at every file before any form is requested; reports all that is wrong. */
async function sizesOf(options: UploadCommandOptions, io: CliIo): Promise<Map<string, number> | undefined> {
  const sizes = new Map<string, number>();
  let usable = true;
  for (const file of new Set(options.files)) {
    try {
      sizes.set(file, (await describeFile(file)).sizeBytes);
    } catch (error) {
      usable = false;
      reportOutcome({ outcome: 'failed', file, key: undefined, error: error as Error }, options.json, io);
    }
  }
  if (!usable && options.files.length > 1)
    io.stderr.write('upload-once: no form was asked for, nothing was sent\n');
  return usable ? sizes : undefined;
}

function exitCodeOf(outcomes: readonly FileOutcome[], signal: AbortSignal): ExitCode {
  const came = (what: FileOutcome['outcome']) => outcomes.some(({ outcome }) => outcome === what);
  if (signal.aborted) return ExitCode.interrupted;
  if (came('unknown')) return ExitCode.outcomeUnknown;
  return came('refused') || came('failed') ? ExitCode.failed : ExitCode.done;
}
