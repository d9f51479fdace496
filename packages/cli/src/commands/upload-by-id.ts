import type { IssuerAccess } from '@upload-once/client';
import {
  getUpload,
  InvalidArgument,
  IssuerUnavailable,
  RequestRefused,
  revokeUpload,
  type UploadStatus,
} from '@upload-once/client';
import { printable } from '@upload-once/text/printable';
import type { CliIo } from '../cli-io.ts';
import { ExitCode } from '../exit-code.ts';
import { UsageError } from '../usage-error.ts';
import { STORED_STATES } from './ask-outcome.ts';
import { assertNoApiKey, ISSUER_OPTIONS, issuerAccess } from './issuer-access.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { openProxies } from './proxies.ts';
import { timeoutOf } from './time-option.ts';

const OPTIONS_HELP = `  --url URL          the issuer, with its path prefix; default: $UPLOAD_ONCE_URL
  --key KEY          the API key that asked for the upload; default: $UPLOAD_ONCE_API_KEY
  --timeout SECONDS  how long to wait for the issuer (default 30)
  --help             this text

The command uses HTTPS_PROXY, HTTP_PROXY and NO_PROXY.

Exit code: 0 done; 1 the issuer refused, or gave no usable answer: the message says what is known; 2 the
command line can't be carried out: nothing was done; 5 it was done, but standard output could not be written:
run it again, which does no harm; 130 interrupted: the message says what is known.
`;

const STATUS_HELP = `Usage: upload-once status ID [options]

Shows the state of an upload. ID is its id or its object key.

ISSUED: the issuer has not seen a file. A file may be stored all the same, because S3's event can be late or
lost. If you sent a file, keep it, and run "upload-once revoke ID" before you upload it again. You need not
wait. If revoke succeeds, the old upload never counts, even if S3 stored it: upload the file again.
If revoke says AlreadyClaimed, run status again. If it fails in any other way, run revoke again.
CLAIMED, ACCEPTED, PROCESSING, PROCESSED, FAILED: a file was stored with this form. If only you have the
form, it is your file: do not upload it again. If someone else may have the form, compare sizeBytes with the
size of your file, and eTag with its MD5 (md5sum). Both are equal: do not upload it again. The size differs:
upload your file again. Only the eTag differs: do not upload yet, and ask the people who process the upload,
because a bucket that encrypts with KMS always gives another eTag.
FAILED: tell the people who run the service. They can process the stored file again: do not upload it again.
REVOKED: no file counts that was sent with this form. Upload the file again, with a new form.
If status fails, nothing is known. Run it again, and do not upload the file before that.

  --json             one JSON object, as the API gives it
${OPTIONS_HELP}`;

const REVOKE_HELP = `Usage: upload-once revoke ID [options]

Revokes an upload. ID is its id or its object key. After that, no file counts that is or was sent with its
form. This includes a file that S3 has stored and the issuer has not seen. So keep your file: after revoke
succeeds, upload it again. It gets a new form.
Once the issuer has seen a file, revoke changes nothing and fails with AlreadyClaimed: run "upload-once
status ID". "upload-once status --help" says how to find out whether the stored file is yours. If it is, do
not upload it again. If it is another one, upload yours again.
If revoke fails in any other way, run revoke again, and do not upload the file yet. To revoke twice is no error.

${OPTIONS_HELP}`;

const REVOKE_AGAIN = 'Do not upload the file yet. Run revoke again: to revoke twice is no error';
/** What to do where a file was stored: which of them, is for the reader to find out. */
const COMPARE =
  'If only you have the form, it is your file: do not upload it again. If someone else may have the form, run status. Compare its sizeBytes with the size of your file, and its eTag with the MD5 of your file (md5sum). Both are equal: do not upload it again. The size differs: upload your file again. Only the eTag differs: do not upload yet, and ask the people who process the upload, because a bucket that encrypts with KMS always gives another eTag';

/** `upload-once status ID`. @returns the exit code: 0, or 1 when the issuer refused or did not respond @throws UsageError */
export async function statusCommand(args: readonly string[], io: CliIo): Promise<number> {
  return byId(args, io, STATUS_HELP, {
    async act(access, id, json) {
      const status = await getUpload(access, id);
      io.stdout.write(json ? `${JSON.stringify(status)}\n` : linesOf(status));
      return ExitCode.done;
    },
    onInterrupt: (id) => `nothing is known of ${id}`,
    onUnavailable: (id) => `Nothing is known of ${id}: run status again. Do not upload the file before that`,
  });
}

/** `upload-once revoke ID`. @returns the exit code, as `statusCommand` @throws UsageError */
export async function revokeCommand(args: readonly string[], io: CliIo): Promise<number> {
  return byId(args, io, REVOKE_HELP, {
    async act(access, id, _json, given) {
      await revokeUpload(access, id);
      const doubt = await doubtOfRevoked(access, id);
      if (doubt === undefined)
        io.stdout.write(
          `${printable(given)} is revoked. A file that was sent with this form never counts, even if S3 stored it. Keep your file, and upload it again: it gets a new form\n`,
        );
      else io.stderr.write(`upload-once: ${printable(doubt)}\n`);
      return doubt === undefined ? ExitCode.done : ExitCode.failed;
    },
    onInterrupt: (id) => `it is not known whether ${id} was revoked. ${REVOKE_AGAIN}`,
    onUnavailable: (id) => `Nothing shows whether ${id} was revoked. ${REVOKE_AGAIN}`,
    onRefused: (id, { issuerCode }) =>
      issuerCode === 'AlreadyClaimed'
        ? `${id} is not revoked: a file was stored with this form before. ${COMPARE}`
        : undefined,
  });
}

/**
 * A 204 has no body, so that any service can have sent it; the upload's state is the issuer's own word.
 * @returns why it does not say REVOKED; undefined: it does
 */
async function doubtOfRevoked(access: IssuerAccess, id: string): Promise<string | undefined> {
  try {
    const { id: told, state } = await getUpload(access, id);
    if (told === id && state === 'REVOKED') return undefined;
    if (told === id && STORED_STATES.includes(state))
      return `${id} is not revoked: its state is ${state}. A file was stored with this form. ${COMPARE}`;
    return `the response said that ${id} is revoked, but the issuer has the id ${JSON.stringify(told)} with the state ${JSON.stringify(state)}: it is not known whether it was revoked. Check the URL. ${REVOKE_AGAIN}`;
  } catch (error) {
    if (!(error instanceof RequestRefused || error instanceof IssuerUnavailable)) throw error;
    return `the response said that ${id} is revoked, but its state could not be read (${error.message}): it is not known whether it was revoked. ${REVOKE_AGAIN}`;
  }
}

async function byId(
  args: readonly string[],
  io: CliIo,
  help: string,
  command: {
    readonly act: (access: IssuerAccess, id: string, json: boolean, given: string) => Promise<ExitCode>;
    /** What is known of the upload then. */
    readonly onInterrupt: (id: string) => string;
    /** What to do when no usable response came. */
    readonly onUnavailable: (id: string) => string;
    /** What a refusal means for the file, where it means more than its own words. */
    readonly onRefused?: (id: string, refusal: RequestRefused) => string | undefined;
  },
): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    io.stdout.write(help);
    return ExitCode.done;
  }
  const [given, ...others] = positionals;
  if (given === undefined || others.length > 0) throw new UsageError('name one upload, by its id');
  const { issuerUrl, apiKey } = issuerAccess(values, io.env);
  assertNoApiKey(positionals, apiKey);
  const timeoutSeconds = timeoutOf(values.timeout);
  const { fetch } = openProxies(io.env);
  const signal = io.interruptSignal();
  const retries = { sleep: (seconds: number) => io.sleep(seconds, signal) };
  const access = { issuerUrl, apiKey, timeoutSeconds, fetch, signal, retries };
  const id = given.replace(/^uploads\//, '');
  try {
    return await command.act(access, id, values.json ?? false, given);
  } catch (error) {
    if (access.signal.aborted) {
      io.stderr.write(`upload-once: interrupted: ${printable(command.onInterrupt(given))}\n`);
      return ExitCode.interrupted;
    }
    if (error instanceof InvalidArgument) throw new UsageError(error.message, { cause: error });
    if (!(error instanceof RequestRefused || error instanceof IssuerUnavailable)) throw error;
    const meaning = error instanceof RequestRefused ? command.onRefused?.(given, error) : undefined;
    const text =
      error instanceof IssuerUnavailable
        ? `${error.message}. ${command.onUnavailable(given)}`
        : meaning === undefined
          ? error.message
          : `${meaning} (${error.message})`;
    io.stderr.write(`upload-once: ${printable(text)}\n`);
    return ExitCode.failed;
  }
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
    },
  });
}
