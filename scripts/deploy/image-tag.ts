import type { Commands } from './commands.ts';
import { DeployError } from './deploy-error.ts';

const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/**
 * What the images are called by the user, if by anything (TAG).
 * @throws DeployError when that is no tag
 */
export function givenTag(given: string | undefined): string | undefined {
  if (!given || TAG.test(given)) return given || undefined;
  throw new DeployError(
    `TAG: expected up to 128 letters, digits, "_", "." and "-", the first no "." or "-"; got "${given}"`,
  );
}

/** What the images are called otherwise. By the commit alone those for another platform would count as pushed already. */
export function tagOf(commit: string, platform: string): string {
  return `${commit}-${platform.slice(platform.lastIndexOf('/') + 1)}`;
}

/**
 * The commit that images are built from.
 * @throws DeployError when the working tree has changes that no commit names
 */
export async function findCommit(commands: Commands): Promise<string> {
  const changes = (await commands.read('git', 'status', '--porcelain')).trim();
  if (changes !== '') {
    const files = changes.split('\n');
    throw new DeployError(
      `the working tree has changes that no commit names (${files.length} ${files.length === 1 ? 'file' : 'files'}, first ${files[0]?.trim().slice(2).trim()}): commit them, or name the images yourself with TAG=…`,
    );
  }
  return (await commands.read('git', 'rev-parse', '--short=12', 'HEAD')).trim();
}
