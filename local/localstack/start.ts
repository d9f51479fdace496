import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createKey } from '../stack/create-key.ts';
import { holdLock, lockOf } from '../stack/lock.ts';
import { type Compose, createCompose } from './compose.ts';
import { startConsole, stopConsole } from './console.ts';
import { isTaken, type Ports } from './ports.ts';
import { bringProcessorImage } from './processor-image.ts';
import { type Provisioned, provision } from './provision.ts';

const folders = fileURLToPath(new URL('../../.local/localstack', import.meta.url));

export interface LocalStackOptions {
  /** What the names of containers and network begin with (see projectFrom); projects know nothing of each other. */
  readonly project: string;
  readonly ports: Ports;
  readonly forAcceptance: boolean;
  /** Variables of terraform/local. */
  readonly terraformVariables: Readonly<Record<string, string>>;
  /** Requests per second that the key allows. */
  readonly keyRate: number;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
}

export interface LocalStack extends Provisioned {
  readonly endpoint: string;
  readonly issuerUrl: string;
  readonly shortLivedIssuerUrl: string;
  readonly webhookReceiverUrl: string;
  /** With its token; undefined for the acceptance suite, which has no console. */
  readonly consoleUrl: string | undefined;
  readonly apiKey: string;
  /** What an AWS client needs to know to reach LocalStack from this machine. */
  readonly awsEnv: Readonly<Record<string, string>>;
  readonly compose: Compose;
}

export class PortTaken extends Error {
  readonly code = 'PortTaken';
  override readonly name = 'PortTaken';
}

/**
 * Builds the images, starts LocalStack and the services in containers, provisions them with terraform/local, and makes a key.
 * Starts the console too, unless it is for the acceptance suite.
 * Resolves when all of it is ready. What runs already stays, but for the console; what a stop in the middle left is used or replaced.
 * @throws PortTaken, ImageMissing, BaseImageMissing, LockHeld, CommandFailed, ConsoleFailed: each with a message for the person who started it
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { project, ports, env, say } = options;
  const folder = folderOf(project);
  await mkdir(folder, { recursive: true });
  await using _lock = await holdLock(lockOf(folder));
  const logFile = join(folder, 'commands.log');
  await rm(logFile, { force: true });
  const compose = createCompose({ ...options, logFile });
  await stopConsole(folder);
  const ownPorts = await compose.ownPorts();
  await assertPortsAreFree(ports, ownPorts, options.forAcceptance);
  await bringProcessorImage(env, logFile);

  const endpoint = `http://127.0.0.1:${ports.localstack}`;
  const [provisioned] = await Promise.all([
    (async () => {
      await step(say, 'LocalStack is up', () => compose.up('localstack'));
      return step(say, 'bucket, queues and tables are there', () =>
        provision({
          compose,
          endpoint,
          variables: { ...corsVariables(env, ports), ...options.terraformVariables },
          wasRunning: ownPorts.has(ports.localstack),
          folder,
          env: withoutAws(env),
          logFile,
        }),
      );
    })(),
    step(say, 'images are built', () => compose.build()),
  ]);
  await step(say, 'all services are ready', () => compose.up());

  const awsEnv = {
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  const apiKey = await createKey(
    { ...withoutAws(env), ...awsEnv } as Record<string, string>,
    provisioned.tables.access.name,
    options.keyRate,
  );
  const issuerUrl = `http://127.0.0.1:${ports.issuer}`;
  const queues = `${endpoint}/000000000000/upload-once`;
  const consoleEnv = {
    ...awsEnv,
    S3_FORCE_PATH_STYLE: 'true',
    BUCKET: provisioned.bucket.name,
    UPLOADS_TABLE: provisioned.tables.uploads.name,
    UPLOAD_EVENTS_QUEUE_URL: `${queues}-upload-events`,
    ACCEPTED_EVENTS_QUEUE_URL: `${queues}-accepted-events`,
    ...(env['WEBHOOKS'] && { WEBHOOK_QUEUE_URL: `${queues}-webhooks` }),
    UPLOAD_ONCE_URL: issuerUrl,
    UPLOAD_ONCE_API_KEY: apiKey,
  };
  const consoleUrl = options.forAcceptance
    ? undefined
    : await step(say, 'the console is ready', () =>
        startConsole({ project, ports, folder, consoleEnv, env }),
      );
  return {
    ...provisioned,
    endpoint,
    issuerUrl,
    consoleUrl,
    shortLivedIssuerUrl: `http://127.0.0.1:${ports.shortLivedIssuer}`,
    webhookReceiverUrl: `http://127.0.0.1:${ports.webhookReceiver}`,
    apiKey,
    awsEnv,
    compose,
  };
}

/** As with `make dev`: pages of CORS_ORIGINS may also send to the bucket, and so may the url-issuer's own. */
function corsVariables(env: NodeJS.ProcessEnv, ports: Ports): Record<string, string> {
  const origins = (env.CORS_ORIGINS ?? '').split(',').flatMap((origin) => origin.trim() || []);
  return {
    cors_allowed_origins: JSON.stringify(origins),
    page_origins: JSON.stringify([`http://127.0.0.1:${ports.issuer}`]),
  };
}

/** Builds the images of the services, and starts nothing. @throws BaseImageMissing, CommandFailed */
export async function buildImages(
  options: Pick<LocalStackOptions, 'project' | 'ports' | 'env'>,
): Promise<void> {
  await (await composeOf(options)).build();
}

/**
 * Removes all that `startLocalStack` made for a project, also where it was stopped in the middle. Images stay.
 * @throws LockHeld while a start is at work on the same project, ConsoleFailed, CommandFailed
 */
export async function removeLocalStack(
  options: Pick<LocalStackOptions, 'project' | 'ports' | 'env'>,
): Promise<void> {
  const folder = folderOf(options.project);
  await using _lock = await holdLock(lockOf(folder));
  await stopConsole(folder);
  await (await composeOf(options)).down();
  await rm(folder, { recursive: true, force: true });
}

async function composeOf(options: Pick<LocalStackOptions, 'project' | 'ports' | 'env'>): Promise<Compose> {
  const folder = folderOf(options.project);
  await mkdir(folder, { recursive: true });
  return createCompose({ ...options, forAcceptance: true, logFile: join(folder, 'commands.log') });
}

/** A service's queue, as this machine reaches it. */
export function queueUrl(localstack: LocalStack, queue: keyof Provisioned['queues']): string {
  return `${localstack.endpoint}/000000000000/${localstack.queues[queue].name}`;
}

function folderOf(project: string): string {
  return join(folders, project);
}

async function assertPortsAreFree(
  ports: Ports,
  own: ReadonlySet<number>,
  forAcceptance: boolean,
): Promise<void> {
  const wanted = [
    { what: 'LocalStack', port: ports.localstack, variable: 'LOCALSTACK_PORT' },
    { what: 'the url-issuer', port: ports.issuer, variable: 'ISSUER_PORT' },
    ...(forAcceptance
      ? [
          {
            what: 'the second url-issuer',
            port: ports.shortLivedIssuer,
            variable: 'SHORT_LIVED_ISSUER_PORT',
          },
          {
            what: 'the receiver of webhooks',
            port: ports.webhookReceiver,
            variable: 'WEBHOOK_RECEIVER_PORT',
          },
        ]
      : [{ what: 'the console', port: ports.console, variable: 'CONSOLE_PORT' }]),
  ];
  for (const { what, port, variable } of wanted) {
    if (own.has(port) || !(await isTaken(port))) continue;
    throw new PortTaken(
      `port ${port} of 127.0.0.1, for ${what}, is taken by another program: stop that, or choose another port with ${variable}=…`,
    );
  }
}

/** LocalStack ignores the caller's own AWS settings. */
function withoutAws(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('AWS_')));
}

async function step<T>(say: (line: string) => void, what: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  say(`  ${what.padEnd(38)} ${Math.round((performance.now() - startedAt) / 1000)} s`);
  return result;
}
