import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
const built = join(repository, '.local/packages');

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Never rejects for an exit code; does for a program that can't be started. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Ended> {
  try {
    // tap has every process that is started load code of its own, which Node 20.3 can't.
    const withoutTap = ['-u', 'NODE_OPTIONS', program, ...args];
    const running = promisify(execFile)('env', withoutTap, {
      ...options,
      env: { ...process.env, ...options.env },
    });
    running.child.stdin?.end();
    return { code: 0, ...(await running) };
  } catch (error) {
    const { code, stdout, stderr } = error as Ended;
    if (typeof code !== 'number') throw error;
    return { code, stdout, stderr };
  }
}

/** A program of scripts/packages. */
export const tool = (name: string) => join(repository, 'scripts/packages/node_modules/.bin', name);

/** Node 20, as old as the packages say; and the Node that runs this. */
export const NODES = [tool('node'), process.execPath];

/** A folder as it is packed, and its tarball. `make packages` has built them. */
export async function builtPackage(folder: 'client' | 'cli') {
  const staged = join(built, folder);
  const manifest = JSON.parse(await readFile(join(staged, 'package.json'), 'utf8'));
  const tarball = join(built, `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`);
  return { folder: staged, manifest, tarball };
}
