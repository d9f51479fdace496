import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { Provisioned } from '../../src/provision.ts';
import type { LocalAws } from '../../src/start.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** What the process prints when it is ready. */
export type Ready = Pick<LocalAws, 'endpoints' | 'credentials' | 'region'> & Provisioned;

export interface MainProcess {
  readonly ready: Ready;
  readonly child: ChildProcess;
  /** The most memory that the process had resident so far. */
  peakBytes(): Promise<number>;
  /** Ends it with SIGTERM and gives its exit code. */
  stop(): Promise<number | null>;
}

/** Starts the process as others do, and waits for the line that it prints. */
export async function startMain(t: Test, environment: Record<string, string>): Promise<MainProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    const [code] = await exited;
    return code as number | null;
  };
  t.teardown(async () => {
    if (child.exitCode === null) await stop();
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return {
    ready: JSON.parse(line),
    child,
    stop,
    async peakBytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
    },
  };
}

/** Runs it with settings that it refuses. */
export async function runMain(
  environment: Record<string, string>,
): Promise<{ code: number | null; errors: string }> {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [[code], errors] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
  return { code, errors };
}
