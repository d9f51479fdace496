import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface GroupRun {
  /** 1 if a signal ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly isTooLong: boolean;
}

/**
 * Runs a program in a group of its own. What it starts ends with it, after the limit and also when this process ends: a loop of a shell, or
 * a provider of Terraform, would go on.
 */
export async function runInGroup(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly limitSeconds: number },
): Promise<GroupRun> {
  const { cwd, env, limitSeconds } = options;
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let isTooLong = false;
  const endGroup = () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(() => {
    isTooLong = true;
    endGroup();
  }, limitSeconds * 1000);
  process.once('exit', endGroup).once('SIGINT', exit).once('SIGTERM', exit);
  try {
    const ended: Promise<unknown[]> = once(child, 'close');
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { exitCode: typeof code === 'number' ? code : 1, stdout, stderr, isTooLong };
  } finally {
    clearTimeout(timer);
    process.off('exit', endGroup).off('SIGINT', exit).off('SIGTERM', exit);
  }
}

function exit(): void {
  process.exit(1);
}
