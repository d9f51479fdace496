import type { NewUploadOptions } from '@upload-once/client';
import type { CliIo } from '../cli-io.ts';
import { UsageError } from '../usage-error.ts';
import { assertNoApiKey, ISSUER_OPTIONS, issuerAccess } from './issuer-access.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { STATES_HELP } from './states-help.ts';
import { timeoutOf } from './time-option.ts';

export const UPLOAD_HELP = `Usage: upload-once upload FILE… [options]

Asks the issuer for a form for each FILE, and sends the FILE with it. A file is sent once. If S3's response
does not prove whether the file was stored, the command asks the issuer, and sends nothing again. The issuer
knows an upload by its form and size. It cannot distinguish another file of the same size that someone sent
with the same form. With --sha256 the form accepts no other content.
If the issuer asks to wait (Retry-After), the command waits, up to 300 s for one form.
Several FILEs are sent side by side. If only some of them were stored, do not repeat the whole command: it
would send the stored ones again. Give only the FILEs that the messages tell you to upload again; or use
--record, and repeat it.

  --url URL         the issuer, with its path prefix; default: $UPLOAD_ONCE_URL
  --key KEY         the API key; default: $UPLOAD_ONCE_API_KEY, which is better: other
                    users of this machine can see a command line, and shells keep it
  --timeout SECONDS how long sending one file can take in all (default 86400, a day; a
                    connection that stands still ends earlier), and how long the issuer
                    can take to respond (default 30, and at most 30)
  --parallel N      how many files are sent side by side (1 to 16, default 4)
  --record RECORD   keep the id of each FILE's upload in the file RECORD. After a stop, run the same command
                    again: it sends only the FILEs that were not stored, or have changed since. If it is
                    unknown whether one was stored, the command asks the issuer, and revokes its first
                    upload before it sends it again. RECORD has no secret. Use it for one command at a time
  --json            one JSON object for each file on standard output. Its "outcome" is "stored",
                    "unknown", or, if it was not stored or does not count, "refused" or "failed"
  --help            this text

What the upload must match:
  --method put      use a URL that S3 accepts once, for exactly this size, instead of a form
  --sha256          read the file first, and ask for a form that accepts only its SHA-256
  --content-type T  the content type, such as application/pdf
  --name NAME       the beginning of the upload's id
  --metadata N=V    metadata of the object; you can give it several times
  --expires SECONDS how long an upload can start with the form

To try out that a form works once:
  --times 2|3       use one form 2 or 3 times: for one FILE, sent again and again,
                    or for as many FILEs, sent one after the other
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
  readonly issuerUrl: string;
  readonly apiKey: string;
  /** Whether URL or key came from an option. */
  readonly byOption: boolean;
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
  /** What `POST /v1/uploads` is asked for; undefined: nothing is, and a plain form will do. */
  readonly wanted: WantedUpload | undefined;
}

export interface WantedUpload
  extends Pick<NewUploadOptions, 'name' | 'method' | 'contentType' | 'metadata' | 'expiresInSeconds'> {
  readonly sha256: boolean;
}

/** @throws UsageError */
export function readUploadOptions(args: readonly string[], env: CliIo['env']): UploadCommandOptions | 'help' {
  const { values, positionals: files } = parse(args);
  if (values.help) return 'help';
  if (files.length === 0) throw new UsageError('name at least one file to upload');
  const { issuerUrl, apiKey, byOption } = issuerAccess(values, env);
  assertNoApiKey(files, apiKey);
  const timeoutSeconds = timeoutOf(values.timeout);
  const wanted = wantedOf(values);
  if (values['tamper-key'] && wanted?.method === 'put')
    throw new UsageError('--tamper-key changes a form, not a PUT');
  if (values.times !== undefined && wanted?.sha256 && files.length > 1)
    throw new UsageError('--sha256 is of one file: with several, --times can’t be given too');
  if (values.times !== undefined && values.record !== undefined)
    throw new UsageError('--record is for files that each have a form: --times can’t be given too');
  const times = values.times === undefined ? undefined : timesOf(values.times, files.length);
  return {
    files: times !== undefined && files.length === 1 ? Array<string>(times).fill(files[0] ?? '') : files,
    issuerUrl,
    apiKey,
    byOption,
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
      method: { type: 'string' },
      sha256: { type: 'boolean' },
      'content-type': { type: 'string' },
      name: { type: 'string' },
      metadata: { type: 'string', multiple: true },
      expires: { type: 'string' },
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

interface WantedValues {
  readonly method?: string | undefined;
  readonly sha256?: boolean | undefined;
  readonly 'content-type'?: string | undefined;
  readonly name?: string | undefined;
  readonly metadata?: string[] | undefined;
  readonly expires?: string | undefined;
}

function wantedOf(values: WantedValues): WantedUpload | undefined {
  const { sha256 = false, name, metadata, expires } = values;
  const contentType = values['content-type'];
  const method = methodOf(values.method);
  const wanted = {
    method,
    name,
    contentType,
    metadata: metadataOf(metadata),
    expiresInSeconds: expiresOf(expires),
  };
  const isAnything = sha256 || Object.values(wanted).some((value) => value !== undefined);
  return isAnything ? { ...wanted, sha256 } : undefined;
}

function methodOf(text: string | undefined): 'post' | 'put' | undefined {
  if (text === undefined || text === 'post' || text === 'put') return text;
  throw new UsageError(`--method takes post or put, not ${JSON.stringify(text)}`);
}

function metadataOf(pairs: readonly string[] | undefined): Record<string, string> | undefined {
  if (pairs === undefined) return undefined;
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UsageError(`--metadata takes NAME=VALUE, not ${JSON.stringify(pair)}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function expiresOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new UsageError(`--expires takes a whole number of seconds from 1 up, not ${JSON.stringify(text)}`);
  }
  return Number(text);
}
