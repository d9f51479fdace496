import { isTaken } from '../localstack/ports.ts';

const FIRST_PORT = 8090;
const LAST_PORT = 65_535;

/** What listens at which port, counted from the first. */
const LISTENERS = ['url-issuer', 'S3', 'SQS', 'DynamoDB', 'control API', 'acceptor', 'processor'] as const;
export type Listener = (typeof LISTENERS)[number];

/** What ties the processes together; a value from elsewhere would break it. */
const OWN_VARIABLES = [
  'S3_FORCE_PATH_STYLE',
  'BUCKET',
  'UPLOADS_TABLE',
  'ACCESS_TABLE',
  'QUEUE_URL',
  'HOST',
  'PORT',
  'LOCAL_AWS_DATA',
  'LOCAL_AWS_S3_PORT',
  'LOCAL_AWS_SQS_PORT',
  'LOCAL_AWS_DYNAMODB_PORT',
  'LOCAL_AWS_CONTROL_PORT',
];

/** The services log nothing of an upload's course at these levels. */
const SILENT_LEVELS = ['warn', 'error'];

/** The settings of `make dev` can't be used; the message says which, and what is allowed. */
export class DevSettingsError extends Error {
  readonly code = 'DevSettingsError';
}

/**
 * Divides the caller's environment into what reaches the services and the names of what does not: everything of AWS, so that nothing
 * can reach a real account, what `make dev` sets itself, and a LOG_LEVEL that hides what it shows.
 */
export function callersEnv(env: NodeJS.ProcessEnv): { passed: Record<string, string>; left: string[] } {
  const passed: Record<string, string> = {};
  const left: string[] = [];
  for (const [name, value = ''] of Object.entries(env)) {
    const isHiding = name === 'LOG_LEVEL' && SILENT_LEVELS.includes(value);
    if (name.startsWith('AWS_') || OWN_VARIABLES.includes(name) || isHiding) left.push(name);
    else passed[name] = value;
  }
  return { passed, left: left.sort() };
}

/**
 * The ports of 127.0.0.1 that everything listens on: one after the other from DEV_PORT, by default 8090, so that they are the same at
 * each start.
 * @throws DevSettingsError when DEV_PORT is no port, or a port is taken: by name
 */
export async function devPorts(env: NodeJS.ProcessEnv): Promise<Record<Listener, number>> {
  const first = env.DEV_PORT ? Number(env.DEV_PORT) : FIRST_PORT;
  const highest = LAST_PORT - LISTENERS.length + 1;
  if (!Number.isInteger(first) || first < 1 || first > highest) {
    throw new DevSettingsError(
      `DEV_PORT: expected the first of ${LISTENERS.length} ports, from 1 to ${highest}, got ${JSON.stringify(env.DEV_PORT)}`,
    );
  }
  const ports = LISTENERS.map((listener, at) => [listener, first + at] as const);
  for (const [listener, port] of ports) {
    if (!(await isTaken(port))) continue;
    throw new DevSettingsError(
      `port ${port} of 127.0.0.1, which is for ${listener}, is taken: end what listens there, or choose other ports, for example DEV_PORT=${first === FIRST_PORT ? 9090 : FIRST_PORT} make dev`,
    );
  }
  return Object.fromEntries(ports) as Record<Listener, number>;
}
