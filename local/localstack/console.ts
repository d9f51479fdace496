import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockOf } from '../stack/lock.ts';
import type { KeeperOrder, KeeperReport } from './console-keeper.ts';
import type { Ports } from './ports.ts';

const KEEPER = fileURLToPath(new URL('console-keeper.ts', import.meta.url));
/** Longer than the console's own way to its end. */
const STOP_LIMIT_MS = 30_000;

/** The console could not be started, or does not end. */
export class ConsoleFailed extends Error {
  readonly code = 'ConsoleFailed';
  override readonly name = 'ConsoleFailed';
}

/**
 * Starts the console of a project. It goes on when this process ends, and ends with the containers, or by `stopConsole`. It reads what the
 * containers say from a folder, as that of `make dev` does.
 * @returns its address, with its token
 * @throws ConsoleFailed
 */
export async function startConsole(options: {
  readonly project: string;
  readonly ports: Ports;
  /** The project's folder: it gets the logs. */
  readonly folder: string;
  /** All that the console knows of the environment. */
  readonly consoleEnv: Readonly<Record<string, string>>;
  readonly env: NodeJS.ProcessEnv;
}): Promise<string> {
  const { project, ports, folder, consoleEnv, env } = options;
  const child = spawn(process.execPath, [KEEPER], {
    env,
    // Ctrl-C at the terminal does not reach it.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const order: KeeperOrder = { project, ports, folder, socketPath: socketOf(folder), consoleEnv };
  const report = Promise.race([
    once(child, 'message').then(([message]) => message as KeeperReport),
    once(child, 'exit').then(([code]): KeeperReport => ({ problem: `its keeper ended with ${code}` })),
  ]);
  child.send(order);
  const said = await report;
  child.unref();
  if ('problem' in said) throw new ConsoleFailed(`the console could not be started: ${said.problem}`);
  child.disconnect();
  return said.url;
}

/** Ends the console of a project, if there is one, and resolves when it has ended. @throws ConsoleFailed when it does not end */
export async function stopConsole(folder: string): Promise<void> {
  const socket = connect(socketOf(folder));
  try {
    await once(socket, 'connect');
  } catch {
    return;
  }
  await closed(socket);
}

/** The keeper closes the connection by its own end. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let pid = '';
    socket.setTimeout(STOP_LIMIT_MS, () => {
      reject(new ConsoleFailed(`the console does not end: end process ${pid || '(unknown)'} yourself`));
      socket.destroy();
    });
    socket.setEncoding('utf8').on('data', (text) => (pid += text));
    socket.on('error', () => {});
    socket.once('close', () => resolve());
  });
}

function socketOf(folder: string): string {
  return lockOf(join(folder, 'console'));
}
