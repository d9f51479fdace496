import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../stack/run-command.ts';
import type { Compose } from './compose.ts';

const terraformFolder = fileURLToPath(new URL('../../terraform/local', import.meta.url));
const providersFolder = fileURLToPath(new URL('../../.local/terraform', import.meta.url));

interface Named {
  readonly name: string;
}

/** What terraform/local made. */
export interface Provisioned {
  readonly bucket: Named;
  readonly queues: Readonly<Record<'upload_events' | 'upload_events_dead_letter', Named>>;
  readonly tables: Readonly<Record<'uploads' | 'access', Named>>;
}

export interface ProvisionOptions {
  readonly compose: Compose;
  /** LocalStack's address on this machine. */
  readonly endpoint: string;
  /** Variables of terraform/local. */
  readonly variables: Readonly<Record<string, string>>;
  /** Whether LocalStack ran before, and may have something in it. */
  readonly wasRunning: boolean;
  /** Terraform's state is kept here. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
}

/**
 * Applies terraform/local to a LocalStack that runs.
 *
 * LocalStack keeps nothing from one start to the next, so Terraform's state belongs to one run of it and ends with it. If the
 * running LocalStack was not provisioned completely, or this folder has no record of it, the state may lack existing resources.
 * LocalStack and the services are then created again.
 */
export async function provision(options: ProvisionOptions): Promise<Provisioned> {
  const { compose, endpoint, wasRunning, folder, logFile } = options;
  const markFile = join(folder, 'provisioned-session');
  const stateFile = join(folder, 'terraform.tfstate');
  const env = {
    ...options.env,
    TF_DATA_DIR: providersFolder,
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    ...Object.fromEntries(
      Object.entries({ endpoint, ...options.variables }).map(([name, value]) => [`TF_VAR_${name}`, value]),
    ),
  };
  const terraform = (...args: string[]) =>
    runCommand(['terraform', ...args, '-no-color'], { env, workingDirectory: terraformFolder, logFile });

  let session = await sessionOf(endpoint);
  if (session !== (await readMark(markFile))) {
    if (wasRunning) {
      await compose.down();
      await compose.up('localstack');
      session = await sessionOf(endpoint);
    }
    await rm(stateFile, { force: true });
    await rm(`${stateFile}.backup`, { force: true });
  }
  await terraform('init');
  await terraform('apply', '-auto-approve', `-state=${stateFile}`);
  await writeFile(markFile, session);

  const outputs = JSON.parse(await terraform('output', '-json', `-state=${stateFile}`));
  return Object.fromEntries(
    Object.entries(outputs as Record<string, { value: unknown }>).map(([name, { value }]) => [name, value]),
  ) as unknown as Provisioned;
}

async function readMark(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** LocalStack's own name for this run of it. */
async function sessionOf(endpoint: string): Promise<string> {
  const response = await fetch(`${endpoint}/_localstack/info`);
  return ((await response.json()) as { session_id: string }).session_id;
}
