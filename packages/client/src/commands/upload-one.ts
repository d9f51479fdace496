import { basename } from 'node:path';
import { InvalidArgument, UploadIncomplete, UploadOutcomeUnknown, UploadRefused } from '../errors.ts';
import { printable } from '../printable.ts';
import { createProgressBar } from '../progress-bar.ts';
import { uploadFile } from '../upload-file.ts';
import type { UploadForm, UploadPut } from '../upload-form.ts';
import { UsageError } from '../usage-error.ts';
import { askOutcome } from './ask-outcome.ts';
import { type FormRequest, receiveForm } from './form-request.ts';
import type { FileOutcome } from './upload-report.ts';

export interface UploadOne extends FormRequest {
  /** Undefined: one is asked for. */
  readonly form: UploadForm | UploadPut | undefined;
  /** Whether another upload with that form was stored. */
  readonly isFormUsed: boolean;
}

/** Uploads one file, and finds out what became of it. @throws UsageError for what can't be asked or sent at all */
export async function uploadOne(
  order: UploadOne,
): Promise<{ outcome: FileOutcome; form: UploadForm | UploadPut | undefined }> {
  const { file, signal } = order;
  let { form } = order;
  try {
    form ??= await prepareForm(order);
    return { outcome: await send(form, order), form };
  } catch (error) {
    if (error instanceof InvalidArgument) throw new UsageError(error.message, { cause: error });
    if (form && error instanceof UploadOutcomeUnknown)
      return { outcome: await unknownOutcome(form, error, order), form };
    return { outcome: failedOutcome(file, form && keyIn(form), error as Error, signal), form };
  }
}

async function send(
  form: UploadForm | UploadPut,
  { file, sizeBytes, options, proxies, signal, io }: UploadOne,
): Promise<FileOutcome> {
  const isDrawn = io.stderr.isTTY && io.env['TERM'] !== 'dumb';
  const bar = isDrawn
    ? createProgressBar({
        terminal: io.stderr,
        label: basename(file),
        totalBytes: sizeBytes,
        now: io.now,
      })
    : undefined;
  const startedAt = io.now().getTime();
  try {
    const result = await uploadFile({
      form,
      file,
      signal,
      agent: proxies.agentFor(form.url),
      timeouts: { totalSeconds: options.timeoutSeconds },
      onProgress: bar && (({ sentBytes }) => bar.update(sentBytes)),
    });
    const seconds = Math.max(io.now().getTime() - startedAt, 0) / 1000;
    return { outcome: 'stored', file, url: withoutQuery(form.url), result, seconds };
  } finally {
    bar?.clear();
  }
}

async function prepareForm(order: UploadOne): Promise<UploadForm | UploadPut> {
  const { options, signal, io } = order;
  let form = await receiveForm(order);
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

/** S3's answer left it open: the issuer may know. */
async function unknownOutcome(
  form: UploadForm | UploadPut,
  error: UploadOutcomeUnknown,
  { file, options, isFormUsed, proxies, signal, io }: UploadOne,
): Promise<FileOutcome> {
  const { key } = error;
  const toAsk = howToAsk(key, options.byOption);
  const unknown = (found: string, next = toAsk): FileOutcome => ({
    outcome: 'unknown',
    file,
    key,
    error,
    found: `${printable(found)}.\n${next}`,
  });
  const notAccepted = (message: string): FileOutcome => ({
    outcome: 'refused',
    file,
    key,
    error: new Error(message, { cause: error }),
  });
  if (isFormUsed) return unknown(FORM_USED, FORM_USED_NEXT);
  if (signal.aborted) return unknown('It was interrupted before the issuer was asked');
  const { issuerUrl, apiKey, issuerTimeoutSeconds: timeoutSeconds } = options;
  const access = { issuerUrl, apiKey, timeoutSeconds, signal, fetch: proxies.fetch };
  try {
    const outcome = await askOutcome(access, error, (seconds) => io.sleep(seconds, signal));
    switch (outcome.known) {
      case 'stored': {
        const { status } = outcome;
        const stored = { key, sizeBytes: error.totalBytes, ...(status.eTag && { eTag: status.eTag }) };
        return { outcome: 'stored', file, url: withoutQuery(form.url), result: stored, toldByIssuer: error };
      }
      case 'revoked':
        return notAccepted(`the upload ${key} was revoked meanwhile: whatever arrived of it is not accepted`);
      case 'other':
        return notAccepted(
          `another upload was made with this form, and is the one that counts: ${key} has ${outcome.sizeBytes} bytes, this file has ${error.totalBytes}. This file is not accepted, whether it was stored or not. Upload it again: it gets a new form`,
        );
      case 'nothing':
        return unknown(outcome.why);
    }
  } catch (fault) {
    if (signal.aborted) return unknown('It was interrupted before the issuer could tell');
    // The file was sent: whatever broke here, the reader needs its key and the way to ask.
    return unknown(`The issuer could not be asked: ${(fault as Error).message}`);
  }
}

/** Where `--times` sends again what was stored before. */
const FORM_USED = 'An upload with this form was stored before, and only the first one is accepted';
const FORM_USED_NEXT = [
  'If this one was stored too, it is reported as a duplicate. There is nothing to ask and nothing to revoke.',
  'The same file as before: do nothing. Another file: upload it again without --times. It gets a form of its own.',
].join('\n');

/** What the reader does next, in lines. Each command has its own, because it is going to be copied. */
function howToAsk(key: string, byOption: boolean): string {
  const id = printable(inShell(key));
  return [
    `Do not upload it again yet. Ask what became of it${byOption ? ', with the same --url and --key' : ''}:`,
    `  upload-once status ${id}`,
    `ISSUED: it may be stored, and not be seen yet. Run revoke now, no need to wait${byOption ? ' (with the same --url and --key)' : ''}:`,
    `  upload-once revoke ${id}`,
    '  It succeeds: upload the file again. It gets a new form.',
    '  It says AlreadyClaimed: the file has come. Do not upload it again.',
    '  It fails in any other way: run it again.',
    'REVOKED: upload the file again. It gets a new form.',
    'Any other state: it was stored. Do not upload it again.',
  ].join('\n');
}

/** As a shell takes it for one word. */
function inShell(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** What follows the question mark is a PUT's signature: whoever reads it can upload. */
function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? '';
}

/** As it is going to be sent. */
function keyIn(form: UploadForm | UploadPut): string | undefined {
  return 'fields' in form ? form.fields['key'] : form.key;
}

function failedOutcome(
  file: string,
  key: string | undefined,
  error: Error,
  signal: AbortSignal,
): FileOutcome {
  if (error instanceof UploadRefused) return { outcome: 'refused', file, key, error };
  if (error instanceof UploadIncomplete) return { outcome: 'failed', file, key, error };
  if (signal.aborted) {
    const interrupted = new Error('interrupted before any of it was sent: nothing was stored', {
      cause: error,
    });
    return { outcome: 'failed', file, key, error: interrupted };
  }
  if (!('code' in error)) throw error;
  return { outcome: 'failed', file, key, error };
}
