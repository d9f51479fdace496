import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

const HOST = '127.0.0.1';

/** Ports of 127.0.0.1, each with the variable that chooses another one. */
export interface Ports {
  /** LOCALSTACK_PORT */
  readonly localstack: number;
  /** ISSUER_PORT */
  readonly issuer: number;
  /** CONSOLE_PORT */
  readonly console: number;
  /** SHORT_LIVED_ISSUER_PORT */
  readonly shortLivedIssuer: number;
  /** WEBHOOK_RECEIVER_PORT */
  readonly webhookReceiver: number;
}

export class InvalidPort extends Error {
  readonly code = 'InvalidPort';
  override readonly name = 'InvalidPort';
}

/** The ports that the environment chooses, no two alike. @throws InvalidPort naming the variable, or the two */
export function portsFrom(env: NodeJS.ProcessEnv): Ports {
  const ports = {
    localstack: portOf(env, 'LOCALSTACK_PORT', 4566),
    issuer: portOf(env, 'ISSUER_PORT', 8080),
    console: portOf(env, 'CONSOLE_PORT', 8083),
    shortLivedIssuer: portOf(env, 'SHORT_LIVED_ISSUER_PORT', 8081),
    webhookReceiver: portOf(env, 'WEBHOOK_RECEIVER_PORT', 8082),
  };
  const chosen = {
    LOCALSTACK_PORT: ports.localstack,
    ISSUER_PORT: ports.issuer,
    CONSOLE_PORT: ports.console,
  };
  const byPort = new Map<number, string>();
  for (const [variable, port] of Object.entries(chosen)) {
    const other = byPort.get(port);
    if (other !== undefined)
      throw new InvalidPort(`${other} and ${variable}: expected two ports, got ${port} for both`);
    byPort.set(port, variable);
  }
  return ports;
}

function portOf(env: NodeJS.ProcessEnv, variable: string, otherwise: number): number {
  const text = env[variable];
  if (!text) return otherwise;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new InvalidPort(`${variable}: expected a port from 1 to 65535, got "${text}"`);
}

/** Free ports. */
export async function freePorts(): Promise<Ports> {
  const servers = await Promise.all(Array.from({ length: 5 }, () => listen(0)));
  const [localstack = 0, issuer = 0, console = 0, shortLivedIssuer = 0, webhookReceiver = 0] = servers.map(
    (server) => (server.address() as AddressInfo).port,
  );
  await Promise.all(servers.map(close));
  return { localstack, issuer, console, shortLivedIssuer, webhookReceiver };
}

/** Whether a process listens on this port of 127.0.0.1, or this user may not listen on it. */
export async function isTaken(port: number): Promise<boolean> {
  try {
    await close(await listen(port));
    return false;
  } catch {
    return true;
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, HOST);
  await once(server, 'listening');
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
