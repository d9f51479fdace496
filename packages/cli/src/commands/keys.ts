import {
  ApiKeySettingsChanged,
  InvalidApiKeySettings,
  InvalidApiKeyValue,
  NoRotationUnderWay,
  RotationUnderWay,
  SecretAlreadyInUse,
  SecretsChanged,
  UnknownApiKey,
} from '@upload-once/access';
import { ExitCode } from '../exit-code.ts';
import { suggestion } from '../nearest.ts';
import { OutputFailed } from '../output-failed.ts';
import { UsageError } from '../usage-error.ts';
import { prepareCreate } from './keys/create.ts';
import { prepareDelete } from './keys/delete.ts';
import { prepareEnable } from './keys/enable.ts';
import { KEYS_HELP } from './keys/help.ts';
import { prepareImport } from './keys/import.ts';
import type { KeysIo, PrepareAction, PreparedAction } from './keys/keys-io.ts';
import { prepareList } from './keys/list.ts';
import { prepareRotate, RotationNotEnded } from './keys/rotate.ts';
import { prepareSet } from './keys/set.ts';

const DEFAULT_TABLE = 'access';

const ACTIONS: Readonly<Record<string, PrepareAction>> = {
  create: prepareCreate,
  import: prepareImport,
  list: prepareList,
  set: prepareSet,
  rotate: prepareRotate,
  disable: prepareEnable(false),
  enable: prepareEnable(true),
  delete: prepareDelete,
};

/**
 * `upload-once keys …`: makes, shows, changes and removes API keys.
 *
 * @param args what follows `keys` on the command line
 * @returns the exit code: 0 done, 1 failed, 2 wrong use, 5 done but not written, 130 interrupted. Never rejects; what went wrong stands on `io.stderr`.
 */
export async function keysCommand(args: readonly string[], io: KeysIo): Promise<number> {
  let table = DEFAULT_TABLE;
  let truth = 'Nothing was done.';
  const interrupt = io.interruptSignal();
  try {
    if (args.length === 0 || args.includes('--help') || args.includes('-h')) {
      (args.length === 0 ? io.stderr : io.stdout).write(KEYS_HELP);
      return args.length === 0 ? ExitCode.usage : ExitCode.done;
    }
    const action = prepare(args, io);
    table = action.table ?? (io.env['UPLOAD_ONCE_ACCESS_TABLE']?.trim() || DEFAULT_TABLE);
    const making = { store: io.createStore(table), randomBytes: io.randomBytes, now: io.now };
    const tell = (text: string) => {
      truth = text;
    };
    await unlessAborted(action.run(making, tell), interrupt);
    return ExitCode.done;
  } catch (error) {
    if (interrupt.aborted) {
      io.stderr.write(`upload-once keys: interrupted. ${truth}\n`);
      return ExitCode.interrupted;
    }
    return explain(error, table, truth, io);
  }
}

/** What is under way goes on unseen: the process ends soon. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    work.catch(() => undefined);
  }
}

function prepare([name = '', ...rest]: readonly string[], io: KeysIo): PreparedAction {
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action) return action(rest, io);
  const known = Object.keys(ACTIONS).map((action) => JSON.stringify(action));
  throw new UsageError(
    `"keys" is followed by ${known.slice(0, -1).join(', ')} or ${known.at(-1)}, not by ${JSON.stringify(name)}${suggestion(name, [...Object.keys(ACTIONS), '--help'])}`,
  );
}

/** What says all in its own words: nothing is wrong with the table. */
const IN_THEIR_OWN_WORDS = [
  InvalidApiKeyValue,
  SecretAlreadyInUse,
  SecretsChanged,
  UnknownApiKey,
  ApiKeySettingsChanged,
  RotationUnderWay,
  NoRotationUnderWay,
  RotationNotEnded,
];

function explain(error: unknown, table: string, truth: string, { stderr }: KeysIo): number {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof UsageError || error instanceof InvalidApiKeySettings) {
    stderr.write(`upload-once keys: ${message}\nTry "upload-once keys --help".\n`);
    return ExitCode.usage;
  }
  if (error instanceof OutputFailed) {
    stderr.write(`upload-once keys: ${message}\n`);
    return ExitCode.outputFailed;
  }
  if (IN_THEIR_OWN_WORDS.some((kind) => error instanceof kind)) {
    stderr.write(`upload-once keys: ${message}\n`);
  } else if (name === 'ResourceNotFoundException') {
    stderr.write(
      `upload-once keys: there is no table "${table}" in this region and account; --table names another\n`,
    );
  } else {
    stderr.write(`upload-once keys: the table "${table}" could not be used: ${message || name}. ${truth}\n`);
  }
  return ExitCode.failed;
}
