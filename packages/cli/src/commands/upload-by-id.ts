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

HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured.
`;

const STATUS_HELP = `Usage: upload-once status ID [options]

Tells what became of an upload, by its id or its object key.

ISSUED: nothing has been seen yet. If you sent the file, that proves nothing: S3's event can be late or lost.
Before you upload the file again, run "upload-once revoke ID", at once: there is no need to wait.
If it succeeds, you can upload the file again: at most the new upload is accepted. If it says
AlreadyClaimed, the file has come: do not send it again. If it fails in any other way, run it again.
CLAIMED, ACCEPTED, PROCESSING, PROCESSED, FAILED: the file was stored; do not send it again.
REVOKED: nothing that arrives is accepted; you can upload the file again, with a new form.

  --json             one JSON object, as the API gives it
${OPTIONS_HELP}`;

const REVOKE_HELP = `Usage: upload-once revoke ID [options]

Revokes an upload by its id or its object key: nothing that arrives from now on is accepted.
When it succeeds, you can upload the file again, with a new form. Once the file has come, revoke fails with
AlreadyClaimed: the file was stored, do not send it again. If revoke fails in any other way, run revoke again:
to revoke twice is no error.

${OPTIONS_HELP}`;

/** `upload-once status ID`. @returns the exit code: 0, or 1 when the issuer refused or did not answer @throws UsageError */
export async function statusCommand(args: readonly string[], io: CliIo): Promise<number> {
  return byId(args, io, STATUS_HELP, {
    async act(access, id, json) {
      const status = await getUpload(access, id);
      io.stdout.write(json ? `${JSON.stringify(status)}\n` : linesOf(status));
      return ExitCode.done;
    },
    onInterrupt: (id) => `nothing is known of ${id}`,
    onUnavailable: (id) => `Nothing is known of ${id}: run status again`,
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
          `${printable(given)} is revoked. You can upload the file again: it gets a new form\n`,
        );
      else io.stderr.write(`upload-once: ${printable(doubt)}\n`);
      return doubt === undefined ? ExitCode.done : ExitCode.failed;
    },
    onInterrupt: (id) =>
      `it is not known whether ${id} was revoked. Run revoke again: to revoke twice is no error`,
    onUnavailable: (id) =>
      `Nothing shows whether ${id} was revoked. Run revoke again: to revoke twice is no error`,
    onRefused: (id, { issuerCode }) =>
      issuerCode === 'AlreadyClaimed'
        ? `${id} is not revoked: the file was stored before. Do not upload the file again`
        : undefined,
  });
}

/**
 * A 204 has no body, so that any service can have sent it; the upload's state is the issuer's own word.
 * @returns why it does not say REVOKED; undefined: it does
 */
async function doubtOfRevoked(access: IssuerAccess, id: string): Promise<string | undefined> {
  const again = 'Run revoke again: to revoke twice is no error';
  try {
    const { id: told, state } = await getUpload(access, id);
    if (told === id && state === 'REVOKED') return undefined;
    if (told === id && STORED_STATES.includes(state))
      return `${id} is not revoked: its state is ${state}. The file was stored. Do not upload it again`;
    return `the answer said that ${id} is revoked, and the issuer has the id ${JSON.stringify(told)} with the state ${JSON.stringify(state)}: it is not known whether it was revoked. Check the URL. ${again}`;
  } catch (error) {
    if (!(error instanceof RequestRefused || error instanceof IssuerUnavailable)) throw error;
    return `the answer said that ${id} is revoked, and its state could not be read (${error.message}): it is not known whether it was revoked. ${again}`;
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
    /** What to do when no usable answer came. */
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
  const access = { issuerUrl, apiKey, timeoutSeconds, fetch, signal: io.interruptSignal() };
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
