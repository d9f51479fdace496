import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CommandFailed, runCommand } from '../stack/run-command.ts';
import { nodeImage } from './node-image.ts';
import type { Ports } from './ports.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
/** Of a service that ended. */
const SHOWN_LINES = '10';
/** What BuildKit says of a FROM that it can't get. */
const UNREACHABLE_BASE = /^#(\d+) [^\n]*load metadata for [^\n]*$[\s\S]*^#\1 ERROR: /m;

export const COMPOSE_FILE = 'docker-compose.localstack.yml';
const ACCEPTANCE_FILE = 'local/localstack/acceptance.yml';
/** As containers reach it. */
const WEBHOOK_QUEUE_URL = 'http://localstack:4566/000000000000/upload-once-webhooks';

export interface ComposeOptions {
  /** What the names of containers and network begin with; projects know nothing of each other. */
  readonly project: string;
  readonly ports: Ports;
  /** Whether what the acceptance suite needs belongs to it: an issuer of short-lived forms, and a receiver of webhooks. */
  readonly forAcceptance: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
}

export interface Compose {
  build(): Promise<void>;
  /**
   * Starts the services, or all where none is named, and resolves when they are healthy.
   * @throws ServiceEnded with its last words when one ends instead, CommandFailed
   */
  up(...services: string[]): Promise<void>;
  /** The ports of this machine that containers of this project have. */
  ownPorts(): Promise<Set<number>>;
  /** What the containers of these services said, or all where none is named. */
  logs(...services: string[]): Promise<string>;
  /**
   * Writes what the containers of these services say, from this time on, to a file that is begun anew: their lines as they are. `ended`
   * resolves when none of them runs any more.
   */
  followLogs(file: string, since: Date, ...services: string[]): FollowedLogs;
  /** Stops and removes all of it: containers, network, volumes. */
  down(): Promise<void>;
}

export interface FollowedLogs {
  readonly ended: Promise<unknown>;
  stop(): void;
}

/** A container that ended where it should have become healthy. */
export class ServiceEnded extends Error {
  readonly code = 'ServiceEnded';
  override readonly name = 'ServiceEnded';
}

/** The image that the services' own are built on can't be had. */
export class BaseImageMissing extends Error {
  readonly code = 'BaseImageMissing';
  override readonly name = 'BaseImageMissing';
}

interface Container {
  readonly Service: string;
  readonly State: string;
  readonly ExitCode: number;
  readonly Publishers?: readonly { readonly PublishedPort: number }[] | null;
}

/** docker-compose.localstack.yml as a project with ports of its own. */
export function createCompose(options: ComposeOptions): Compose {
  const { project, ports, forAcceptance, logFile } = options;
  const env = {
    ...options.env,
    LOCALSTACK_PORT: String(ports.localstack),
    ISSUER_PORT: String(ports.issuer),
    SHORT_LIVED_ISSUER_PORT: String(ports.shortLivedIssuer),
    WEBHOOK_RECEIVER_PORT: String(ports.webhookReceiver),
    WEBHOOK_QUEUE_URL: options.env['WEBHOOKS'] ? WEBHOOK_QUEUE_URL : undefined,
  };
  const acceptance = ['--file', ACCEPTANCE_FILE, '--profile', 'acceptance'];
  const webhooks = ['--profile', 'webhooks'];
  const all = [...acceptance, ...webhooks];
  const chosen = [...(forAcceptance ? acceptance : []), ...(options.env['WEBHOOKS'] ? webhooks : [])];
  const composeArgs = ['compose', '--file', COMPOSE_FILE, '--project-name', project, '--progress', 'plain'];
  const compose = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    runCommand(['docker', ...composeArgs, ...args], {
      env: { ...env, ...more },
      workingDirectory: repository,
      logFile,
    });

  async function containers(): Promise<Container[]> {
    const lines = await compose([...all, 'ps', '--all', '--format', 'json']);
    return lines
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Container);
  }

  /** Compose says that a container ended; only the container itself says why. */
  async function lastWords(): Promise<string[]> {
    const ended = (await containers()).filter(({ State }) => State === 'exited' || State === 'dead');
    return Promise.all(
      ended.map(async ({ Service, ExitCode }) => {
        const said = await compose(['logs', '--no-color', '--no-log-prefix', '--tail', SHOWN_LINES, Service]);
        return `${Service} ended with exit code ${ExitCode}; its last lines:\n${said.trimEnd()}`;
      }),
    );
  }

  return {
    async build() {
      try {
        // An image of the user's own for the processor is not ours to build.
        await compose([...webhooks, '--profile', 'audit', 'build'], { PROCESSOR_IMAGE: '' });
      } catch (error) {
        if (!(error instanceof CommandFailed) || !UNREACHABLE_BASE.test(error.message)) throw error;
        throw new BaseImageMissing(
          `${error.message}\n\nThis machine can't get the base image ${nodeImage(env)}. If it has another image of Node 24, name it: NODE_IMAGE=node:24-trixie-slim`,
          { cause: error },
        );
      }
    },

    async up(...services) {
      const up = ['up', '--detach', '--wait', '--no-build', ...services];
      try {
        await compose([...chosen, ...up]);
      } catch (error) {
        const ended = error instanceof CommandFailed ? await lastWords() : [];
        if (ended.length === 0) throw error;
        throw new ServiceEnded(ended.join('\n\n'), { cause: error });
      }
    },

    async ownPorts() {
      return new Set(
        (await containers()).flatMap(({ Publishers }) =>
          (Publishers ?? []).map((each) => each.PublishedPort),
        ),
      );
    },

    logs: (...services) => compose([...all, 'logs', '--no-color', ...services]),

    followLogs(file, since, ...services) {
      const output = openSync(file, 'w', 0o600);
      const asTheyAre = ['--no-color', '--no-log-prefix'];
      const follow = ['logs', '--follow', ...asTheyAre, '--since', since.toISOString(), ...services];
      const child = spawn('docker', [...composeArgs, ...all, ...follow], {
        env,
        cwd: repository,
        stdio: ['ignore', output, output],
      });
      closeSync(output);
      return { ended: once(child, 'close').catch(() => {}), stop: () => child.kill() };
    },

    down: async () => void (await compose([...all, 'down', '--volumes', '--remove-orphans'])),
  };
}
