import { readFile } from 'node:fs/promises';
import { hideSecrets, hidesApiKey } from '@upload-once/text/hidden-secrets';
import type { CliIo, TextOutput } from './cli-io.ts';
import { ExitCode } from './exit-code.ts';
import { suggestion } from './nearest.ts';
import { OutputFailed } from './output-failed.ts';
import { UsageError } from './usage-error.ts';

const HELP = `Usage: upload-once COMMAND …

  upload FILE…   upload files, each with a form of its own that is good for one upload
  form           ask for a form, and print it to hand on
  link …         make, list, change and revoke links for people who have no API key
  status ID      show the state of an upload
  revoke ID      revoke an upload that has received no file

For operators:
  keys …         the API keys that may ask for forms: make, import, list, set limits, rotate, disable, delete
  redrive        show the messages in the dead-letter queues, and move them back
  audit          name the uploads that did not finish, and send their missing events again
  adopt          record files as uploads whose record is lost, or that were put back, on your word
  console        serve a page on this machine: uploads as they happen, queues, one upload, the audit

  upload-once COMMAND --help   explains one command
  upload-once --version        prints the version
`;

const COMMANDS = [
  'upload',
  'form',
  'link',
  'status',
  'revoke',
  'keys',
  'redrive',
  'audit',
  'adopt',
  'console',
];

/** The commands that have a help of their own. */
const OWN_HELP: readonly (string | undefined)[] = [
  'upload',
  'form',
  'link',
  'status',
  'revoke',
  'redrive',
  'audit',
  'adopt',
  'console',
];

/** A name without its middle would be copied as it stands. */
const HIDDEN_NOTE =
  'upload-once: [API key] stands for an API key, which is not shown. In a name or a command that you copy, write the key itself\n';

/**
 * Runs one command line.
 *
 * @param args what follows the program's name
 * @returns the exit code
 */
export async function run(args: readonly string[], harness: CliIo): Promise<number> {
  let isKeyHidden = false;
  const onHidden = () => {
    isKeyHidden = true;
  };
  const exitCode = await runCommand(args, harness, withHiddenSecrets(harness, args, onHidden));
  if (isKeyHidden) harness.stderr.write(HIDDEN_NOTE);
  return exitCode;
}

async function runCommand(args: readonly string[], harness: CliIo, io: CliIo): Promise<number> {
  const [command, ...rest] = args;
  try {
    switch (command) {
      case 'upload': {
        const { uploadCommand } = await import('./commands/upload.ts');
        return await uploadCommand(rest, io);
      }
      case 'form': {
        const { formCommand } = await import('./commands/form.ts');
        // What it prints is signed: hidden, it would be worth nothing.
        return await formCommand(rest, { ...io, stdout: harness.stdout });
      }
      case 'link': {
        const { linkCommand } = await import('./commands/link.ts');
        return await linkCommand(rest, io);
      }
      case 'status': {
        const { statusCommand } = await import('./commands/upload-by-id.ts');
        return await statusCommand(rest, io);
      }
      case 'revoke': {
        const { revokeCommand } = await import('./commands/upload-by-id.ts');
        return await revokeCommand(rest, io);
      }
      case 'keys': {
        // Loaded only here: this command brings the AWS SDK, which an upload does not need.
        const { keysCommand } = await import('./commands/keys.ts');
        return await keysCommand(rest, {
          ...io,
          stdout: harness.stdout,
          ...(await io.loadAccess()),
        });
      }
      case 'redrive': {
        const { redriveCommand } = await import('./commands/redrive.ts');
        return await redriveCommand(rest, io);
      }
      case 'audit': {
        const { auditCommand } = await import('./commands/audit.ts');
        return await auditCommand(rest, io);
      }
      case 'adopt': {
        const { adoptCommand } = await import('./commands/adopt.ts');
        return await adoptCommand(rest, io);
      }
      case 'console': {
        const { consoleCommand } = await import('./commands/console.ts');
        // The token in the address that it prints opens the console: hidden, it would be worth nothing.
        return await consoleCommand(rest, { ...io, stdout: harness.stdout });
      }
      case '--version':
        io.stdout.write(`${await version()}\n`);
        return ExitCode.done;
      case 'help':
      case '--help':
      case '-h':
        io.stdout.write(HELP);
        return ExitCode.done;
      case undefined:
        io.stderr.write(HELP);
        return ExitCode.usage;
      default:
        throw new UsageError(
          `there is no command ${JSON.stringify(command)}; there are: ${COMMANDS.join(', ')}${suggestion(command, [...COMMANDS, '--help', '--version'])}`,
        );
    }
  } catch (error) {
    if (error instanceof OutputFailed) {
      io.stderr.write(`upload-once: ${error.message}; what was done stays done\n`);
      return ExitCode.outputFailed;
    }
    if (!(error instanceof UsageError)) throw error;
    const help = OWN_HELP.includes(command) ? `upload-once ${command} --help` : 'upload-once --help';
    io.stderr.write(`upload-once: ${error.message}\nSee ${help}\n`);
    return ExitCode.usage;
  }
}

/** Only `keys` and `form` print a secret, to standard output. */
function withHiddenSecrets(io: CliIo, args: readonly string[], onHidden: () => void): CliIo {
  const secrets = apiKeysIn(args, io.env);
  const hiding = (output: TextOutput): TextOutput => ({
    write(text) {
      const shown = hideSecrets(text, secrets);
      if (hidesApiKey(shown)) onHidden();
      return output.write(shown);
    },
    get isTTY() {
      return output.isTTY ?? false;
    },
    get columns() {
      return output.columns ?? 80;
    },
    get rows() {
      return output.rows ?? 24;
    },
  });
  return { ...io, stdout: hiding(io.stdout), stderr: hiding(io.stderr) };
}

/** The API keys that a command line and the environment hold. */
function apiKeysIn(args: readonly string[], env: Readonly<Record<string, string | undefined>>): string[] {
  const given = args.flatMap((arg, at) => {
    if (arg === '--key') return args[at + 1] ?? [];
    return arg.startsWith('--key=') ? arg.slice('--key='.length) : [];
  });
  return [...given, env['UPLOAD_ONCE_API_KEY'] ?? ''].filter((key) => key !== '');
}

async function version(): Promise<string> {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return String(JSON.parse(manifest).version);
}
