import { fileURLToPath } from 'node:url';
import { runCommand } from '../run-command.ts';
import type { Ports } from './ports.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
export const COMPOSE_FILE = 'docker-compose.localstack.yml';

export interface ComposeOptions {
  /** What the names of containers and network begin with; projects know nothing of each other. */
  readonly project: string;
  readonly ports: Ports;
  /** Whether the issuer of short-lived forms belongs to it. */
  readonly withShortLivedIssuer: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
}

export interface Compose {
  build(): Promise<void>;
  /** Starts the services, or all where none is named, and resolves when they are healthy. */
  up(...services: string[]): Promise<void>;
  /** The ports of this machine that containers of this project have. */
  ownPorts(): Promise<Set<number>>;
  logs(): Promise<string>;
  /** Stops and removes all of it: containers, network, volumes. */
  down(): Promise<void>;
}

/** docker-compose.localstack.yml as a project with ports of its own. */
export function createCompose(options: ComposeOptions): Compose {
  const { project, ports, withShortLivedIssuer, logFile } = options;
  const env = {
    ...options.env,
    LOCALSTACK_PORT: String(ports.localstack),
    ISSUER_PORT: String(ports.issuer),
    SHORT_LIVED_ISSUER_PORT: String(ports.shortLivedIssuer),
  };
  const profile = (isChosen: boolean) => (isChosen ? ['--profile', 'acceptance'] : []);
  const compose = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    runCommand(
      [
        'docker',
        'compose',
        '--file',
        COMPOSE_FILE,
        '--project-name',
        project,
        '--progress',
        'plain',
        ...args,
      ],
      { env: { ...env, ...more }, workingDirectory: repository, logFile },
    );

  return {
    // An image of the user's own for the processor is not ours to build.
    build: async () => void (await compose(['build'], { PROCESSOR_IMAGE: '' })),

    up: async (...services) =>
      void (await compose([
        ...profile(withShortLivedIssuer),
        'up',
        '--detach',
        '--wait',
        '--no-build',
        ...services,
      ])),

    async ownPorts() {
      const lines = await compose(['ps', '--format', 'json']);
      const containers = lines
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as { Publishers?: { PublishedPort: number }[] | null });
      return new Set(
        containers.flatMap(({ Publishers }) => (Publishers ?? []).map((each) => each.PublishedPort)),
      );
    },

    logs: () => compose([...profile(true), 'logs', '--no-color']),

    down: async () => void (await compose([...profile(true), 'down', '--volumes', '--remove-orphans'])),
  };
}
