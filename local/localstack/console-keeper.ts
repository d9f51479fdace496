import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OwnConsole, startOwnConsole } from '../stack/start-console.ts';

/**
 * The process that keeps the console of `make local`: it writes the containers' logs to a folder, and runs `upload-once console`, which reads
 * them there. It gets its order from its parent by IPC, reports the address, and goes on without a parent. It ends when something connects to
 * its socket (`make local-down` does), when no service runs any more, or when the console ends. If its parent ends before the report, it
 * ends too.
 */
export interface KeeperOrder {
  /** The command that prints the containers' logs until none runs any more, for the repository's folder. */
  readonly follow: readonly string[];
  readonly port: number;
  /** The project's folder: it gets the logs. */
  readonly folder: string;
  readonly socketPath: string;
  /** All that the console knows of the environment. */
  readonly consoleEnv: Readonly<Record<string, string>>;
}

export type KeeperReport = { readonly url: string } | { readonly problem: string };

const asked = new AbortController();
const isAsked = once(asked.signal, 'abort');
const stop = () => asked.abort();
process.once('disconnect', stop).once('SIGTERM', stop);

const [order] = (await once(process, 'message')) as [KeeperOrder];
const { folder, socketPath } = order;
const [program = '', ...args] = order.follow;
const logFolder = join(folder, 'logs');
mkdirSync(logFolder, { recursive: true });
// A keeper that was killed has left it; one that lives was ended by the caller.
rmSync(socketPath, { force: true });
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.write(String(process.pid));
  stop();
}).listen(socketPath);
await once(server, 'listening');

const output = openSync(join(logFolder, 'containers.log'), 'w', 0o600);
const cwd = fileURLToPath(new URL('../..', import.meta.url));
const logs = spawn(program, args, { cwd, stdio: ['ignore', output, output] });
closeSync(output);
const logsEnded = once(logs, 'close').catch(() => {});
let page: OwnConsole | undefined;
try {
  const env = { ...order.consoleEnv, UPLOAD_ONCE_LOG_FOLDER: logFolder };
  page = await startOwnConsole({ env, port: order.port, logFolder: folder });
  process.off('disconnect', stop);
  report({ url: page.url });
  await Promise.race([isAsked, logsEnded, page.process.ended]);
} catch (error) {
  report({ problem: (error as Error).message });
}
logs.kill();
await page?.process.stop();
rmSync(socketPath, { force: true });
process.exit();

function report(what: KeeperReport): void {
  if (process.connected) process.send?.(what);
}
