import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFolder, terraformFolder } from './folders.ts';
import { runInGroup } from './run-in-group.ts';
import type { SharedProvider } from './shared-provider.ts';

/** Where Terraform's providers, modules and states are kept. */
export const dataFolder = join(repositoryFolder, '.local/test-terraform');
const KEPT_SETTINGS = ['TF_CLI_CONFIG_FILE', 'TF_PLUGIN_CACHE_DIR'];

export interface TerraformRun {
  readonly exitCode: number;
  readonly stdout: string;
  /** Standard error, and what ended the run if it did not end by itself. */
  readonly stderr: string;
}

/**
 * Runs Terraform in one of the folders. What it keeps there (providers, modules) goes to a place of the folder's own outside of it,
 * so that runs in different folders don't meet. The caller's credentials and settings of AWS are not handed on.
 *
 * @param limitSeconds after which Terraform and its providers are ended: some repeat a call that fails without end
 * @param provider to use, in the place of one that this run starts; or variables of the environment for that one
 */
export async function runTerraform(
  folder: string,
  args: readonly string[],
  limitSeconds: number,
  provider?: Pick<SharedProvider, 'environment'> | { readonly environment: Readonly<Record<string, string>> },
): Promise<TerraformRun> {
  const { isTooLong, stderr, ...run } = await runInGroup('terraform', args, {
    cwd: join(terraformFolder, folder),
    env: { ...environment(folder), ...provider?.environment },
    limitSeconds,
  });
  return {
    ...run,
    stderr: isTooLong ? `${stderr}\nended: it took longer than ${limitSeconds} seconds` : stderr,
  };
}

/** Where a folder's state may be kept. */
export function stateFile(folder: string): string {
  return join(dataFolder, `${folderName(folder)}.tfstate`);
}

function environment(folder: string): NodeJS.ProcessEnv {
  const providers = join(dataFolder, 'providers');
  mkdirSync(providers, { recursive: true });
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(AWS|TF)_/.test(name) || KEPT_SETTINGS.includes(name),
  );
  return {
    TF_PLUGIN_CACHE_DIR: providers,
    // Terraform spends a third of its time on Go's garbage collection by default; this takes half a gigabyte for it instead.
    GOGC: '400',
    ...Object.fromEntries(inherited),
    // There are no lock files to break. The configuration that uses the modules selects the provider version.
    TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: '1',
    TF_DATA_DIR: join(dataFolder, folderName(folder)),
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    CHECKPOINT_DISABLE: '1',
  };
}

function folderName(folder: string): string {
  return folder === '.' ? 'root' : folder.replaceAll('/', '-');
}
