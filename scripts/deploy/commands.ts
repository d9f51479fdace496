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

export function createCommands(folder: string, env: NodeJS.ProcessEnv): Commands {
  async function run(command: readonly string[], options: { isShown: boolean; input?: string }) {
    const [program = '', ...args] = command;
    const output = options.isShown ? 'inherit' : 'pipe';
    const child = spawn(program, args, { cwd: folder, env, stdio: ['pipe', output, output] });
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
    }
  }

  async function must(command: readonly string[], options: { isShown: boolean; input?: string }) {
    const { exitCode, stdout, stderr } = await run(command, options);
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
