// The command as a process: its bin file, its streams, its signals.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { devNull } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startServers, withServers } from '../../../test/support/form-servers.ts';
import { startHostileServers } from '../../../test/support/hostile-servers.ts';
import { startDynamoDb } from '../../../test/support/start-access-table.ts';

const BIN = fileURLToPath(new URL('../bin/upload-once.mjs', import.meta.url));
const MIB = 1024 * 1024;

/** Of a command that finds DynamoDB there. */
function environmentOf(endpoint: string) {
  return {
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
  };
}

/** A file that can't be written to: the device that is always full, where there is one. */
function fullDisk(directory: string): number {
  if (existsSync('/dev/full')) return openSync('/dev/full', 'w');
  const file = join(directory, 'read-only');
  writeFileSync(file, '');
  return openSync(file, 'r');
}

/** With standard output to `output`, and its exit code and standard error. */
async function startInto(output: number, args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, UPLOAD_ONCE_URL: '', UPLOAD_ONCE_API_KEY: '', ...env },
    stdio: ['ignore', output, 'pipe'],
  });
  closeSync(output);
  const [stderr, [code]] = await Promise.all([text(child.stderr as Readable), once(child, 'close')]);
  return { stderr, code };
}

function start(args: string[], env: Record<string, string> = {}, nodeArgs: string[] = []) {
  const child = spawn(process.execPath, [...nodeArgs, ...args], {
    env: { ...process.env, UPLOAD_ONCE_URL: '', UPLOAD_ONCE_API_KEY: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr, [code, signal]]) => ({ stdout, stderr, code, signal }),
  );
  return { child, ended };
}

/** As `start`, by a line of the shell that has the command as $0 and what follows it. */
function startShell(line: string, args: string[], env: Record<string, string>) {
  const child = spawn('/bin/sh', ['-c', line, process.execPath, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr, [code]]) => ({ stdout, stderr, code }),
  );
}

t.test('uploads, with plain lines only where there is no terminal', async (t) => {
  const servers = await withServers(t);
  const file = join(t.testdir({ 'a.txt': 'hello' }), 'a.txt');
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' };
  const { stdout, stderr, code } = await start([BIN, 'upload', file], env).ended;
  t.equal(stderr, '');
  t.match(
    stdout,
    /^[^\n]*a\.txt stored as uploads\/name-1 at http:[^\n]*, 5 bytes in [\d.]+ s [^\n]*version version-1\n$/,
  );
  t.equal(code, 0);
  t.equal(servers.received.length, 1);
});

t.test('the exit code of wrong usage and of a failure', async (t) => {
  const closed = await startServers();
  await closed.close();
  const file = join(t.testdir({ a: 'x' }), 'a');
  t.match(await start([BIN, 'upload']).ended, { code: 2, stdout: '', stderr: /name at least one file/ });
  const failed = await start([BIN, 'upload', file], { UPLOAD_ONCE_URL: closed.url, UPLOAD_ONCE_API_KEY: 'k' })
    .ended;
  t.match(failed, {
    code: 1,
    stdout: '',
    stderr: /^upload-once: .*can't be reached: .*ECONNREFUSED[^\n]*\n$/,
  });
});

t.test('a reader that goes away does not end the uploads', async (t) => {
  const servers = await withServers(t);
  const file = join(t.testdir({ a: 'x' }), 'a');
  const { child, ended } = start([BIN, 'upload', file, '--times', '3'], {
    UPLOAD_ONCE_URL: servers.url,
    UPLOAD_ONCE_API_KEY: 'k',
  });
  child.stdout.destroy();
  // Its text breaks off with the stream.
  await ended.catch(() => {});
  if (child.exitCode === null) await once(child, 'exit');
  t.equal(servers.received.length, 3);
  t.equal(child.exitCode, 0);
});

t.test('a full disk behind standard output: exit code 5, and standard error has the result', async (t) => {
  const servers = await withServers(t);
  const directory = t.testdir({ a: 'x' });
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' };
  const args = [BIN, 'upload', join(directory, 'a'), '--json'];
  const seen = await startInto(fullDisk(directory), args, env);
  t.equal(seen.code, 5);
  t.match(seen.stderr, /could not be written \(\w+: .*what it was to say: \{.*"key":"uploads\/name-1"/);
  t.match(await startInto(fullDisk(directory), [BIN, '--help'], {}), {
    code: 5,
    stderr: /could not be written/,
  });
});

t.test(
  'a key whose value can not be written, to a full disk or a closed pipe, is not lost in silence',
  async (t) => {
    const db = await startDynamoDb(t);
    const env = environmentOf(db.endpoint);
    const args = [BIN, 'keys', 'create', '--name', 'n', '--table', await db.createTable()];
    const says =
      /: the key [0-9a-f]{16} was made, and its value is lost\. What to do now:\n1\. .* delete that file\..*\n2\. Delete the key:\n {5}upload-once keys delete [0-9a-f]{16} --table access-1\n3\. Choose an output that keeps the value, .*:\n {5}upload-once keys create --name n --table access-1\n$/;
    const full = await startInto(fullDisk(t.testdir({})), args, env);
    t.match(full, { code: 5, stderr: says });
    t.notMatch(full.stderr, 'It is shown', 'what is lost is not shown');
    const { child, ended } = start(args, env);
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.destroy();
    // Its text breaks off with the stream.
    await ended.catch(() => {});
    if (child.exitCode === null) await once(child, 'close');
    t.equal(child.exitCode, 5);
    t.match(stderr, says);
  },
);

t.test('a key that would be lost is not made: standard output closed, or the null device', async (t) => {
  const db = await startDynamoDb(t);
  const env = environmentOf(db.endpoint);
  const table = ['--table', await db.createTable()];
  const create = ['keys', 'create', '--name', 'n', ...table];
  const refused = {
    code: 2,
    stderr: /^upload-once keys: standard output is closed or goes to the null device\. /,
  };
  t.match(await startInto(openSync(devNull, 'w'), [BIN, ...create], env), refused);
  // A shell can start a process without a standard output, Node can't.
  const ended = startShell('exec "$0" "$@" >&-', [BIN, ...create], env);
  t.match(await ended, { ...refused, stdout: '' });
  t.match(await start([BIN, 'keys', 'list', '--json', ...table], env).ended, { code: 0, stdout: '' });
});

t.test('ends also where a connection is left that its other side keeps open', async (t) => {
  const servers = await startHostileServers();
  t.teardown(() => servers.close());
  servers.s3 = (socket) => socket.write('HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
  servers.status = { status: 200, body: { id: 'a', state: 'CLAIMED' } };
  const file = join(t.testdir({ a: 'x' }), 'a');
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' };
  const seen = await start([BIN, 'upload', file], env).ended;
  t.match(seen, {
    code: 0,
    stdout:
      / \(S3's response was 101; the issuer confirms that a file of this size was stored with this form: .*\)\n$/,
    stderr: '',
  });
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  t.test(`${signal} while sending: exit code 130, and what became of the upload`, async (t) => {
    const servers = await withServers(t);
    const file = join(t.testdir({ a: '' }), 'a');
    truncateSync(file, 256 * MIB);
    const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' };
    const { child, ended } = start([BIN, 'upload', file], env);
    servers.take = async (request) => {
      request.on('error', () => {});
      await once(request, 'readable');
      child.kill(signal);
    };
    const { stdout, stderr, code } = await ended;
    t.equal(stdout, '');
    t.match(
      stderr,
      /^upload-once: .*interrupted\. About [\d.]+ \w+ of 256\.0 MiB were sent\. The file was not stored: .*Upload the file again\n$/,
    );
    t.equal(code, 130);
  });
}

t.test('SIGINT while asking for a form: nothing was stored', async (t) => {
  const servers = await withServers(t);
  const file = join(t.testdir({ a: 'x' }), 'a');
  const { child, ended } = start([BIN, 'upload', file], {
    UPLOAD_ONCE_URL: servers.url,
    UPLOAD_ONCE_API_KEY: 'k',
  });
  servers.issue = () => child.kill('SIGINT');
  t.match(await ended, {
    code: 130,
    stdout: '',
    stderr: /interrupted before any of it was sent: nothing was stored\n$/,
  });
});

t.test('keys is there, and its table is opened as the environment says', async (t) => {
  const closed = await startServers();
  await closed.close();
  const env = {
    ...environmentOf(closed.url),
    AWS_MAX_ATTEMPTS: '1',
  };
  const ended = await start([BIN, 'keys', 'create', '--name', 'n'], env).ended;
  t.match(ended, { code: 1, stdout: '', stderr: /the table "access" could not be used: .*ECONNREFUSED/ });
});

t.test('an older Node is told which one is needed', async (t) => {
  const pretend =
    'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.11.0"}})';
  const ended = await start([BIN, '--version'], {}, ['--import', pretend]).ended;
  t.match(ended, {
    code: 1,
    stdout: '',
    stderr: 'upload-once needs Node >=24.0.0, this is Node 20.11.0\n',
  });
});

/** For `--import`: this machine's clock is an hour ahead. */
const HOUR_AHEAD = `data:text/javascript,${encodeURIComponent(`
  const { now } = Date;
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...given) { super(...(given.length > 0 ? given : [now() + 3_600_000])); }
    static now() { return now() + 3_600_000; }
  };
`)}`;

t.test('keys rotate on a machine whose clock is ahead: the old value ends by the table’s time', async (t) => {
  const db = await startDynamoDb(t);
  const env = {
    ...environmentOf(db.endpoint),
    UPLOAD_ONCE_ACCESS_TABLE: await db.createTable(),
  };
  const keys = (...args: string[]) => start([BIN, 'keys', ...args], env, ['--import', HOUR_AHEAD]).ended;
  const keyId = /key ([0-9a-f]{16})/.exec((await keys('create', '--name', 'n')).stderr)?.[1] ?? '';
  const { code, stderr } = await keys('rotate', keyId, '--old-hours', '0.5');
  t.equal(code, 0);
  const untilMs = Date.parse(/works until (\S+)\./.exec(stderr)?.[1] ?? '') - Date.now();
  t.ok(untilMs > 0 && untilMs <= 1_801_000, `for ${untilMs} ms`);
  const [listed] = (await keys('list', '--json')).stdout.split('\n');
  t.equal(JSON.parse(listed ?? '').values.length, 2, 'both work, and it is said so');
  t.match(await keys('rotate', keyId, '--remove', 'old'), { code: 0 });
});

/** DynamoDB as far as a Scan for keys goes, with so many of them. */
async function startTableOfKeys(test: { teardown(end: () => unknown): unknown }, count: number) {
  const attributes = (at: number) => ({
    id: { S: `key#${String(at).padStart(16, '0')}` },
    item: { S: 'key' },
    schemaVersion: { N: '1' },
    name: { S: `the holder of key ${at}` },
    ratePerSecond: { N: '10' },
    burst: { N: '20' },
    createdAt: { S: '2030-01-01T00:00:00.000Z' },
    enabled: { BOOL: true },
    secrets: { L: [] },
    secretsVersion: { N: '1' },
  });
  const Items = Array.from({ length: count }, (_, at) => attributes(at));
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ Items, Count: count, ScannedCount: count }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const AWS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

t.test('a result larger than a pipe holds is complete, however slowly it is read', async (t) => {
  const count = 3_000;
  const env = { ...AWS, AWS_ENDPOINT_URL_DYNAMODB: await startTableOfKeys(t, count) };
  const child = spawn(process.execPath, [BIN, 'keys', 'list', '--json'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.all([text(child.stderr), once(child, 'close')]);
  let stdout = '';
  // A reader that does much else before it takes more; what it has not taken fills the pipe.
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    stdout += chunk;
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  const [stderr, [code]] = await ended;
  t.equal(stderr, '');
  t.equal(code, 0);
  t.ok(stdout.length > 400_000, `${stdout.length} characters`);
  const lines = stdout.trimEnd().split('\n');
  t.equal(lines.length, count);
  t.match(JSON.parse(lines.at(-1) ?? ''), { name: `the holder of key ${count - 1}` });
});
