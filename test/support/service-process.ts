import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { devNull } from 'node:os';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { COMPILE_CACHE } from '../../local/stack/child-process.ts';
import { metricTotal } from './metric-total.ts';

/** Keeps a service from every credential that this machine may have: a profile, or the role of its instance. */
export const NO_CREDENTIALS = {
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** One line that a service wrote: a log line, or a metric's. */
export interface OutputLine {
  readonly [name: string]: unknown;
  readonly level?: string;
  readonly msg?: string;
}

/** A service as a process of its own, looked at from outside. */
export interface ServiceProcess {
  /** Everything that it wrote on standard output so far. */
  readonly lines: readonly OutputLine[];
  /** Standard output and standard error, as they were written. */
  output(): string;
  /** The so-many-th line with this message, past or to come. Rejects when the process ends without it. */
  logged(message: string | RegExp, times?: number): Promise<OutputLine>;
  /** The lines of level `error` or `fatal` so far. */
  errors(): readonly OutputLine[];
  /** The sum of all values of a metric that were written so far: gathered ones come a second later, or at the end. */
  total(metric: string): number;
  /** From now on nothing reads its standard output and standard error, until `readOn`. */
  standStill(): void;
  readOn(): void;
  signal(name: NodeJS.Signals): void;
  /** Resolves when it has ended and all that it wrote was read. */
  ended(): Promise<{ readonly code: number | null; readonly stderr: string }>;
  /** Sends SIGTERM, and resolves as `ended` does: nothing comes after what was written by then. */
  stop(): Promise<{ readonly code: number | null; readonly stderr: string }>;
  /** Where its `/livez` and `/readyz` are, once it listens. */
  url(): Promise<string>;
}

/** Runs a program with this environment and nothing else of the caller's. It is ended with the test. */
export function startServiceProcess(t: Test, program: string, env: Record<string, string>): ServiceProcess {
  const child: ChildProcess = spawn(process.execPath, [program], {
    env: { ...COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { stdout: logPipe, stderr: errorPipe } = child;
  if (!logPipe || !errorPipe) throw new Error('the child has pipes');
  const lines: OutputLine[] = [];
  const looks = new Set<() => void>();
  let stdout = '';
  let stderr = '';
  errorPipe.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  createInterface({ input: logPipe }).on('line', (line) => {
    stdout += `${line}\n`;
    lines.push(JSON.parse(line));
    for (const look of looks) look();
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  t.teardown(async () => {
    child.kill('SIGKILL');
    await closed;
  });

  async function logged(message: string | RegExp, times = 1): Promise<OutputLine> {
    const says = ({ msg }: OutputLine) =>
      typeof message === 'string' ? msg === message : message.test(msg ?? '');
    const { promise, resolve, reject } = Promise.withResolvers<OutputLine>();
    const look = () => {
      const found = lines.filter(says)[times - 1];
      if (found) resolve(found);
    };
    looks.add(look);
    look();
    void closed.then(([code]) => {
      reject(new Error(`ended with ${code} without ${times} × "${message}":\n${stdout}${stderr}`));
    });
    return promise.finally(() => looks.delete(look));
  }

  async function ended() {
    const [code] = await closed;
    return { code, stderr };
  }

  return {
    lines,
    output: () => stdout + stderr,
    logged,
    errors: () => lines.filter(({ level }) => level === 'error' || level === 'fatal'),
    total: (metric) => metricTotal(lines, metric),
    standStill() {
      logPipe.pause();
      errorPipe.pause();
    },
    readOn() {
      logPipe.resume();
      errorPipe.resume();
    },
    signal: (name) => child.kill(name),
    ended,
    stop() {
      child.kill('SIGTERM');
      return ended();
    },
    async url() {
      const { port } = await logged('listening, and polling');
      return `http://127.0.0.1:${port}`;
    },
  };
}
