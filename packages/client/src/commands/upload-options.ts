import { parseArgs } from 'node:util';
import type { CliIo } from '../cli-io.ts';
import { UsageError } from '../usage-error.ts';

export const UPLOAD_HELP = `Usage: upload-once upload FILE… [options]

Asks the issuer for a form and uploads a FILE with it; several FILEs get one form each.
A file is sent once: if a connection breaks half-way, it says so and does not send again.

  --url URL         the issuer, with its path prefix; default: $UPLOAD_ONCE_URL
  --key KEY         the API key; default: $UPLOAD_ONCE_API_KEY, which is better: other
                    users of this machine can see a command line, and shells keep it
  --json            one JSON object a file on standard output
  --help            this text

To see what a form that is good for one upload does:
  --times 2|3       use one form 2 or 3 times: for one FILE, sent again and again,
                    or for as many FILEs, sent one after the other
  --delay SECONDS   wait between receiving the form and sending (0 to 86400)
  --tamper-key      change the form's key field after it was signed

Results go to standard output, one line a file; refusals and faults to standard error.
A progress bar is shown where standard error is a terminal.

Exit code:
  0    everything was stored
  1    something was refused or failed
  2    the command line can't be carried out
  3    it is unknown whether something was stored
  130  interrupted
`;

export interface UploadCommandOptions {
  readonly files: readonly string[];
  readonly issuerUrl: string;
  readonly apiKey: string;
  /** How many times one form is used; undefined: a form for each file. */
  readonly times: number | undefined;
  readonly delaySeconds: number;
  readonly tamperKey: boolean;
  readonly json: boolean;
}

/** @throws UsageError */
export function readUploadOptions(args: readonly string[], env: CliIo['env']): UploadCommandOptions | 'help' {
  const { values, positionals: files } = parse(args);
  if (values.help) return 'help';
  if (files.length === 0) throw new UsageError('name at least one file to upload');
  const issuerUrl = values.url ?? env['UPLOAD_ONCE_URL'];
  if (!issuerUrl) throw new UsageError("the issuer's URL is missing: set UPLOAD_ONCE_URL or give --url");
  const apiKey = values.key ?? env['UPLOAD_ONCE_API_KEY'];
  if (!apiKey) throw new UsageError('the API key is missing: set UPLOAD_ONCE_API_KEY or give --key');
  const times = values.times === undefined ? undefined : timesOf(values.times, files.length);
  return {
    files: times !== undefined && files.length === 1 ? Array<string>(times).fill(files[0] ?? '') : files,
    issuerUrl,
    apiKey,
    times,
    delaySeconds: values.delay === undefined ? 0 : delayOf(values.delay),
    tamperKey: values['tamper-key'] ?? false,
    json: values.json ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: { type: 'string' },
        key: { type: 'string' },
        times: { type: 'string' },
        delay: { type: 'string' },
        'tamper-key': { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
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
