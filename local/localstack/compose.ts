import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../stack/run-command.ts';
import { StartFailed } from './start-failed.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const ACCEPTANCE_FILE = 'local/localstack/acceptance.yml';
const ALL_PROFILES = ['acceptance', 'webhooks', 'audit'];
/** What BuildKit says of a FROM that it can't get. */
const UNREACHABLE_BASE = /^#(\d+) [^\n]*load metadata for ([^\n]*)$[\s\S]*^#\1 ERROR: /m;

export const COMPOSE_FILE = 'docker-compose.localstack.yml';
/** LocalStack's own log tells of no upload. */
export const OUR_SERVICES = ['url-issuer', 'acceptor', 'processor', 'webhook-sender'];

/** docker-compose.localstack.yml as a project. What a command of it fails by is CommandFailed. */
export interface Compose {
  /** The command, for the repository's folder, that prints our services' lines as they are, from this time on, until none runs any more. */
  followCommand(since: Date): string[];
  /** Runs a command about the services of all profiles, and resolves with what it prints. */
  run(...args: readonly string[]): Promise<string>;
  /** @throws StartFailed BaseImageMissing where the image that the services' are built on can't be had */
  build(): Promise<void>;
  /**
   * Starts the services, or all where none is named, and resolves when they are healthy.
   * @throws StartFailed ServiceEnded, with its last lines, when one ends instead
   */
  up(...services: readonly string[]): Promise<void>;
}

export function createCompose(options: {
  readonly project: string;
  /** Whether what the acceptance suite needs belongs to it: an issuer of short-lived forms, and a receiver of webhooks. */
  readonly forAcceptance: boolean;
  /** What docker-compose.localstack.yml takes from the environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
}): Compose {
  const { project, forAcceptance, env, logFile } = options;
  const files = [COMPOSE_FILE, ...(forAcceptance ? [ACCEPTANCE_FILE] : [])];
  const commandLine = (args: readonly string[], profiles = ALL_PROFILES) => [
    ...['docker', 'compose', ...files.flatMap((file) => ['--file', file]), '--project-name', project],
    ...['--progress', 'plain', ...profiles.flatMap((profile) => ['--profile', profile]), ...args],
  ];
  const execute = (command: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    runCommand(command, { env: { ...env, ...more }, workingDirectory: repository, logFile });
  const run = (...args: readonly string[]) => execute(commandLine(args));

  return {
    followCommand(since) {
      const asTheyAre = ['--no-color', '--no-log-prefix', '--since', since.toISOString()];
      return commandLine(['logs', '--follow', ...asTheyAre, ...OUR_SERVICES]);
    },

    run,

    async build() {
      try {
        // An image of the user's own for the processor is not ours to build.
        await execute(commandLine(['build']), { PROCESSOR_IMAGE: '' });
      } catch (cause) {
        const { message } = cause as Error;
        const [, , base] = UNREACHABLE_BASE.exec(message) ?? [];
        if (base === undefined) throw cause;
        throw new StartFailed(
          'BaseImageMissing',
          `${message}\n\nThis machine can't get the base image ${base}. If it has another image of Node 24, name it: NODE_IMAGE=node:24-trixie-slim`,
          { cause },
        );
      }
    },

    async up(...services) {
      const profiles = [...(forAcceptance ? ['acceptance'] : []), ...(env['WEBHOOKS'] ? ['webhooks'] : [])];
      try {
        await execute(commandLine(['up', '--wait', '--no-build', ...services], profiles));
      } catch (cause) {
        // Compose says that a container ended; only the container itself says why.
        const ended = ['--status', 'exited', '--status', 'dead', '--format', '{{.Service}} {{.ExitCode}}'];
        const lines = (await run('ps', '--all', ...ended)).split('\n').filter(Boolean);
        if (lines.length === 0) throw cause;
        const said = lines.map(async (line) => {
          const [service = '', code] = line.split(' ');
          const log = await run('logs', '--no-color', '--no-log-prefix', '--tail', '10', service);
          return `${service} ended with exit code ${code}; its last lines:\n${log.trimEnd()}`;
        });
        throw new StartFailed('ServiceEnded', (await Promise.all(said)).join('\n\n'), { cause });
      }
    },
  };
}

/** The ports of this machine that containers of this project have. */
export async function portsOfContainers(compose: Compose): Promise<Set<number>> {
  const containers = await compose.run('ps', '--all', '--format', 'json');
  return new Set([...containers.matchAll(/"PublishedPort":(\d+)/g)].map(([, port]) => Number(port)));
}

/** Writes the logs of the services' containers into a folder that is there, each into a file of its own. */
export async function saveServiceLogs(compose: Compose, folder: string): Promise<void> {
  for (const service of [...OUR_SERVICES, 'url-issuer-short-lived'])
    await writeFile(join(folder, `${service}.log`), await compose.run('logs', '--no-color', service));
}
