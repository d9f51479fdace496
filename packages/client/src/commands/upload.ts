import { basename } from 'node:path';
import type { CliIo } from '../cli-io.ts';
import {
  InvalidArgument,
  IssuerUnavailable,
  RequestRefused,
  UploadOutcomeUnknown,
  UploadRefused,
} from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { fileSha256 } from '../file-sha256.ts';
import { printable } from '../printable.ts';
import { createProgressBar } from '../progress-bar.ts';
import { requestUpload } from '../request-upload.ts';
import { uploadFile } from '../upload-file.ts';
import type { UploadForm, UploadPut } from '../upload-form.ts';
import { describeFile } from '../upload-source.ts';
import { createUpload } from '../uploads-v1.ts';
import { UsageError } from '../usage-error.ts';
import { readUploadOptions, UPLOAD_HELP, type UploadCommandOptions } from './upload-options.ts';
import { type FileOutcome, reportOutcome, timesNote } from './upload-report.ts';

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

  const signal = io.interruptSignal();
  const outcomes: FileOutcome[] = [];
  const files = [...options.files];
  let form: UploadForm | UploadPut | undefined;
  for (const file of files) {
    if (options.times === undefined) form = undefined;
    const sizeBytes = sizes.get(file) ?? 0;
    const { outcome, form: used } = await uploadOne({ file, sizeBytes, form, options, signal, io });
    form = used;
    outcomes.push(outcome);
    reportOutcome(outcome, options.json, io);
    if (outcome.outcome === 'stored') continue;
    const reason = reasonToStop(outcome, options, signal);
    const left = files.length - outcomes.length;
    if (reason === undefined || left === 0) continue;
    io.stderr.write(`upload-once: ${reason}; not sent: ${files.slice(-left).map(printable).join(', ')}\n`);
    break;
  }
  const note = options.times === undefined ? undefined : timesNote(outcomes);
  if (note !== undefined) (options.json ? io.stderr : io.stdout).write(`${note}\n`);
  return exitCodeOf(outcomes, signal);
}

/** Looks at every file before any form is asked for; tells all that is wrong. */
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

async function uploadOne(order: {
  file: string;
  sizeBytes: number;
  form: UploadForm | UploadPut | undefined;
  options: UploadCommandOptions;
  signal: AbortSignal;
  io: CliIo;
}): Promise<{ outcome: FileOutcome; form: UploadForm | UploadPut | undefined }> {
  const { file, signal, io } = order;
  let form = order.form;
  try {
    form ??= await receiveForm(order);
    const bar = barFor(file, order.sizeBytes, io);
    const startedAt = io.now().getTime();
    try {
      const result = await uploadFile({
        form,
        file,
        signal,
        onProgress: bar && (({ sentBytes }) => bar.update(sentBytes)),
      });
      const seconds = Math.max(io.now().getTime() - startedAt, 0) / 1000;
      return { outcome: { outcome: 'stored', file, url: withoutQuery(form.url), result, seconds }, form };
    } finally {
      bar?.clear();
    }
  } catch (error) {
    if (error instanceof InvalidArgument) throw new UsageError(error.message, { cause: error });
    return { outcome: failedOutcome(file, form && keyIn(form), error as Error, signal), form };
  }
}

async function receiveForm(order: {
  file: string;
  sizeBytes: number;
  options: UploadCommandOptions;
  signal: AbortSignal;
  io: CliIo;
}): Promise<UploadForm | UploadPut> {
  const { options, signal, io } = order;
  let form = await askFor(order);
  const tell = (text: string) => io.stderr.isTTY && io.stderr.write(`${printable(text)}\n`);
  if (options.tamperKey && 'fields' in form) {
    const key = `${form.key}-tampered`;
    form = { ...form, fields: { ...form.fields, key } };
    tell(`The form is for ${form.key}; its key field now says ${key}.`);
  }
  if (options.delaySeconds > 0) {
    tell(
      `The form is good until ${form.expiresAt.toISOString()}; sending starts in ${options.delaySeconds} s.`,
    );
    await io.sleep(options.delaySeconds, signal);
  }
  return form;
}

async function askFor(order: {
  file: string;
  sizeBytes: number;
  options: UploadCommandOptions;
  signal: AbortSignal;
}): Promise<UploadForm | UploadPut> {
  const { file, sizeBytes, options, signal } = order;
  const { issuerUrl, apiKey, wanted } = options;
  if (wanted === undefined) return requestUpload({ issuerUrl, apiKey, signal });
  const { sha256, ...asked } = wanted;
  const { form } = await createUpload({
    issuerUrl,
    apiKey,
    signal,
    ...asked,
    ...(wanted.method === 'put' && { minBytes: sizeBytes, maxBytes: sizeBytes }),
    ...(sha256 && { sha256: await fileSha256(file) }),
  });
  return form;
}

/** What follows the question mark is a PUT's signature: whoever reads it can upload. */
function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? '';
}

/** As it is going to be sent. */
function keyIn(form: UploadForm | UploadPut): string | undefined {
  return 'fields' in form ? form.fields['key'] : form.key;
}

function barFor(file: string, totalBytes: number, io: CliIo) {
  if (!io.stderr.isTTY || io.env['TERM'] === 'dumb') return undefined;
  return createProgressBar({ terminal: io.stderr, label: basename(file), totalBytes, now: io.now });
}

function failedOutcome(
  file: string,
  key: string | undefined,
  error: Error,
  signal: AbortSignal,
): FileOutcome {
  if (error instanceof UploadRefused) return { outcome: 'refused', file, key, error };
  if (error instanceof UploadOutcomeUnknown) return { outcome: 'unknown', file, key, error };
  if (signal.aborted) {
    const interrupted = new Error('interrupted before any of it was sent: nothing was stored', {
      cause: error,
    });
    return { outcome: 'failed', file, key, error: interrupted };
  }
  if (!('code' in error)) throw error;
  return { outcome: 'failed', file, key, error };
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
