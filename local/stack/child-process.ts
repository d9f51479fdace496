import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const END_WITH_PARENT = fileURLToPath(new URL('end-with-parent.ts', import.meta.url));
/** For the environment of a program of this repository: what Node compiles once serves every later start, which takes half the time. */
export const COMPILE_CACHE = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../.local/compile-cache', import.meta.url)),
};
const SHOWN_LINES = 15;
/** What a process may take to stop, beyond its own drain limit, before it is ended. */
const STOP_LIMIT_MS = 20_000;

export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves with the first line of standard output for which `pick` gives something. Rejects when the process ends before. */
  lineThat<T>(pick: (line: string) => T | undefined): Promise<T>;
  /** Every line from now on, of standard output. */
  onLine(listener: (line: string) => void): void;
  /** Every line from now on, of standard error. */
  onErrorLine(listener: (line: string) => void): void;
  /** Resolves when the process has ended, with what it ended by. */
  readonly ended: Promise<string>;
  /** The same for a program: one of both is null. */
  readonly exit: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** What it writes from now on to standard output and error is lost: nothing reads there any more. */
  closeOutput(): void;
  /** Nothing happens when the process has ended. */
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL where that is not enough. Resolves when the process has ended. */
  stop(): Promise<void>;
}

/**
 * Starts a Node program of this repository as a process of its own; what it prints goes to a file. It ends when this process ends,
 * however that ends.
 */
export function startProcess(options: {
  readonly name: string;
  readonly program: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /**
   * In a process group of its own, which Ctrl-C at a terminal does not reach: for a caller that stops it itself. Where the caller exits
   * without having done so, it is killed at once, even if it is frozen.
   */
  readonly ownGroup?: boolean;
}): ManagedProcess {
  const { name, program, args = [], env, logFile, ownGroup = false } = options;
  const child: ChildProcess = spawn(process.execPath, ['--import', END_WITH_PARENT, program, ...args], {
    env: { ...COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: ownGroup,
  });
  const kill = () => child.kill('SIGKILL');
  if (ownGroup) process.once('exit', kill);
  const file = createWriteStream(logFile);
  const listeners = new Set<(line: string) => void>();
  const errorListeners = new Set<(line: string) => void>();
  const lastLines: string[] = [];

  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    onLines(stream, (line) => {
      file.write(`${line}\n`);
      lastLines.push(line);
      if (lastLines.length > SHOWN_LINES) lastLines.shift();
      for (const listener of stream === child.stdout ? listeners : errorListeners) listener(line);
    });
  }

  const exit = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  const ended = exit.then(({ code, signal }) => {
    process.off('exit', kill);
    file.end();
    return `${name} ended with ${signal ?? `exit code ${code}`}; its last lines:\n${lastLines.join('\n')}`;
  });

  return {
    name,
    pid: child.pid ?? 0,
    ended,
    exit,
    signal: (signalName) => child.kill(signalName),
    closeOutput() {
      child.stdout?.destroy();
      child.stderr?.destroy();
    },

    lineThat<T>(pick: (line: string) => T | undefined): Promise<T> {
      return new Promise((resolve, reject) => {
        const listener = (line: string) => {
          const picked = pick(line);
          if (picked === undefined) return;
          listeners.delete(listener);
          resolve(picked);
        };
        listeners.add(listener);
        void ended.then((how) => reject(new Error(how)));
      });
    },

    onLine(listener) {
      listeners.add(listener);
    },

    onErrorLine(listener) {
      errorListeners.add(listener);
    },

    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Lines end with a line feed alone: a log line can hold U+2028, which `node:readline` takes for the end of a line. */
function onLines(stream: Readable, listener: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) listener(line);
  });
  stream.on('end', () => rest && listener(rest));
}
