import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ManagedProcess, startProcess } from '@upload-once/local-stack/child-process.ts';
import { devPorts } from '@upload-once/local-stack/dev/dev-settings.ts';
import type { Test } from 'tap';

const DEV = fileURLToPath(new URL('../../../local/stack/dev/main.ts', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../../packages/cli/bin/upload-once.mjs', import.meta.url));

export interface Dev {
  readonly process: ManagedProcess;
  readonly folder: string;
  /** The link for a person, and the console's address with its token, as `make dev` prints them. */
  readonly linkUrl: string;
  readonly consoleUrl: string;
  /** What `.local/dev/env` sets. */
  readonly env: Readonly<Record<string, string>>;
}

/** `make dev`, with data of its own. It ends with the test. */
export async function startDev(t: Test, more: Readonly<Record<string, string>> = {}): Promise<Dev> {
  const folder = await mkdtemp(join(tmpdir(), 'upload-once-dev-'));
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

  const dev = startProcess({
    name: 'make dev',
    program: DEV,
    env: { PATH: process.env.PATH ?? '', DEV_FOLDER: folder, DEV_PORT: await freeDevPort(), ...more },
    logFile: join(folder, 'log'),
  });
  t.teardown(() => dev.stop());
  const [consoleUrl, linkUrl] = await Promise.all([
    dev.lineThat((line) => /^ {2}(http:\S+\/#token=\S+)$/.exec(line)?.[1]),
    dev.lineThat((line) => /^ {2}(http:\S+\/u#\S+)$/.exec(line)?.[1]),
  ]);
  const text = await readFile(join(folder, 'env'), 'utf8');
  const env = Object.fromEntries(
    [...text.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  return { process: dev, folder, linkUrl, consoleUrl, env };
}

/** `upload-once console` as a process of its own. @returns the address that it prints */
export async function startConsole(
  t: Test,
  folder: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<string> {
  const started = startProcess({
    name: 'console',
    program: COMMAND,
    args: ['console', ...args],
    env: { PATH: process.env.PATH ?? '', ...env },
    logFile: join(folder, 'own-console'),
  });
  t.teardown(() => started.stop());
  return started.lineThat((line) => /^ {2}(http:\S+\/#token=\S+)$/.exec(line)?.[1]);
}

async function freeDevPort(): Promise<string> {
  for (;;) {
    const DEV_PORT = String(20_000 + Math.floor(Math.random() * 10_000));
    const isFree = await devPorts({ DEV_PORT }).then(
      () => true,
      () => false,
    );
    if (isFree) return DEV_PORT;
  }
}
