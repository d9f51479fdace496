import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { repositoryFolder, terraformFolder } from './folders.ts';
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
  const child = spawn('terraform', args, {
    cwd: join(terraformFolder, folder),
    env: { ...environment(folder), ...provider?.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that the providers it starts end with it.
    detached: true,
  });
  let isTooLong = false;
  const endGroup = () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(() => {
    isTooLong = true;
    endGroup();
  }, limitSeconds * 1000);
  process.once('exit', endGroup).once('SIGINT', exit).once('SIGTERM', exit);
  try {
    const ended: Promise<unknown[]> = once(child, 'close');
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return {
      exitCode: typeof code === 'number' ? code : 1,
      stdout,
      stderr: isTooLong ? `${stderr}\nended: it took longer than ${limitSeconds} seconds` : stderr,
    };
  } finally {
    clearTimeout(timer);
    process.off('exit', endGroup).off('SIGINT', exit).off('SIGTERM', exit);
  }
}

function exit(): void {
  process.exit(1);
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
