import { execFile } from 'node:child_process';
import { constants, copyFile, lstat, mkdir, mkdtemp, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A copy of a repository in which code can be broken and tests can run. */
export interface TreeCopy {
  readonly folder: string;
  remove(): Promise<void>;
}

/**
 * Copies a repository's files as they are now, without those that Git ignores, to a new folder for temporary files. Nothing
 * that is written there shows in the repository, also when this process is killed. Packages are shared
 * with the repository, but its own (npm's links to the workspaces) are the copy's.
 */
export async function copyTree(repository: string): Promise<TreeCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'upload-once-mutants-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (const file of await filesOf(repository)) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await copyFile(join(repository, file), join(folder, file), constants.COPYFILE_FICLONE);
    }
    await linkPackages(join(repository, 'node_modules'), join(folder, 'node_modules'));
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, remove };
}

async function filesOf(repository: string): Promise<string[]> {
  const list = async (...options: string[]) => {
    const { stdout } = await execute('git', ['ls-files', '-z', ...options], {
      cwd: repository,
      maxBuffer: 2 ** 26,
    });
    return stdout.split('\0').filter((file) => file !== '');
  };
  const deleted = new Set(await list('--deleted'));
  const present = await list('--cached', '--others', '--exclude-standard');
  return present.filter((file) => !deleted.has(file));
}

/** Links are npm's, relative ones to the workspaces: made again they lead into the copy. All else is linked to where it is. */
async function linkPackages(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) {
    const [original, copy] = [join(from, name), join(to, name)];
    if ((await lstat(original)).isSymbolicLink()) await symlink(await readlink(original), copy);
    else if (name.startsWith('@')) await linkPackages(original, copy);
    else await symlink(original, copy);
  }
}
