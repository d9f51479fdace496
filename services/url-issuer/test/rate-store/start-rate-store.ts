import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';

export interface RateStore {
  readonly url: string;
  readonly port: number;
  /** Resolves when the process is gone and its port is closed. */
  stop(): Promise<void>;
  /** Empty, on the same port. */
  start(): Promise<void>;
}

const PROGRAMS = ['valkey-server', 'redis-server'];
const PASSWORD = 'a password of the store';

/** A real Valkey, or Redis, of this machine: in memory, on a free local port, with a password, which replicas have as well. */
export async function startRateStore(t: Test): Promise<RateStore> {
  const program = PROGRAMS.find((name) => spawnSync(name, ['--version']).status === 0);
  if (!program) throw new Error(`none of ${PROGRAMS.join(', ')} is there: apt-get install redis-server`);
  const port = await freePort();
  let server: ChildProcess | undefined;

  async function stop(): Promise<void> {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exit = once(server, 'exit');
    server.kill('SIGKILL');
    await exit;
  }

  async function start(): Promise<void> {
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    server = spawn(program ?? '', [...options, '--requirepass', PASSWORD, '--masterauth', PASSWORD], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: server.stdout ?? ([] as never) })) {
      if (/ready to accept connections/i.test(line)) return;
    }
    throw new Error(`${program} ended before it was ready`);
  }

  t.teardown(stop);
  await start();
  return { url: urlOf(port), port, stop, start };
}

/** A name that leads to one store or another: to which, is found out with each connection. */
export interface MovingName {
  readonly url: string;
  /** How many connections it has led so far. */
  connections(): number;
  /** Those that are there stay. */
  leadTo(store: RateStore): void;
}

/** Stands for the name of a cluster's primary, which leads to another node after a failover. */
export async function startMovingName(t: Test, first: RateStore): Promise<MovingName> {
  let { port } = first;
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    const store = connect(port, '127.0.0.1');
    for (const socket of [client, store]) socket.on('error', () => {});
    client.pipe(store).on('close', () => client.destroy());
    store.pipe(client).on('close', () => store.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return {
    url: urlOf((server.address() as AddressInfo).port),
    connections: () => connections,
    leadTo(store) {
      ({ port } = store);
    },
  };
}

function urlOf(port: number): string {
  return `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`;
}

/** Free now. If another process takes it before the server does, the server says so and ends. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
