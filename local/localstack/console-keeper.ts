import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type OwnConsole, startOwnConsole } from '../stack/start-console.ts';
import { createCompose } from './compose.ts';
import type { Ports } from './ports.ts';

/**
 * The process that keeps the console of `make local`: it writes the containers' logs to a folder, and runs `upload-once console`, which reads
 * them there. It gets its order from its parent by IPC, reports the address, and goes on without a parent. It ends when something connects to
 * its socket (`make local-down` does), when no service runs any more, or when the console ends. If its parent ends before the report, it
 * ends too.
 */
export interface KeeperOrder {
  readonly project: string;
  readonly ports: Ports;
  readonly folder: string;
  readonly socketPath: string;
  readonly consoleEnv: Readonly<Record<string, string>>;
}

export type KeeperReport = { readonly url: string } | { readonly problem: string };

/** LocalStack's own log tells of no upload. */
const SERVICES = ['url-issuer', 'acceptor', 'processor', 'webhook-sender'];

const asked = new AbortController();
const isAsked = once(asked.signal, 'abort');
const stop = () => asked.abort();
process.once('disconnect', stop).once('SIGTERM', stop);

const [order] = (await once(process, 'message')) as [KeeperOrder];
const { project, ports, folder, socketPath } = order;
const logFolder = join(folder, 'logs');
await mkdir(logFolder, { recursive: true });
// A keeper that was killed has left it; one that lives was ended by the caller.
await rm(socketPath, { force: true });
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.write(String(process.pid));
  stop();
}).listen(socketPath);
await once(server, 'listening');

const compose = createCompose({
  project,
  ports,
  forAcceptance: false,
  env: process.env,
  logFile: join(folder, 'commands.log'),
});
// An earlier container took its log with it: half of what became of an upload would mislead.
const logs = compose.followLogs(join(logFolder, 'containers.log'), new Date(), ...SERVICES);
let page: OwnConsole | undefined;
try {
  page = await startOwnConsole({
    env: { ...order.consoleEnv, UPLOAD_ONCE_LOG_FOLDER: logFolder },
    port: ports.console,
    logFolder: folder,
  });
  process.off('disconnect', stop);
  report({ url: page.url });
  await Promise.race([isAsked, logs.ended, page.process.ended]);
} catch (error) {
  report({ problem: (error as Error).message });
}
logs.stop();
await page?.process.stop();
await rm(socketPath, { force: true });
process.exit();

function report(what: KeeperReport): void {
  if (process.connected) process.send?.(what);
}
