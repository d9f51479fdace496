import { parseArgs } from 'node:util';
import {
  type AccessStore,
  API_KEY_MAX_BYTES,
  type ApiKey,
  type ApiKeySettings,
  createApiKey,
  InvalidApiKeySettings,
  InvalidApiKeyValue,
  importApiKey,
  type KeyMaking,
  SecretAlreadyInUse,
} from '@upload-once/access';
import { ExitCode } from '../exit-code.ts';
import { UsageError } from '../usage-error.ts';

const DEFAULT_TABLE = 'access';
const DEFAULT_RATE_PER_SECOND = 10;
const DEFAULT_BURST = 20;

export const KEYS_HELP = `Usage:
  upload-once keys create --name NAME [--rate N] [--burst N] [--table TABLE]
  upload-once keys import --name NAME [--rate N] [--burst N] [--table TABLE] < FILE

create  makes an API key and prints it, once, on standard output; everything else goes to standard error.
        Nobody can print it again: the table has only its hash.
import  records a value that clients have already, of any form. It is read from standard input, never from the
        command line, so that it is in no shell history and no list of processes.

Options:
  --name NAME    whose key it is, for people: logs and lists show it
  --rate N       requests for each second in the long run, may be a fraction (default ${DEFAULT_RATE_PER_SECOND})
  --burst N      requests that may come at once, a whole number (default ${DEFAULT_BURST})
  --table TABLE  the table of keys (default: UPLOAD_ONCE_ACCESS_TABLE, or "${DEFAULT_TABLE}")
  --help         this text

AWS region, endpoint and credentials come from the environment, as for any AWS tool: AWS_REGION,
AWS_ENDPOINT_URL_DYNAMODB, AWS_PROFILE, …

Exit code: 0 done; 1 not done, or it is not known whether it was done; 2 wrong use, nothing was tried.
`;

interface TextSink {
  write(text: string): unknown;
}

/** What the command touches of the world around it. */
export interface KeysIo {
  readonly stdin: AsyncIterable<string | Uint8Array> & { readonly isTTY?: boolean };
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly now: () => Date;
  readonly createStore: (tableName: string) => AccessStore;
}

/**
 * `upload-once keys …`: makes and imports API keys.
 *
 * @param args what follows `keys` on the command line
 * @returns the exit code: 0 done, 1 failed, 2 wrong use. Never rejects; what went wrong stands on `io.stderr`.
 */
export async function keysCommand(args: readonly string[], io: KeysIo): Promise<number> {
  if (args.length === 0 || args.includes('--help') || args.includes('-h')) {
    (args.length === 0 ? io.stderr : io.stdout).write(KEYS_HELP);
    return args.length === 0 ? ExitCode.usage : ExitCode.done;
  }
  let table = DEFAULT_TABLE;
  try {
    const { action, settings, tableOption } = parse(args);
    table = tableOption ?? (io.env['UPLOAD_ONCE_ACCESS_TABLE']?.trim() || DEFAULT_TABLE);
    await action(settings, io, { store: io.createStore(table), randomBytes: io.randomBytes, now: io.now });
    return ExitCode.done;
  } catch (error) {
    return explain(error, table, io.stderr);
  }
}

type Action = (settings: ApiKeySettings, io: KeysIo, making: KeyMaking) => Promise<void>;

const ACTIONS: Readonly<Record<string, Action>> = {
  async create(settings, io, making) {
    const { value, key } = await createApiKey(settings, making);
    io.stderr.write(`Made ${description(key)}. It is shown this once:\n`);
    io.stdout.write(`${value}\n`);
  },

  async import(settings, io, making) {
    if (io.stdin.isTTY) io.stderr.write('Type or paste the key, then Enter and Ctrl-D:\n');
    const key = await importApiKey(await readKey(io.stdin), settings, making);
    io.stderr.write(`Imported ${description(key)}.\n`);
  },
};

function parse(args: readonly string[]): {
  action: Action;
  settings: ApiKeySettings;
  tableOption: string | undefined;
} {
  const [name = '', ...rest] = args;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!action)
    throw new UsageError(`"keys" is followed by "create" or "import", not by ${JSON.stringify(name)}`);
  const { values, positionals } = parseOptions(rest);
  if (positionals.length > 0) {
    // What stands here may be a key that someone meant to import: it is not repeated.
    throw new UsageError(
      name === 'import'
        ? 'the key to import comes from standard input, not from the command line; choose a new one if it was a real one'
        : `"keys create" takes options only, not ${JSON.stringify(positionals[0])}`,
    );
  }
  if (values.name === undefined) throw new UsageError('--name is missing: whose key is it?');
  if (values.table?.trim() === '')
    throw new UsageError('--table is blank: the name of the table was expected');
  return {
    action,
    settings: {
      name: values.name,
      ratePerSecond: numberOption('--rate', values.rate, DEFAULT_RATE_PER_SECOND),
      burst: numberOption('--burst', values.burst, DEFAULT_BURST),
    },
    tableOption: values.table,
  };
}

function parseOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        rate: { type: 'string' },
        burst: { type: 'string' },
        table: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function numberOption(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value))
    throw new UsageError(`${option}: a number was expected, not ${JSON.stringify(text)}`);
  return value;
}

/** Standard input to its end, without the line feed that an editor or `echo` adds; reading stops where no key goes on. */
async function readKey(stdin: AsyncIterable<string | Uint8Array>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const buffer = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk);
    chunks.push(buffer);
    bytes += buffer.length;
    if (bytes > API_KEY_MAX_BYTES + '\r\n'.length) break;
  }
  return Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, '');
}

function description(key: ApiKey): string {
  return `key ${key.keyId} (${JSON.stringify(key.name)}, ${key.ratePerSecond} requests per second, burst ${key.burst})`;
}

function explain(error: unknown, table: string, stderr: TextSink): number {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof UsageError || error instanceof InvalidApiKeySettings) {
    stderr.write(`upload-once keys: ${message}\nTry "upload-once keys --help".\n`);
    return ExitCode.usage;
  }
  if (error instanceof InvalidApiKeyValue || error instanceof SecretAlreadyInUse) {
    stderr.write(`upload-once keys: ${message}\n`);
  } else if (name === 'ResourceNotFoundException') {
    stderr.write(
      `upload-once keys: there is no table "${table}" in this region and account; --table names another\n`,
    );
  } else {
    stderr.write(`upload-once keys: the table "${table}" could not be used: ${message || name}\n`);
  }
  return ExitCode.failed;
}
