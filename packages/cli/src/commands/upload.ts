import type { UploadForm, UploadPut } from '@upload-once/client';
import { describeFile, IssuerUnavailable, RequestRefused } from '@upload-once/client';
import { printable } from '@upload-once/text/printable';
import type { CliIo } from '../cli-io.ts';
import { ExitCode } from '../exit-code.ts';
import { OutputFailed } from '../output-failed.ts';
import { openProxies, type Proxies } from './proxies.ts';
import { uploadOne } from './upload-one.ts';
import { readUploadOptions, UPLOAD_HELP, type UploadCommandOptions } from './upload-options.ts';
import {
  type FileOutcome,
  outcomeLine,
  partlyStoredNote,
  reportOutcome,
  timesNote,
} from './upload-report.ts';

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
  const sizes = await sizesOf(options, io);
  if (sizes === undefined) return ExitCode.failed;
  return uploadAll(options, sizes, openProxies(io.env), io);
}

async function uploadAll(
  options: UploadCommandOptions,
  sizes: ReadonlyMap<string, number>,
  proxies: Proxies,
  io: CliIo,
): Promise<ExitCode> {
  const signal = io.interruptSignal();
  const waits = { seconds: 0 };
  const outcomes: FileOutcome[] = [];
  const files = [...options.files];
  let isOutputLost = false;
  let form: UploadForm | UploadPut | undefined;
  for (const file of files) {
    if (options.times === undefined) form = undefined;
    const sizeBytes = sizes.get(file) ?? 0;
    const { outcome, form: used } = await uploadOne({
      file,
      sizeBytes,
      form,
      formUsedBy: form && outcomes.find(({ outcome }) => outcome === 'stored')?.file,
      options,
      signal,
      waits,
      proxies,
      io,
    });
    form = used;
    outcomes.push(outcome);
    isOutputLost = !report(outcome, options.json, io);
    const reason = isOutputLost
      ? 'results can’t be written any more'
      : reasonToStop(outcome, options, signal);
    const left = files.length - outcomes.length;
    if (reason === undefined || left === 0) continue;
    io.stderr.write(`upload-once: ${reason}; not sent: ${files.slice(-left).map(printable).join(', ')}\n`);
    break;
  }
  if (waits.seconds > 0)
    io.stderr.write(`upload-once: waited ${waits.seconds} s in all for the issuer, as it asked\n`);
  const again =
    isOutputLost || options.times !== undefined ? undefined : partlyStoredNote(outcomes, files.length);
  if (again !== undefined) io.stderr.write(`${again}\n`);
  const note = options.times === undefined || isOutputLost ? undefined : timesNote(outcomes);
  if (note !== undefined) (options.json ? io.stderr : io.stdout).write(`${note}\n`);
  if (isOutputLost && !signal.aborted) return ExitCode.outputFailed;
  return exitCodeOf(outcomes, signal);
}

/** @returns false when the result could not be written to standard output; standard error has it then */
function report(outcome: FileOutcome, json: boolean, io: CliIo): boolean {
  try {
    reportOutcome(outcome, json, io);
    return true;
  } catch (error) {
    if (!(error instanceof OutputFailed)) throw error;
    io.stderr.write(
      `upload-once: ${printable(error.message)}; what it was to say: ${outcomeLine(outcome, json)}\n`,
    );
    return false;
  }
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

/** Why the files that are left are not tried; undefined: they are. */
function reasonToStop(
  outcome: FileOutcome,
  options: UploadCommandOptions,
  signal: AbortSignal,
): string | undefined {
  if (signal.aborted) return 'interrupted';
  if (outcome.outcome === 'stored') return undefined;
  if (outcome.error instanceof RequestRefused || outcome.error instanceof IssuerUnavailable)
    return 'there is no form';
  if (outcome.outcome === 'unknown' && options.times !== undefined) {
    return 'a form is not used again while it is unknown what became of it';
  }
  return undefined;
}

function exitCodeOf(outcomes: readonly FileOutcome[], signal: AbortSignal): ExitCode {
  const came = (what: FileOutcome['outcome']) => outcomes.some(({ outcome }) => outcome === what);
  if (signal.aborted) return ExitCode.interrupted;
  if (came('unknown')) return ExitCode.outcomeUnknown;
  return came('refused') || came('failed') ? ExitCode.failed : ExitCode.done;
}
