import { globSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryFolder = fileURLToPath(new URL('../../..', import.meta.url));
export const terraformFolder = fileURLToPath(new URL('../..', import.meta.url));

/** Every folder that Terraform can be run in, from here: modules, the root, examples, and what tests apply. */
export function configurationFolders(): string[] {
  return globSync('**/versions.tf', { cwd: terraformFolder })
    .filter((file) => !file.includes('.terraform/'))
    .map((file) => dirname(file))
    .sort();
}

/** Of these, the ones that have tests of their own. */
export function foldersWithTests(): string[] {
  return configurationFolders().filter(
    (folder) => globSync(`${folder}/tests/*.tftest.hcl`, { cwd: terraformFolder }).length > 0,
  );
}
