import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../../..', import.meta.url));

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in the repository to its end, whatever that is. */
export async function run(
  command: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<CommandResult> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env, cwd: repository, stdio: ['ignore', 'pipe', 'pipe'] });
  const [[exitCode], stdout, stderr] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { exitCode, stdout, stderr };
}

/** What a docker command prints. @throws Error with what it complained of */
export async function docker(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(['docker', ...args]);
  if (exitCode !== 0) throw new Error(`docker ${args.join(' ')}: exit code ${exitCode}\n${stderr}${stdout}`);
  return stdout.trim();
}

export interface Image {
  readonly Size: number;
  readonly Config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Cmd: readonly string[];
    readonly Entrypoint: readonly string[] | null;
    readonly Healthcheck?: { readonly Test: readonly string[] };
  };
}

export async function inspectImage(name: string): Promise<Image> {
  const [image] = JSON.parse(await docker('image', 'inspect', name)) as Image[];
  if (!image) throw new Error(`no image ${name}`);
  return image;
}
