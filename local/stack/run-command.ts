import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

const SHOWN_LINES = 25;

export interface CommandOptions {
  /** All that the command knows of the environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly workingDirectory: string;
  /** What it prints is added here, standard output and standard error together. */
  readonly logFile: string;
}

/** A command that did not end with exit code 0; the message ends with the last lines that it printed. */
export class CommandFailed extends Error {
  readonly code = 'CommandFailed';
  override readonly name = 'CommandFailed';
}

/**
 * Runs a command to its end and resolves with its standard output. It ends with this process, if that ends before.
 * @throws CommandFailed when it can't be started, is ended by a signal, or fails
 */
export async function runCommand(command: readonly string[], options: CommandOptions): Promise<string> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    env: options.env,
    cwd: options.workingDirectory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const endWithUs = () => child.kill();
  process.once('exit', endWithUs);
  const ended: Promise<unknown[]> = once(child, 'close');
  const [stdout, stderr, how] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended.then(
      ([code, signal]) => (code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`),
      (error: Error) => `can't be started: ${error.message}`,
    ),
  ]);
  process.off('exit', endWithUs);
  await appendFile(options.logFile, `$ ${command.join(' ')}\n${stdout}${stderr}\n`);
  if (how !== undefined) {
    const lines = `${stdout}${stderr}`.trimEnd().split('\n').slice(-SHOWN_LINES);
    throw new CommandFailed(`${command.join(' ')} ${how}; its last lines:\n${lines.join('\n')}`);
  }
  return stdout;
}
