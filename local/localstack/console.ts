import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockOf } from '../stack/lock.ts';
import type { KeeperOrder, KeeperReport } from './console-keeper.ts';
import { StartFailed } from './start-failed.ts';

const KEEPER = fileURLToPath(new URL('console-keeper.ts', import.meta.url));
/** Longer than the console's own way to its end. */
const STOP_LIMIT_MS = 30_000;

/**
 * Starts the console of a project. It goes on when this process ends, and ends with the containers, or by `stopConsole`. It reads what the
 * containers say from a folder, as that of `make dev` does.
 * @returns its address, with its token
 * @throws StartFailed ConsoleFailed
 */
export async function startConsole(
  order: Omit<KeeperOrder, 'socketPath'>,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  // Ctrl-C at the terminal does not reach it.
  const keeper = fork(KEEPER, { env, detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  keeper.send({ ...order, socketPath: socketOf(order.folder) } satisfies KeeperOrder);
  const report = await Promise.race([
    once(keeper, 'message').then(([message]) => message as KeeperReport),
    once(keeper, 'exit').then(([code]): KeeperReport => ({ problem: `its keeper ended with ${code}` })),
  ]);
  keeper.unref();
  if ('problem' in report)
    throw new StartFailed('ConsoleFailed', `the console could not be started: ${report.problem}`);
  keeper.disconnect();
  return report.url;
}

/**
 * Ends the console of a project, if there is one, and resolves when it has ended.
 * @throws StartFailed ConsoleFailed when it does not end
 */
export async function stopConsole(folder: string): Promise<void> {
  const socket = connect(socketOf(folder)).setEncoding('utf8');
  let pid = '(unknown)';
  let isLate = false;
  // The keeper closes the connection by its own end.
  const closed = new Promise<unknown>((resolve) => socket.once('close', resolve));
  socket.on('data', (text: string) => (pid = text)).on('error', () => {});
  socket.setTimeout(STOP_LIMIT_MS, () => {
    isLate = true;
    socket.destroy();
  });
  await closed;
  if (isLate) throw new StartFailed('ConsoleFailed', `the console does not end: end process ${pid} yourself`);
}

function socketOf(folder: string): string {
  return lockOf(join(folder, 'console'));
}
