import { systemClock } from '@upload-once/clock';
import { inPlainWords, PortTaken, type RunningConsole, startConsole } from '@upload-once/console';
import { printable } from '@upload-once/text/printable';
import type { CliIo } from '../cli-io.ts';
import { openSources } from '../console/open-sources.ts';
import { ExitCode } from '../exit-code.ts';
import { CONSOLE_HELP, type ConsoleCommandOptions, readConsoleOptions } from './console-options.ts';

const TOKEN_BYTES = 32;

/**
 * `upload-once console`: serves a page on 127.0.0.1 until Ctrl-C.
 *
 * @returns the exit code that the help documents
 * @throws UsageError, OutputFailed if the address could not be printed: it is not served then
 */
export async function consoleCommand(args: readonly string[], io: CliIo): Promise<number> {
  const options = readConsoleOptions(args, io.env);
  if (options === 'help') {
    io.stdout.write(CONSOLE_HELP);
    return ExitCode.done;
  }
  const newId = () => Buffer.from(io.randomBytes(TOKEN_BYTES)).toString('base64url');
  const token = options.token ?? newId();
  let running: RunningConsole;
  try {
    running = await start(options, token, newId, io);
  } catch (error) {
    const why = error instanceof PortTaken ? error.message : inPlainWords(error);
    io.stderr.write(`upload-once console: not started: ${printable(why)}\n`);
    return ExitCode.failed;
  }
  try {
    io.stdout.write(openingWords(running, token, options));
    await ended(io.interruptSignal());
  } finally {
    await running.stop((words) => void io.stderr.write(`upload-once console: ${printable(words)}\n`));
  }
  return ExitCode.done;
}

async function start(
  options: ConsoleCommandOptions,
  token: string,
  newId: () => string,
  io: CliIo,
): Promise<RunningConsole> {
  const [open, reach] = await Promise.all([io.loadOperations(), io.loadConsoleReach()]);
  const { randomBytes } = io;
  const operations = open({ ...options, bucket: options.bucket ?? '' });
  const sources = openSources(options, { operations, reach, clock: systemClock, randomBytes, newId });
  const { isWritable, port } = options;
  return startConsole({ sources, isWritable, token, port, clock: systemClock, newId });
}

function openingWords(
  { origin }: RunningConsole,
  token: string,
  { token: givenToken, isWritable }: ConsoleCommandOptions,
): string {
  if (givenToken !== undefined) return `The console listens on ${origin}/\n`;
  const writes = isWritable ? 'It can change things (--write).' : 'It changes nothing.';
  return `The console is ready. Open this address, and keep it to yourself:\n  ${origin}/#token=${token}\n${writes} Ctrl-C ends it.\n`;
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
