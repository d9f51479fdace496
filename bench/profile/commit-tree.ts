import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A commit's files in that folder, with the packages that they run with. */
export async function makeCommitTree(commit: string, folder: string): Promise<void> {
  await mkdir(folder);
  const archive = join(folder, '..', 'tree.tar');
  execFileSync('git', ['archive', '--output', archive, commit]);
  execFileSync('tar', ['-xf', archive, '-C', folder]);
  execFileSync(
    'npm',
    ['ci', '--ignore-scripts', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'],
    {
      cwd: folder,
      stdio: 'inherit',
    },
  );
}
