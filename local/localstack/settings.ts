import { isTaken } from '../stack/ports.ts';
import { StartFailed } from './start-failed.ts';

/** What listens on 127.0.0.1, by the variable that chooses its port. The defaults are those of docker-compose.localstack.yml. */
const LISTENERS = {
  LOCALSTACK_PORT: { what: 'LocalStack', otherwise: 4566 },
  ISSUER_PORT: { what: 'the url-issuer', otherwise: 8080 },
  CONSOLE_PORT: { what: 'the console', otherwise: 8083 },
} as const;
type Variable = keyof typeof LISTENERS;
const VARIABLES = Object.keys(LISTENERS) as Variable[];

/** What Compose allows, short enough for the names that it makes of it. */
const PROJECT_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

export interface Settings {
  /** Containers, network and a folder are named after it; projects know nothing of each other. */
  readonly project: string;
  readonly ports: Readonly<Record<Variable, number>>;
}

/**
 * What the environment chooses. All of a project is removed by its name, so a name that is a path must not get through:
 * `docker compose down` itself takes one.
 * @throws StartFailed InvalidProjectName or InvalidPort, naming the variable and what is allowed
 */
export function settingsFrom(env: NodeJS.ProcessEnv): Settings {
  const project = env['COMPOSE_PROJECT_NAME'] || 'upload-once-local';
  if (!PROJECT_NAME.test(project))
    throw new StartFailed(
      'InvalidProjectName',
      `COMPOSE_PROJECT_NAME: expected 1 to 63 of a-z, 0-9, "-" and "_", the first a letter or a digit, got "${project}"`,
    );
  const variables = new Map<number, Variable>();
  for (const variable of VARIABLES) {
    const port = Number(env[variable] || LISTENERS[variable].otherwise);
    const other = variables.get(port);
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new StartFailed(
        'InvalidPort',
        `${variable}: expected a port from 1 to 65535, got "${env[variable]}"`,
      );
    if (other)
      throw new StartFailed(
        'InvalidPort',
        `${other} and ${variable}: expected two ports, got ${port} for both`,
      );
    variables.set(port, variable);
  }
  const ports = Object.fromEntries([...variables].map(([port, variable]) => [variable, port]));
  return { project, ports: ports as Settings['ports'] };
}

/** @param own the ports of the project's own containers @throws StartFailed PortTaken where another program has one that is needed */
export async function assertPortsAreFree({ ports }: Settings, own: ReadonlySet<number>): Promise<void> {
  for (const variable of VARIABLES) {
    const port = ports[variable];
    if (own.has(port) || !(await isTaken(port))) continue;
    throw new StartFailed(
      'PortTaken',
      `port ${port} of 127.0.0.1, for ${LISTENERS[variable].what}, is taken by another program: stop that, or choose another port with ${variable}=…`,
    );
  }
}
