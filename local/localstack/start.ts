import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createKey } from '../stack/create-key.ts';
import { holdLock, lockOf } from '../stack/lock.ts';
import { runCommand } from '../stack/run-command.ts';
import { createCompose, portsOfContainers } from './compose.ts';
import { startConsole, stopConsole } from './console.ts';
import { applyTerraform, startEmptyOrComplete } from './provision.ts';
import { assertPortsAreFree, settingsFrom } from './settings.ts';
import { StartFailed } from './start-failed.ts';

const folders = fileURLToPath(new URL('../../.local/localstack', import.meta.url));

/** As docker-compose.localstack.yml and terraform/local have it. */
export const ACCESS_TABLE = 'upload-once-access';

export interface LocalStackOptions {
  /** Settings by their variables (settings.ts); the rest is for Docker, Terraform (TF_VAR_…) and the compose file. */
  readonly env: NodeJS.ProcessEnv;
  /** Without a console, and with what acceptance.yml has. */
  readonly forAcceptance: boolean;
  /** Requests per second that the key allows. */
  readonly keyRate: number;
  readonly say: (line: string) => void;
}

export type LocalStack = Awaited<ReturnType<typeof startLocalStack>>;

/**
 * Builds the images, starts LocalStack and the services in containers, provisions them with terraform/local, and makes a key.
 * Starts the console too, unless it is for the acceptance suite.
 * Resolves when all of it is ready. What runs already stays, but for the console; what a stop in the middle left is used or replaced.
 * @returns what reaches it from this machine, by the names that `upload-once` and the suites take; what the URLs of all queues begin with; and the
 * console's address with its token, undefined for the acceptance suite
 * @throws StartFailed, LockHeld, CommandFailed: each with a message for the person who started it
 */
export async function startLocalStack(options: LocalStackOptions) {
  const { env, forAcceptance, keyRate, say } = options;
  const settings = settingsFrom(env);
  const { LOCALSTACK_PORT, ISSUER_PORT, CONSOLE_PORT } = settings.ports;
  say('Starting upload-once on LocalStack …');
  const { folder, logFile, compose } = await open(env, forAcceptance);
  await using _lock = await holdLock(lockOf(folder));
  await rm(logFile, { force: true });
  await stopConsole(folder);
  await assertPortsAreFree(settings, await portsOfContainers(compose));
  await bringProcessorImage(env, logFile);

  const endpoint = `http://127.0.0.1:${LOCALSTACK_PORT}`;
  const issuerUrl = `http://127.0.0.1:${ISSUER_PORT}`;
  const awsEnv = {
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  // LocalStack ignores the caller's own AWS settings.
  const withoutAws = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('AWS_')));
  const terraformEnv = { ...withoutAws, ...corsVariables(env, issuerUrl) };
  const provision = async () => {
    await step(say, 'LocalStack is up', () => startEmptyOrComplete(compose, { endpoint, folder }));
    await step(say, 'bucket, queues and tables are there', () =>
      applyTerraform({ endpoint, folder, env: terraformEnv, logFile }),
    );
  };
  await Promise.all([provision(), step(say, 'images are built', () => compose.build())]);
  await step(say, 'all services are ready', () => compose.up());

  const keyEnv = { ...withoutAws, ...awsEnv } as Record<string, string>;
  const connection = {
    ...awsEnv,
    S3_FORCE_PATH_STYLE: 'true',
    BUCKET: 'upload-once',
    UPLOADS_TABLE: 'upload-once-uploads',
    UPLOAD_ONCE_URL: issuerUrl,
    UPLOAD_ONCE_API_KEY: await createKey(keyEnv, ACCESS_TABLE, keyRate),
  };
  const queues = `${endpoint}/000000000000/upload-once`;
  const consoleEnv = {
    ...connection,
    UPLOAD_EVENTS_QUEUE_URL: `${queues}-upload-events`,
    ACCEPTED_EVENTS_QUEUE_URL: `${queues}-accepted-events`,
    ...(env['WEBHOOKS'] && { WEBHOOK_QUEUE_URL: `${queues}-webhooks` }),
  };
  // An earlier container took its log with it: half of what became of an upload would mislead.
  const follow = compose.followCommand(new Date());
  const start = () => startConsole({ follow, port: CONSOLE_PORT, folder, consoleEnv }, env);
  const consoleUrl = forAcceptance ? undefined : await step(say, 'the console is ready', start);
  return { connection, awsEnv, queues, consoleUrl, compose };
}

/** Builds the images of the services, and starts nothing. @throws StartFailed, CommandFailed */
export async function buildImages(env: NodeJS.ProcessEnv): Promise<void> {
  await (await open(env)).compose.build();
}

/**
 * Removes all that `startLocalStack` made, also where it was stopped in the middle. Images stay.
 * @throws LockHeld while a start is at work on the same project, StartFailed, CommandFailed
 */
export async function removeLocalStack(env: NodeJS.ProcessEnv): Promise<void> {
  const { folder, compose } = await open(env);
  await using _lock = await holdLock(lockOf(folder));
  await stopConsole(folder);
  await compose.run('down', '--volumes', '--remove-orphans');
  await rm(folder, { recursive: true, force: true });
}

/** The project's folder, which is made where it is not there, and its containers. @throws StartFailed as settingsFrom */
async function open(env: NodeJS.ProcessEnv, forAcceptance = true) {
  const { project } = settingsFrom(env);
  const folder = join(folders, project);
  await mkdir(folder, { recursive: true });
  const logFile = join(folder, 'commands.log');
  return { folder, logFile, compose: createCompose({ project, forAcceptance, env, logFile }) };
}

/** As with `make dev`: pages of CORS_ORIGINS may also send to the bucket, and so may the url-issuer's own. */
function corsVariables(env: NodeJS.ProcessEnv, issuerUrl: string): Record<string, string> {
  const origins = (env['CORS_ORIGINS'] ?? '').split(',').flatMap((origin) => origin.trim() || []);
  return {
    TF_VAR_cors_allowed_origins: JSON.stringify(origins),
    TF_VAR_page_origins: JSON.stringify([issuerUrl]),
  };
}

/** Sees to it that PROCESSOR_IMAGE, where that is set, is on this machine. Compose would pull it even where it is. */
async function bringProcessorImage(env: NodeJS.ProcessEnv, logFile: string): Promise<void> {
  const image = env['PROCESSOR_IMAGE'];
  if (!image) return;
  const docker = (...args: string[]) =>
    runCommand(['docker', ...args], { env, workingDirectory: process.cwd(), logFile });
  const pull = () => docker('pull', '--quiet', image);
  await docker('image', 'inspect', '--format', '{{.Id}}', image)
    .catch(pull)
    .catch((cause: Error) => {
      throw new StartFailed(
        'ImageMissing',
        `PROCESSOR_IMAGE: there is no image "${image}" on this machine, and none to be pulled: build it first (examples/handler/README.md shows how), or leave the variable out\n${cause.message}`,
        { cause },
      );
    });
}

async function step<T>(say: (line: string) => void, what: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  say(`  ${what.padEnd(38)} ${Math.round((performance.now() - startedAt) / 1000)} s`);
  return result;
}
