import type { CliIo } from '../cli-io.ts';
import { UsageError } from '../usage-error.ts';
import { assertNoApiKey, type GivenAccess, ISSUER_OPTIONS, issuerAccess } from './issuer-access.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { STATES_HELP } from './states-help.ts';
import { timeoutOf } from './time-option.ts';
import { termsOf, WANTED_OPTIONS, type WantedUpload, wantedValues } from './wanted-options.ts';

export const UPLOAD_HELP = `Usage: upload-once upload FILE… [options]

Asks the issuer for a form for each FILE, and sends the FILE with it. With --form it uses a form that was
handed on, and needs no API key. A file is sent once. If S3's response does not prove whether the file was
stored, the command asks the issuer, and sends nothing again. The issuer identifies an upload by its form and
size: if someone sent another file of the same size with the same form, the issuer cannot tell the two apart.
With --sha256 the form accepts no other content.
If the issuer asks to wait (Retry-After), the command waits, up to 300 s for one form.
Several FILEs are sent side by side. If only some of them were stored, do not repeat the whole command: it
would send the stored ones again. Give only the FILEs that the messages tell you to upload again. With
--record, you can repeat the whole command.

  --url URL         the issuer, with its path prefix; default: $UPLOAD_ONCE_URL
  --key KEY         the API key; default: $UPLOAD_ONCE_API_KEY, which is better: other
                    users of this machine can see a command line, and shells keep it
  --timeout SECONDS how long sending one file can take in all (default 86400, a day; a
                    connection without progress ends earlier), and how long the issuer
                    can take to respond (default 30, and at most 30)
  --parallel N      how many files are sent side by side (1 to 16, default 4)
  --record RECORD   keep the id of each FILE's upload in the file RECORD. After a stop, run the same command
                    again: it sends only the FILEs that were not stored, or have changed since. If it is
                    unknown whether a FILE was stored, the command asks the issuer, and revokes the first
                    upload before it sends the file again. RECORD contains no secret. Use it for one
                    command at a time
  --json            one JSON object for each file on standard output, with the upload's "id". Its "outcome" is
                    "stored", "unknown", or, if it was not stored or does not count, "refused" or "failed"
  --form FORM       use the form in the file FORM ("-": standard input), which "upload-once form" printed. It
                    takes one FILE
  --help            this text

What the upload must match:
  --method put      use a URL that S3 accepts once, for exactly this size, instead of a form
  --sha256          read the file first, and ask for a form that accepts only its SHA-256
  --content-type T  the content type, such as application/pdf. "guess": by the FILE's name, as without this
                    option; "none": any
  --name NAME       the beginning of the upload's id
  --metadata N=V    metadata of the object; you can give it several times
  --expires SECONDS how long an upload can start with the form

To try out that a form works once:
  --times 2|3       use one form 2 or 3 times, one after the other: for the same FILE, or for
                    2 or 3 FILEs. With several FILEs, the form has no file name and
                    no guessed content type
  --delay SECONDS   wait between receiving the form and sending (0 to 86400)
  --tamper-key      change the form's key field after it was signed

Results go to standard output, one line for each file. Refusals and errors go to standard error.
A progress bar is shown if standard error is a terminal. The command uses HTTPS_PROXY,
HTTP_PROXY and NO_PROXY.

Exit code (if several FILEs end differently, the first of 130, 5, 3, 1, 0 that fits):
  0    everything was stored. If a file's state is FAILED, standard error says so
  1    something was refused or failed: it was not stored, or it does not count. The message
       says what to do
  2    the command line is wrong, and nothing was done
  3    it is unknown whether a file was stored. Do not upload it again, and do not run revoke,
       before "upload-once status ID --file FILE" says so
  5    a result could not be written to standard output; standard error has it
  130  interrupted. The message says whether the file was stored. If it says that it may or
       may not have been stored, do as for 3

${STATES_HELP}`;

const ISSUER_TIMEOUT_SECONDS = 30;
const PARALLEL_DEFAULT = 4;
const PARALLEL_MAX = 16;

export interface UploadCommandOptions {
  readonly files: readonly string[];
  /** Undefined: a form was handed on, and no issuer can be asked. */
  readonly issuer: GivenAccess | undefined;
  /** The file that has the form; undefined: one is asked for. "-" is standard input. */
  readonly formFile: string | undefined;
  /** For sending one file; undefined: the library's default. */
  readonly timeoutSeconds: number | undefined;
  /** For each response of the issuer. */
  readonly issuerTimeoutSeconds: number;
  /** How many times one form is used; undefined: a form for each file. */
  readonly times: number | undefined;
  readonly delaySeconds: number;
  readonly tamperKey: boolean;
  readonly json: boolean;
  /** How many files are sent side by side. */
  readonly parallel: number;
  /** The file that remembers what was stored; undefined: none does. */
  readonly record: string | undefined;
  /** What `POST /v1/uploads` is asked for. */
  readonly wanted: WantedUpload;
}

/** @throws UsageError */
export function readUploadOptions(args: readonly string[], env: CliIo['env']): UploadCommandOptions | 'help' {
  const { values, positionals: files } = parse(args);
  if (values.help) return 'help';
  if (files.length === 0) throw new UsageError('name at least one file to upload');
  const issuer = values.form === undefined ? issuerAccess(values, env) : undefined;
  assertNoApiKey(files, issuer?.apiKey ?? env['UPLOAD_ONCE_API_KEY']);
  const timeoutSeconds = timeoutOf(values.timeout);
  const wanted = wantedOf(values, files.length);
  assertFitsForm(values, files.length);
  if (values['tamper-key'] && wanted.method === 'put')
    throw new UsageError('--tamper-key changes a form, not a PUT');
  if (values.times !== undefined && wanted.sha256 && files.length > 1)
    throw new UsageError('--sha256 is of one file: with several, --times can’t be given too');
  if (values.times !== undefined && values.record !== undefined)
    throw new UsageError('--record is for files that each have a form: --times can’t be given too');
  const times = values.times === undefined ? undefined : timesOf(values.times, files.length);
  return {
    files: times !== undefined && files.length === 1 ? Array<string>(times).fill(files[0] ?? '') : files,
    issuer,
    formFile: values.form,
    timeoutSeconds,
    issuerTimeoutSeconds: Math.min(timeoutSeconds ?? ISSUER_TIMEOUT_SECONDS, ISSUER_TIMEOUT_SECONDS),
    times,
    delaySeconds: values.delay === undefined ? 0 : delayOf(values.delay),
    tamperKey: values['tamper-key'] ?? false,
    json: values.json ?? false,
    // One form is for one file after the other.
    parallel: times === undefined ? parallelOf(values.parallel) : 1,
    record: values.record,
    wanted,
  };
}

function wantedOf(values: ReturnType<typeof parse>['values'], fileCount: number): WantedUpload {
  const isForOneFile = values.times === undefined || fileCount === 1;
  return { ...termsOf(values), sha256: values.sha256 === true, isForOneFile };
}

/** A form that was handed on is for one file, and has its terms. */
function assertFitsForm(values: ReturnType<typeof parse>['values'], fileCount: number): void {
  if (values.form === undefined) return;
  if (fileCount > 1 && values.times === undefined)
    throw new UsageError('--form takes one FILE: a form is good for one upload');
  const { url, key, record, delay, sha256 } = values;
  const tampered = { 'tamper-key': values['tamper-key'] };
  const others = { url, key, record, delay, ...tampered, sha256, ...wantedValues(values) };
  const [other] = Object.entries(others).find(([, value]) => value !== undefined) ?? [];
  if (other !== undefined)
    throw new UsageError(`--${other} is for a form that is asked for: --form has one already`);
}

function parse(args: readonly string[]) {
  return parseCommandLine({
    args: [...args],
    allowPositionals: true,
    options: {
      ...ISSUER_OPTIONS,
      times: { type: 'string' },
      delay: { type: 'string' },
      'tamper-key': { type: 'boolean' },
      json: { type: 'boolean' },
      parallel: { type: 'string' },
      record: { type: 'string' },
      form: { type: 'string' },
      ...WANTED_OPTIONS,
      sha256: { type: 'boolean' },
    },
  });
}

function parallelOf(text: string | undefined): number {
  if (text === undefined) return PARALLEL_DEFAULT;
  const count = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= PARALLEL_MAX) return count;
  throw new UsageError(
    `--parallel takes a whole number from 1 to ${PARALLEL_MAX}, not ${JSON.stringify(text)}`,
  );
}

function timesOf(text: string, fileCount: number): number {
  if (text !== '2' && text !== '3') throw new UsageError(`--times takes 2 or 3, not ${JSON.stringify(text)}`);
  if (fileCount !== 1 && fileCount !== Number(text)) {
    throw new UsageError(`--times ${text} takes 1 file or ${text} files, not ${fileCount}`);
  }
  return Number(text);
}

function delayOf(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= 86_400)) {
    throw new UsageError(`--delay takes a number of seconds from 0 to 86400, not ${JSON.stringify(text)}`);
  }
  return seconds;
}
