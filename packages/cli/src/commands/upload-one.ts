import { basename, resolve } from 'node:path';
import type { UploadForm, UploadPut } from '@upload-once/client';
import {
  InvalidArgument,
  RequestRefused,
  UploadIncomplete,
  UploadOutcomeUnknown,
  UploadRefused,
  uploadFile,
} from '@upload-once/client';
import { printable } from '@upload-once/text/printable';
import { inShell } from '../in-shell.ts';
import type { ProgressBars } from '../progress-bars.ts';
import { UsageError } from '../usage-error.ts';
import { askOutcome } from './ask-outcome.ts';
import { type FormRequest, receiveForm } from './form-request.ts';
import { sameAccessWords } from './issuer-access.ts';
import { formLeakSteps, ROTATED_AT_ONCE } from './status-advice.ts';
import type { FileOutcome } from './upload-report.ts';

export interface UploadOne extends FormRequest {
  /** Undefined: one is asked for. */
  readonly form: UploadForm | UploadPut | undefined;
  /** The file that was stored with that form before; undefined: none. */
  readonly formUsedBy: string | undefined;
  /** Undefined: nothing is drawn. */
  readonly bars: ProgressBars | undefined;
  /** Called with the form before anything is sent with it. */
  readonly onForm: (form: UploadForm | UploadPut) => void;
}

/** Uploads one file, and finds out what became of it. @throws UsageError for what can't be asked or sent at all */
export async function uploadOne(
  order: UploadOne,
): Promise<{ outcome: FileOutcome; form: UploadForm | UploadPut | undefined }> {
  let { form } = order;
  try {
    form ??= await prepareForm(order);
    order.onForm(form);
    return { outcome: await send(form, order), form };
  } catch (error) {
    if (error instanceof InvalidArgument) throw new UsageError(error.message, { cause: error });
    if (form && error instanceof UploadOutcomeUnknown)
      return { outcome: await unknownOutcome(form, error, order), form };
    return { outcome: failedOutcome(order, form, error as Error), form };
  }
}

async function send(
  form: UploadForm | UploadPut,
  { file, sizeBytes, options, proxies, signal, bars, io }: UploadOne,
): Promise<FileOutcome> {
  const bar = bars?.add(basename(file), sizeBytes);
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
    bar?.remove();
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

/** S3's response left it open: the issuer may know. */
async function unknownOutcome(
  form: UploadForm | UploadPut,
  error: UploadOutcomeUnknown,
  { file, options, formUsedBy, proxies, signal, io }: UploadOne,
): Promise<FileOutcome> {
  const { key } = error;
  const toAsk = howToAsk(key, file, options.issuer);
  const unknown = (found: string, next = toAsk): FileOutcome => ({
    outcome: 'unknown',
    file,
    key,
    error,
    found: `${printable(found)}.\n${next}`,
  });
  const notAccepted = (message: string, found?: string): FileOutcome => ({
    outcome: 'refused',
    file,
    key,
    error: new Error(message, { cause: error }),
    ...(found !== undefined && { found }),
  });
  // The other one was confirmed before this one was sent: this one is never accepted (docs/design.md, P1).
  if (formUsedBy !== undefined)
    return notAccepted(
      `this try does not count, even if S3 stored it. ${formUsedBy} was stored with this form before, and only the first upload with a form counts`,
      resolve(file) === resolve(formUsedBy)
        ? `If this one was stored too, the operators get a report of a duplicate. You have nothing to do. ${NO_REVOKE}`
        : `${NO_REVOKE}\n${uploadAlone(file)}`,
    );
  if (signal.aborted) return unknown('The command was interrupted before it asked the issuer');
  const { issuer, issuerTimeoutSeconds: timeoutSeconds } = options;
  if (issuer === undefined) return unknown('The issuer can’t be asked, because the form was handed on');
  const { issuerUrl, apiKey } = issuer;
  const access = { issuerUrl, apiKey, timeoutSeconds, signal, fetch: proxies.fetch };
  try {
    const outcome = await askOutcome(access, error, (seconds) => io.sleep(seconds, signal));
    switch (outcome.known) {
      case 'stored': {
        const { status } = outcome;
        const stored = { key, sizeBytes: error.totalBytes, ...(status.eTag && { eTag: status.eTag }) };
        const issuerReport = { error, isThisContent: takesOneContent(form), state: status.state };
        return { outcome: 'stored', file, url: withoutQuery(form.url), result: stored, issuerReport };
      }
      case 'revoked':
        return notAccepted(
          `the upload ${key} was revoked meanwhile: what was sent does not count, even if S3 stored it`,
          '1. Upload your file again. It gets a new form.\n' +
            `2. If you did not revoke it, ask the people who run the service who did. If that is unknown, have ${ROTATED_AT_ONCE}.`,
        );
      case 'other':
        return notAccepted(
          `your file does not count, even if S3 stored it. Another file came first with the same form: ${key} has ${outcome.sizeBytes} bytes, yours has ${error.totalBytes}. Someone else used the form, which only this command received`,
          formLeakSteps(printable(key)),
        );
      case 'nothing':
        return unknown(outcome.why);
    }
  } catch (fault) {
    if (signal.aborted) return unknown('The command was interrupted before the issuer knew the outcome');
    // The file was sent: whatever broke here, the reader needs its key and the way to ask.
    return unknown(`The issuer could not be asked: ${(fault as Error).message}`);
  }
}

const NO_REVOKE = 'Do not run revoke: it could revoke the first upload, which counts.';

function uploadAlone(file: string): string {
  return `Upload ${printable(file)} again without --times, with your other options. It gets a form of its own:\n  upload-once upload ${printable(inShell(file))}`;
}

const OTHERS_URL =
  '\nIf you sent the file only once, someone else may have had the URL. If status says that the size is the same, ask the people who run the service for the SHA-256, as it says.';

/** What the reader does next, in lines. */
function howToAsk(key: string, file: string, issuer: UploadOne['options']['issuer']): string {
  if (issuer === undefined)
    return `Keep your file, and do not upload it again. Ask the person who gave you the form whether a file of this size was received as ${printable(key)}.`;
  const { byOption } = issuer;
  return [
    `Keep your file. Do not upload it again, and do not run revoke, before status says so. Run status${sameAccessWords(byOption)}:`,
    `  upload-once status ${printable(inShell(key))} --file ${printable(inShell(file))}`,
    'It compares your file with the received one, and says what to do next. If status fails, run it again in a minute. ' +
      `If it still fails after 15 minutes, ask the people who run the service, with the id ${printable(key)}. Do not upload the file before they have responded.`,
  ].join('\n');
}

/** What follows the question mark is a PUT's signature: everyone who reads it can upload. */
function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? '';
}

/** S3 takes the content with this SHA-256 alone (Amazon S3 User Guide, "Checking object integrity"). */
function takesOneContent(form: UploadForm | UploadPut): boolean {
  const sent = 'fields' in form ? form.fields : form.headers;
  return Object.keys(sent).some((name) => name.toLowerCase() === 'x-amz-checksum-sha256');
}

/** As it is going to be sent. */
function keyIn(form: UploadForm | UploadPut): string | undefined {
  return 'fields' in form ? form.fields['key'] : form.key;
}

function failedOutcome(
  { file, options, formUsedBy, signal }: UploadOne,
  form: UploadForm | UploadPut | undefined,
  error: Error,
): FileOutcome {
  const key = form && keyIn(form);
  if (error instanceof UploadRefused) {
    if (form === undefined || key === undefined || error.s3Code !== 'PreconditionFailed')
      return { outcome: 'refused', file, key, error };
    // Someone else used the URL, or something on the way sent the request twice.
    if (formUsedBy === undefined)
      return {
        outcome: 'unknown',
        file,
        key,
        error,
        found: howToAsk(key, file, options.issuer) + (options.issuer === undefined ? '' : OTHERS_URL),
      };
    return { outcome: 'refused', file, key, error, found: afterOwnUpload(file, formUsedBy) };
  }
  if (error instanceof UploadIncomplete) return { outcome: 'failed', file, key, error };
  if (signal.aborted) {
    const interrupted = new Error('interrupted before any of it was sent: nothing was stored', {
      cause: error,
    });
    return { outcome: 'failed', file, key, error: interrupted };
  }
  if (!('code' in error)) throw error;
  const found = error instanceof RequestRefused ? afterRefusal(error) : undefined;
  return { outcome: 'failed', file, key, error, ...(found !== undefined && { found }) };
}

/** What the reader does next; undefined: the issuer's own words say it. */
function afterRefusal({ status, issuerCode }: RequestRefused): string | undefined {
  if (status !== 403) return undefined;
  // The key itself, and not only this request of it.
  if (issuerCode === 'Forbidden')
    return 'Nothing was sent. Do not try again with this key: ask the people who run the service for one.';
  if (issuerCode === 'ContentTypeNotAllowed')
    return 'Nothing was sent. The type was guessed from the file’s name, unless you gave one. If the file has an allowed type, name it with --content-type.';
  return undefined;
}

/** After S3's 412 to a URL that this run used before. */
function afterOwnUpload(file: string, usedBy: string): string {
  const before = `${printable(usedBy)} was stored with this URL before.`;
  return resolve(file) === resolve(usedBy)
    ? `${before} You have nothing to do.`
    : `${before} ${uploadAlone(file)}`;
}
