import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { DeployError } from './deploy-error.ts';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Commands {
  /** Runs a command quietly, whatever it ends with. */
  tryOut(program: string, ...args: string[]): Promise<CommandResult>;
  /** Runs a command quietly. @throws DeployError with what it complained of, when it fails */
  read(program: string, ...args: string[]): Promise<string>;
  /** Runs a command that prints to the terminal. @throws DeployError when it fails */
  show(program: string, ...args: string[]): Promise<void>;
  /** As `read`, with something on standard input. */
  feed(input: string, program: string, ...args: string[]): Promise<string>;
}

export interface Stopping {
  /** Interrupts what runs, as Ctrl-C would, and keeps anything more from being started. Its reason is an Error. */
  readonly signal?: AbortSignal;
}

/**
 * @param stopping what runs has a process group of its own then, which Ctrl-C at the terminal does not reach: the caller decides what ends
 */
export function createCommands(folder: string, env: NodeJS.ProcessEnv, stopping?: Stopping): Commands {
  async function run(command: readonly string[], options: { isShown: boolean; input?: string }) {
    stopping?.signal?.throwIfAborted();
    const [program = '', ...args] = command;
    const output = options.isShown ? 'inherit' : 'pipe';
    const child = spawn(program, args, {
      cwd: folder,
      env,
      stdio: ['pipe', output, output],
      detached: stopping !== undefined,
    });
    const interrupt = () => child.pid !== undefined && interruptGroup(child.pid);
    stopping?.signal?.addEventListener('abort', interrupt);
    const ended: Promise<unknown[]> = once(child, 'close');
    // A program that reads nothing may have ended already.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
    try {
      const [stdout, stderr, [code]] = await Promise.all([
        child.stdout ? text(child.stdout) : '',
        child.stderr ? text(child.stderr) : '',
        ended,
      ]);
      return { exitCode: typeof code === 'number' ? code : 1, stdout, stderr };
    } catch (error) {
      return { exitCode: 127, stdout: '', stderr: (error as Error).message };
    } finally {
      stopping?.signal?.removeEventListener('abort', interrupt);
    }
  }

  async function must(command: readonly string[], options: { isShown: boolean; input?: string }) {
    const { exitCode, stdout, stderr } = await run(command, options);
    stopping?.signal?.throwIfAborted();
    if (exitCode === 0) return stdout;
    throw new DeployError(
      `${command.slice(0, 3).join(' ')} failed: ${stderr.trim() || `exit code ${exitCode}`}`,
    );
  }

  return {
    tryOut: (...command) => run(command, { isShown: false }),
    read: (...command) => must(command, { isShown: false }),
    show: async (...command) => void (await must(command, { isShown: true })),
    feed: (input, ...command) => must(command, { isShown: false, input }),
  };
}

export function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}

function interruptGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGINT');
  } catch {
    // It has ended by itself.
  }
}
