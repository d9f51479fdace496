// The console of `make local`, beside a docker that is a script.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { eventually } from '../../../test/support/eventually.ts';
import { pathWith } from '../../../test/support/fake-programs.ts';
import { lockOf } from '../../stack/lock.ts';
import { freePorts, isTaken } from '../../stack/ports.ts';
import { createCompose } from '../compose.ts';
import { startConsole, stopConsole } from '../console.ts';
import type { KeeperOrder } from '../console-keeper.ts';
import { removeLocalStack } from '../start.ts';

const project = `upload-once-console-${process.pid}`;
const folder = fileURLToPath(new URL(`../../../.local/localstack/${project}`, import.meta.url));
const ID = 'report-20260101_000000-abc';
const LINE = JSON.stringify({
  time: new Date().toISOString(),
  service: 'processor',
  outcome: 'processed',
  uploadId: ID,
});
/** Its services said a line, and run on. */
const RUNNING = `case "$*" in
  *" logs --follow --no-color --no-log-prefix --since 20"*"Z url-issuer acceptor processor webhook-sender") echo '${LINE}'; exec /usr/bin/tail -f /dev/null;;
esac`;
const CONSOLE_ENV = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  BUCKET: 'upload-once',
  UPLOADS_TABLE: 'upload-once-uploads',
  UPLOAD_EVENTS_QUEUE_URL: 'http://127.0.0.1:9/000000000000/upload-once-upload-events',
  UPLOAD_ONCE_URL: 'http://127.0.0.1:9',
  UPLOAD_ONCE_API_KEY: 'key',
};

t.beforeEach(() => mkdir(folder, { recursive: true }));
t.teardown(() => rm(folder, { recursive: true, force: true }));

async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

function followCommand(): string[] {
  const logFile = join(folder, 'commands.log');
  return createCompose({ project, forAcceptance: false, env: {}, logFile }).followCommand(new Date());
}

async function start(t: Test, port: number, docker: string): Promise<string> {
  t.teardown(() => stopConsole(folder));
  const order = { follow: followCommand(), port, folder, consoleEnv: CONSOLE_ENV };
  return startConsole(order, { PATH: await pathWith(t, { docker }) });
}

async function ask(url: string): Promise<unknown> {
  const { origin, hash } = new URL(url);
  const headers = { authorization: `Bearer ${hash.replace('#token=', '')}` };
  return (await fetch(`${origin}/api/state`, { headers })).json();
}

t.test('it shows what the containers say, and ends before they are removed', async (t) => {
  const port = await freePort();
  const url = await start(t, port, RUNNING);
  t.match(url, new RegExp(`^http://127\\.0\\.0\\.1:${port}/#token=[\\w-]{43}$`));
  const state = await eventually(
    () => ask(url),
    (seen) => JSON.stringify(seen).includes(ID),
  );
  t.match(state, {
    isWritable: true,
    hasTrials: true,
    hasAudit: false,
    log: { name: join(folder, 'logs'), isFree: true },
    uploads: [{ uploadId: ID, processedMs: Number }],
  });
  const env = { PATH: await pathWith(t, { docker: 'exit 0' }), COMPOSE_PROJECT_NAME: project };
  for (const times of ['once', 'twice']) {
    await removeLocalStack(env);
    t.notOk(await isTaken(port), times);
  }
  t.notOk(existsSync(folder));
});

t.test('it ends with the containers', async (t) => {
  const port = await freePort();
  await start(t, port, 'exit 0');
  const isThere = await eventually(
    () => isTaken(port),
    (taken) => !taken,
  );
  t.notOk(isThere);
});

t.test('that it can’t be started is an error that says why, and leaves nothing', async (t) => {
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  t.teardown(() => other.close());
  await t.rejects(start(t, port, RUNNING), {
    code: 'ConsoleFailed',
    message: new RegExp(`^the console could not be started: [^]*port ${port} of 127\\.0\\.0\\.1 is taken`),
  });
  await stopConsole(folder);
});

t.test('it does not go on if its starter ends before it has the address', async (t) => {
  const port = await freePort();
  const keeper: ChildProcess = spawn(
    process.execPath,
    [fileURLToPath(new URL('../console-keeper.ts', import.meta.url))],
    {
      env: { PATH: await pathWith(t, { docker: RUNNING }) },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  t.teardown(() => keeper.kill('SIGKILL'));
  const socketPath = lockOf(t.testdir());
  const order: KeeperOrder = {
    follow: followCommand(),
    port,
    folder,
    socketPath,
    consoleEnv: CONSOLE_ENV,
  };
  keeper.send(order, () => keeper.disconnect());
  t.strictSame(await once(keeper, 'exit'), [0, null]);
  t.notOk(await isTaken(port));
  t.notOk(existsSync(socketPath));
});
