import { isTaken } from '../ports.ts';

const FIRST_PORT = 8090;
const LAST_PORT = 65_535;

/** What listens, in the order of the ports; the last one only if there are webhooks. */
const LISTENERS = [
  'url-issuer',
  'S3',
  'SQS',
  'DynamoDB',
  'control API',
  'acceptor',
  'processor',
  'traces',
  'console',
  'webhook-sender',
] as const;
export type Listener = (typeof LISTENERS)[number];

/** Variables that connect the processes with each other. */
const OWN_VARIABLES = [
  'S3_FORCE_PATH_STYLE',
  'BUCKET',
  'UPLOADS_TABLE',
  'ACCESS_TABLE',
  'REPORT_QUEUE_URLS',
  'WEBHOOK_QUEUE_URL',
  'QUEUE_URL',
  'HOST',
  'PORT',
  'LOCAL_AWS_DATA',
  'LOCAL_AWS_S3_PORT',
  'LOCAL_AWS_SQS_PORT',
  'LOCAL_AWS_DYNAMODB_PORT',
  'LOCAL_AWS_CONTROL_PORT',
  'SAVE_TO_FOLDER',
];

/** At these levels the services do not log the steps of an upload. */
const SILENT_LEVELS = ['warn', 'error'];

/** A setting of `make dev` is wrong. The message names it and says what is allowed. */
class DevSettingsError extends Error {
  readonly code = 'DevSettingsError';
}

/**
 * Divides the caller's environment into the variables that are passed to the services and the names of those that are left out: all
 * that begin with `AWS_`, so that the services can't reach a real account; those that `make dev` sets itself; and a LOG_LEVEL that would
 * leave nothing to show.
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

/** Whether the caller has configured webhooks. */
export function hasWebhooks({ WEBHOOKS, WEBHOOKS_FILE }: NodeJS.ProcessEnv): boolean {
  return Boolean(WEBHOOKS || WEBHOOKS_FILE);
}

/**
 * The ports on 127.0.0.1: consecutive numbers that begin with DEV_PORT (default 8090), so that they are the same at each start.
 * @throws DevSettingsError if DEV_PORT is not a port, or if a port is taken
 */
export async function devPorts(env: NodeJS.ProcessEnv): Promise<Record<Listener, number>> {
  const first = env.DEV_PORT ? Number(env.DEV_PORT) : FIRST_PORT;
  const listeners = hasWebhooks(env) ? LISTENERS : LISTENERS.slice(0, -1);
  const highest = LAST_PORT - listeners.length + 1;
  if (!Number.isInteger(first) || first < 1 || first > highest) {
    throw new DevSettingsError(
      `DEV_PORT: expected the first of ${listeners.length} ports, from 1 to ${highest}, got ${JSON.stringify(env.DEV_PORT)}`,
    );
  }
  const ports = listeners.map((listener, at) => [listener, first + at] as const);
  for (const [listener, port] of ports) {
    if (!(await isTaken(port))) continue;
    throw new DevSettingsError(
      `port ${port} of 127.0.0.1, which is for ${listener}, is taken: end what listens there, or choose other ports, for example DEV_PORT=${first === FIRST_PORT ? 9090 : FIRST_PORT} make dev`,
    );
  }
  return Object.fromEntries(ports) as Record<Listener, number>;
}
