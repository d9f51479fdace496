import type { IssuerAccess } from '@upload-once/client';
import {
  FileChanged,
  FileUnusable,
  getUpload,
  InvalidArgument,
  IssuerUnavailable,
  RequestRefused,
  revokeUpload,
  type UploadStatus,
} from '@upload-once/client';
import { printable } from '@upload-once/text/printable';
import { uploadIdIn } from '@upload-once/text/upload-id';
import type { CliIo } from '../cli-io.ts';
import { ExitCode } from '../exit-code.ts';
import { inShell } from '../in-shell.ts';
import { UsageError } from '../usage-error.ts';
import { STORED_STATES } from './ask-outcome.ts';
import { assertNoApiKey, ISSUER_OPTIONS, issuerAccess, sameAccessWords } from './issuer-access.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { openProxies } from './proxies.ts';
import { STATES_HELP } from './states-help.ts';
import { askAgain, compareFile, statusAdvice } from './status-advice.ts';
import { timeoutOf } from './time-option.ts';
import { statusOf, watchToEnd } from './upload-status.ts';

const OPTIONS_HELP = `  --url URL          the issuer, with its path prefix; default: $UPLOAD_ONCE_URL
  --key KEY          the API key that asked for the upload; default: $UPLOAD_ONCE_API_KEY
  --timeout SECONDS  how long to wait for the issuer (default 30)
  --help             this text

The command uses HTTPS_PROXY, HTTP_PROXY and NO_PROXY.

Exit code: 0 done; 1 the issuer refused, or sent no usable response: the message says what is known; 2 the
command line can't be carried out: nothing was done; 5 it was done, but standard output could not be written:
run it again, which does no harm; 130 interrupted: the message says what is known.
`;

const STATUS_HELP = `Usage: upload-once status ID [options]

Shows the state of an upload, and says what to do next. ID is its id or its object key.

${STATES_HELP}
Options:
  --watch            wait until the state is PROCESSED, FAILED or REVOKED, and show each state before it. Exit code
                     1 if it is not PROCESSED. It waits as long as no file comes: press Ctrl-C to end it
  --file FILE        compare FILE with the file that was received
  --json             one JSON object, as the API gives it. With --file it also has isThisFile: true, false, or
                     null if it is not known
${OPTIONS_HELP}`;

const REVOKE_HELP = `Usage: upload-once revoke ID [options]

Revokes an upload. ID is its id or its object key. After that, no file counts that is or was sent with its
form. This includes a file that S3 has stored and the issuer has not received. So keep your file, and run
"upload-once status ID" first. Revoke only if it says ISSUED.
Once the issuer has received a file, revoke changes nothing and fails with AlreadyClaimed.
To revoke twice is no error.

${STATES_HELP}
Options:
${OPTIONS_HELP}`;

/** `upload-once status ID`. @returns the exit code: 0, or 1 when the issuer refused or did not respond @throws UsageError */
export async function statusCommand(args: readonly string[], io: CliIo): Promise<number> {
  return byId(args, io, STATUS_HELP, {
    async act(access, id, { json, watch, given, file, sameAccess }) {
      const status = watch ? await watchToEnd(access, id, json, io) : await statusOf(access, id);
      const compared = file === undefined ? undefined : await compareFile(file, status, access.signal);
      if (json) {
        const more = file === undefined ? {} : { isThisFile: compared?.isSame ?? null };
        io.stdout.write(`${JSON.stringify({ ...status, ...more })}\n`);
      } else {
        io.stdout.write(linesOf(status));
        io.stderr.write(statusAdvice(given, status, compared, sameAccess));
      }
      return watch && status.state !== 'PROCESSED' ? ExitCode.failed : ExitCode.done;
    },
    onUnknown: (id) => `Nothing is known of ${id}. ${askAgain('status', id)}`,
  });
}

/** `upload-once revoke ID`. @returns the exit code, as `statusCommand` @throws UsageError */
export async function revokeCommand(args: readonly string[], io: CliIo): Promise<number> {
  return byId(args, io, REVOKE_HELP, {
    async act(access, id, { given, file, watch, sameAccess }) {
      if (file !== undefined) throw new UsageError('--file is for status');
      if (watch) throw new UsageError('--watch is for status');
      await revokeUpload(access, id);
      const doubt = await doubtOfRevoked(access, id, sameAccess);
      if (doubt === undefined)
        io.stdout.write(
          `${printable(given)} is revoked. No file that was sent with this form counts, even if S3 stored it. Keep your file, and upload it again: it gets a new form\n`,
        );
      else io.stderr.write(`upload-once: ${doubt}\n`);
      return doubt === undefined ? ExitCode.done : ExitCode.failed;
    },
    onUnknown: revokeAgain,
    onRefused: (id, { issuerCode, message }, sameAccess) =>
      issuerCode === 'AlreadyClaimed'
        ? `${printable(`${id} is not revoked: a file was received with this form before (${message})`)}. ${seeWhose(id, sameAccess)}`
        : undefined,
  });
}

function revokeAgain(id: string): string {
  return `It is not known whether ${id} was revoked. ${askAgain('revoke', id)}. To revoke twice is no error`;
}

function seeWhose(id: string, sameAccess: string): string {
  return `Nothing was changed. Do not upload your file before you know whether the received file is yours. To compare them${sameAccess}:\n  upload-once status ${printable(inShell(id))} --file FILE`;
}

/**
 * A 204 has no body, so that any service can have sent it; the upload's state is the issuer's own word.
 * @returns why it does not say REVOKED, in printable lines; undefined: it does
 */
async function doubtOfRevoked(
  access: IssuerAccess,
  id: string,
  sameAccess: string,
): Promise<string | undefined> {
  try {
    const { id: respondedId, state } = await getUpload(access, id);
    if (respondedId === id && state === 'REVOKED') return undefined;
    if (respondedId === id && STORED_STATES.includes(state))
      return `${printable(`${id} is not revoked: its state is ${state}. A file was received with this form`)}. ${seeWhose(id, sameAccess)}`;
    return printable(
      `the response said that ${id} is revoked, but the issuer has the id ${JSON.stringify(respondedId)} with the state ${JSON.stringify(state)}. Check the URL of the issuer. ${revokeAgain(id)}`,
    );
  } catch (error) {
    if (!(error instanceof RequestRefused || error instanceof IssuerUnavailable)) throw error;
    return printable(
      `the response said that ${id} is revoked, but its state could not be read (${error.message}). ${revokeAgain(id)}`,
    );
  }
}

async function byId(
  args: readonly string[],
  io: CliIo,
  help: string,
  command: {
    readonly act: (
      access: IssuerAccess & { readonly signal: AbortSignal },
      id: string,
      asked: {
        readonly json: boolean;
        /** The id as it was given. */
        readonly given: string;
        readonly file: string | undefined;
        readonly watch: boolean;
        readonly sameAccess: string;
      },
    ) => Promise<ExitCode>;
    /** What is known of the upload, and what to do, when no usable response came, or none was waited for. */
    readonly onUnknown: (id: string) => string;
    /** What a refusal means for the file, in printable lines, where it means more than its own words. */
    readonly onRefused?: (id: string, refusal: RequestRefused, sameAccess: string) => string | undefined;
  },
): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    io.stdout.write(help);
    return ExitCode.done;
  }
  const [given, ...others] = positionals;
  if (given === undefined || others.length > 0) throw new UsageError('name one upload, by its id');
  const { issuerUrl, apiKey, byOption } = issuerAccess(values, io.env);
  const sameAccess = sameAccessWords(byOption);
  assertNoApiKey(positionals, apiKey);
  const timeoutSeconds = timeoutOf(values.timeout);
  const { fetch } = openProxies(io.env);
  const signal = io.interruptSignal();
  const retries = { sleep: (seconds: number) => io.sleep(seconds, signal) };
  const access = { issuerUrl, apiKey, timeoutSeconds, fetch, signal, retries };
  const id = uploadIdIn(given);
  try {
    return await command.act(access, id, {
      json: values.json ?? false,
      given,
      file: values.file,
      watch: values.watch ?? false,
      sameAccess,
    });
  } catch (error) {
    if (access.signal.aborted) {
      io.stderr.write(`upload-once: interrupted. ${printable(command.onUnknown(given))}\n`);
      return ExitCode.interrupted;
    }
    if (error instanceof InvalidArgument) throw new UsageError(error.message, { cause: error });
    if (error instanceof FileUnusable || error instanceof FileChanged) {
      io.stderr.write(`upload-once: ${printable(error.message)}. Nothing was compared\n`);
      return ExitCode.failed;
    }
    if (!(error instanceof RequestRefused || error instanceof IssuerUnavailable)) throw error;
    const refused = error instanceof RequestRefused ? error : undefined;
    const text =
      (refused && command.onRefused?.(given, refused, sameAccess)) ??
      printable(`${error.message}. ${hintFor(refused)}${command.onUnknown(given)}`);
    io.stderr.write(`upload-once: ${text}\n`);
    return ExitCode.failed;
  }
}

/** Only the API key that asked for an upload sees it. */
function hintFor(refused: RequestRefused | undefined): string {
  if (refused?.status === 404)
    return 'Check the id, the URL of the issuer and the API key: only the API key that asked for the upload sees it. ';
  return refused?.status === 403 ? 'Use the API key that asked for the upload. ' : '';
}

/** One line a fact, in the API's order. */
function linesOf(status: UploadStatus): string {
  const { metadata, ...facts } = status;
  const named = Object.entries(metadata).map(([name, value]) => [`metadata ${name}`, value] as const);
  const lines = [...Object.entries(facts), ...named];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines
    .map(
      ([name, value]) =>
        `${printable(`${name.padEnd(width)}  ${typeof value === 'object' ? JSON.stringify(value) : value}`)}\n`,
    )
    .join('');
}

function parse(args: readonly string[]) {
  return parseCommandLine({
    args: [...args],
    allowPositionals: true,
    options: {
      ...ISSUER_OPTIONS,
      json: { type: 'boolean' },
      file: { type: 'string' },
      watch: { type: 'boolean' },
    },
  });
}
