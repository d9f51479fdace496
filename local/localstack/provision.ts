import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../stack/run-command.ts';
import type { Compose } from './compose.ts';

const terraformFolder = fileURLToPath(new URL('../../terraform/local', import.meta.url));
const providersFolder = fileURLToPath(new URL('../../.local/terraform', import.meta.url));

interface Place {
  /** LocalStack's address on this machine. */
  readonly endpoint: string;
  /** Terraform's state is kept here. */
  readonly folder: string;
}

/**
 * Starts LocalStack, unless it runs and `applyTerraform` was through with it.
 *
 * LocalStack keeps nothing from one start to the next, so Terraform's state belongs to one run of it and ends with it. If the
 * running LocalStack was not provisioned completely, or the folder has no record of it, the state may lack existing resources.
 * LocalStack and the services are then created again.
 */
export async function startEmptyOrComplete(compose: Compose, { endpoint, folder }: Place): Promise<void> {
  const recorded = await readFile(recordOf(folder), 'utf8').catch(() => undefined);
  if (recorded === undefined || recorded !== (await sessionOf(endpoint).catch(() => undefined))) {
    await compose.run('down', '--volumes');
    await rm(stateOf(folder), { force: true });
  }
  await compose.up('localstack');
}

/** Applies terraform/local to a LocalStack that runs. @param options.env may have its variables, as TF_VAR_… */
export async function applyTerraform(
  options: Place & { readonly env: NodeJS.ProcessEnv; readonly logFile: string },
): Promise<void> {
  const { endpoint, folder, logFile } = options;
  const settings = { TF_DATA_DIR: providersFolder, TF_IN_AUTOMATION: '1', TF_INPUT: '0' };
  const env = { ...options.env, ...settings, TF_VAR_endpoint: endpoint };
  const terraform = (...args: string[]) =>
    runCommand(['terraform', ...args, '-no-color'], { env, workingDirectory: terraformFolder, logFile });
  await terraform('init');
  await terraform('apply', '-auto-approve', `-state=${stateOf(folder)}`);
  await writeFile(recordOf(folder), await sessionOf(endpoint));
}

const recordOf = (folder: string) => join(folder, 'provisioned-session');
const stateOf = (folder: string) => join(folder, 'terraform.tfstate');

/** LocalStack's own name for this run of it. */
async function sessionOf(endpoint: string): Promise<string> {
  const response = await fetch(`${endpoint}/_localstack/info`);
  return ((await response.json()) as { session_id: string }).session_id;
}
