import type { Commands } from './commands.ts';
import { DeployError } from './deploy-error.ts';

const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/**
 * What the images are called: the commit that they are built from, or what the user says (TAG).
 * @throws DeployError when the working tree has changes that no commit names, or TAG is none
 */
export async function chooseTag(commands: Commands, given: string | undefined): Promise<string> {
  if (given) {
    if (TAG.test(given)) return given;
    throw new DeployError(
      `TAG: expected up to 128 letters, digits, "_", "." and "-", the first no "." or "-"; got "${given}"`,
    );
  }
  const changes = (await commands.read('git', 'status', '--porcelain')).trim();
  if (changes !== '') {
    const files = changes.split('\n');
    throw new DeployError(
      `the working tree has changes that no commit names (${files.length} ${files.length === 1 ? 'file' : 'files'}, first ${files[0]?.trim().slice(2).trim()}): commit them, or name the images yourself with TAG=…`,
    );
  }
  return (await commands.read('git', 'rev-parse', '--short=12', 'HEAD')).trim();
}
