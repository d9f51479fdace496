import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { waitFor } from '../../outcome.ts';
import { isTaken } from '../../ports.ts';

const MAIN = fileURLToPath(new URL('../../dev/main.ts', import.meta.url));
const END_WITH_PARENT = fileURLToPath(new URL('../../end-with-parent.ts', import.meta.url));
/** It only ends a wait that would last for ever. */
const LIMIT_MS = 60_000;
const PORTS = 9;

export interface DevProcess {
  readonly child: ReturnType<typeof spawn>;
  /** Resolves with the first line, of all so far and to come, that the pattern finds. Rejects when the process ends before. */
  shown(pattern: RegExp): Promise<string>;
  /** All that it printed. */
  output(): string;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

/** `make dev` as a process of its own. Killed when the test ends, and its children with it. */
export function startDev(t: Test, env: Readonly<Record<string, string>>): DevProcess {
  const child = spawn(process.execPath, ['--import', END_WITH_PARENT, MAIN], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let output = '';
  const changed = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const look of changed) look();
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    ended,
    output: () => output,
    shown: (pattern) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => fail('it went on'), LIMIT_MS);
        const look = () => {
          const line = output.split('\n').find((each) => pattern.test(each));
          if (line === undefined) return;
          clearTimeout(timer);
          changed.delete(look);
          resolve(line);
        };
        const fail = (how: string) => reject(new Error(`${how} without ${pattern}:\n${output}`));
        changed.add(look);
        look();
        void ended.then((how) => fail(`it ended with ${how}`));
      }),
  };
}

/** The first of so many free ports, one after the other, as DEV_PORT names them. */
export async function freeDevPort(): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    if ((await listening(first)).length === 0) return first;
  }
}

/** On which of the ports from DEV_PORT on something listens. */
export async function listening(first: number): Promise<number[]> {
  const ports = Array.from({ length: PORTS }, (_, at) => first + at);
  const taken = await Promise.all(ports.map(isTaken));
  return ports.filter((_, at) => taken[at]);
}

/** Waits until nothing of `make dev` listens any more. */
export async function nothingListens(first: number): Promise<void> {
  await waitFor(
    () => listening(first),
    (ports) => ports.length === 0,
    (ports) => `something listens on ${ports.join(', ')} still`,
  );
}
