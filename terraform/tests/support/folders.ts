import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

/** Each file of tests of these folders. */
export function testFiles(): { readonly folder: string; readonly file: string }[] {
  return configurationFolders().flatMap((folder) =>
    globSync('tests/*.tftest.hcl', { cwd: join(terraformFolder, folder) })
      .sort()
      .map((file) => ({ folder, file })),
  );
}
