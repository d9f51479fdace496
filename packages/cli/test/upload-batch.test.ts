// Several files of one command: side by side, and again after a stop.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { watchMessages } from '../../../test/support/command-messages.ts';
import { readPost, withServers } from '../../../test/support/form-servers.ts';
import { runCommand } from './command-stage.ts';

async function stage(t: Test, names: readonly string[]) {
  const servers = await withServers(t);
  const directory = t.testdir(Object.fromEntries(names.map((name) => [name, name])));
  const files = names.map((name) => join(directory, name));
  const record = join(directory, 'record');
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'key-1' };
  const upload = async (...args: string[]) => {
    const seen = await runCommand(['upload', ...args], { env });
    const { code, stdout, stderr } = seen;
    if (args[0] === '--record') messages.record(['upload --record'], { code, text: stdout + stderr });
    return seen;
  };
  const { issue } = servers;
  /** What the issuer knows of each upload, by its key; it revokes what is ISSUED. */
  const known = new Map<string, { state: string; sizeBytes?: number }>();
  const calls: string[] = [];
  servers.issue = (request: IncomingMessage, response: ServerResponse): unknown => {
    const [, id] = /^\/v1\/uploads\/([^/?]+)/.exec(request.url ?? '') ?? [];
    if (id === undefined) return issue(request, response);
    const upload = known.get(id) ?? { state: 'ISSUED' };
    calls.push(`${request.method} ${id} ${upload.state}`);
    if (request.method !== 'DELETE') return response.end(JSON.stringify({ id, ...upload }));
    if (upload.state !== 'ISSUED')
      return response.writeHead(409).end(JSON.stringify({ code: 'AlreadyClaimed', message: 'm' }));
    known.set(id, { state: 'REVOKED' });
    return response.writeHead(204).end();
  };
  const sent = () => servers.received.map(({ fileName }) => fileName).sort();
  return { servers, files, record, upload, known, calls, sent };
}

const messages = watchMessages();

/** S3 takes the whole file, and no response comes. */
function loses(servers: Awaited<ReturnType<typeof withServers>>, fileName: string) {
  const { take } = servers;
  servers.take = async (request, response) => {
    const post = await readPost(request);
    servers.received.push(post);
    if (post.fileName === fileName) request.socket.destroy();
    else response.writeHead(204).end();
  };
  return () => {
    servers.take = take;
  };
}

t.test('files are sent side by side, no more than --parallel says', async (t) => {
  for (const [parallel, args] of [
    [4, []],
    [2, ['--parallel', '2']],
    [1, ['--parallel', '1']],
  ] as const) {
    const { servers, files, upload } = await stage(t, ['a', 'b', 'c', 'd', 'e']);
    const { take } = servers;
    const all = Promise.withResolvers<void>();
    let atOnce = 0;
    let most = 0;
    servers.take = async (request, response) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      if (atOnce === parallel) all.resolve();
      await all.promise;
      await take(request, response);
      atOnce -= 1;
    };
    const seen = await upload(...args, ...files);
    t.equal(seen.code, 0, seen.stderr);
    t.equal(most, parallel);
    t.equal(seen.stdout.trim().split('\n').length, 5);
  }
});

t.test('the first file’s form comes before any other is asked for', async (t) => {
  const { servers, files, upload } = await stage(t, ['a', 'b', 'c']);
  servers.issue = (_, response) => response.writeHead(403).end('{"message":"Forbidden","code":"Forbidden"}');
  const seen = await upload(...files);
  t.equal(seen.code, 1);
  t.equal(servers.asked.length, 1);
  t.match(seen.stderr, /there is no form; not sent: .*b, .*c\n$/);
});

t.test('on a terminal each has a bar, and all together one', async (t) => {
  const { servers, files } = await stage(t, ['a', 'b']);
  const { take } = servers;
  const both = Promise.withResolvers<void>();
  let posts = 0;
  servers.take = async (request, response) => {
    posts += 1;
    if (posts === 2) both.resolve();
    await both.promise;
    await take(request, response);
  };
  let terminal = '';
  const write = (text: string) => {
    terminal += text;
  };
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'key-1' };
  const stderr = { write, isTTY: true, columns: 100, rows: 24 };
  const seen = await runCommand(['upload', ...files], { env, stderr, stdout: { write } });
  t.equal(seen.code, 0);
  t.match(terminal, /\ra {2}\[.*\n\rb {2}\[.*\n\r0 of 2 files {2}\[/);
  t.match(terminal, /\r1 of 2 files {2}\[/);
  // What the bars were drawn on is empty, and nothing stands behind a result.
  t.match(terminal, /stored as uploads\/name-\d at [^\n]*\n$/);
});

t.test('--record: what was stored is not sent again, unless it has changed', async (t) => {
  const { servers, files, record, upload, sent } = await stage(t, ['a', 'b']);
  const [a = '', b = ''] = files;
  t.match(await upload('--record', record, a), { code: 0 });
  const again = await upload('--record', record, a, b);
  t.match(again, { code: 0, stderr: '' });
  t.match(again.stdout, `${a} was stored before as uploads/name-1, and is not sent again\n`);
  t.strictSame(sent(), ['a', 'b']);
  t.notMatch(readFileSync(record, 'utf8'), /policy|key-1|signature/i);
  writeFileSync(a, 'longer');
  const [line] = (await upload('--record', record, '--json', a)).stdout.split('\n');
  t.match(JSON.parse(line ?? ''), { outcome: 'stored', key: 'uploads/name-3' });
  t.equal(servers.received.length, 3);
  const before = JSON.parse((await upload('--record', record, '--json', b)).stdout);
  t.strictSame(before, { file: b, outcome: 'stored', id: 'name-2', key: 'uploads/name-2', sizeBytes: 1 });
});

t.test('--record: an upload that may have come is revoked before the file is sent again', async (t) => {
  const { servers, files, record, upload, calls, sent } = await stage(t, ['a', 'b']);
  const restore = loses(servers, 'b');
  const stopped = await upload('--record', record, ...files);
  t.equal(stopped.code, 3);
  t.match(
    stopped.stderr,
    /1 of 2 files were stored\. Run the same command again, with --record .*: it sends only the others\n$/,
  );
  restore();
  // The line of a write that a crash cut off.
  appendFileSync(record, '{"file":"');
  calls.length = 0;
  t.match(await upload('--record', record, ...files), { code: 0, stdout: /b stored as uploads\/name-3/ });
  t.strictSame(calls.slice(-2), ['DELETE name-2 ISSUED', 'GET name-2 REVOKED']);
  t.strictSame(sent(), ['a', 'b', 'b']);
  t.match(await upload('--record', record, ...files), { code: 0 });
  t.equal(sent().length, 3);
});

t.test('--record: an upload that has come is not sent again', async (t) => {
  const { servers, files, record, upload, known, sent } = await stage(t, ['a']);
  const restore = loses(servers, 'a');
  t.match(await upload('--record', record, ...files), { code: 3 });
  restore();
  known.set('name-1', { state: 'ACCEPTED', sizeBytes: 1 });
  t.match(await upload('--record', record, ...files), {
    code: 0,
    stdout: /a was stored before as uploads\/name-1/,
  });
  t.strictSame(sent(), ['a']);
});

t.test('--record: an upload of another size is told, and the file sent with the next run', async (t) => {
  const { servers, files, record, upload, known, sent } = await stage(t, ['a']);
  const restore = loses(servers, 'a');
  await upload('--record', record, ...files);
  restore();
  known.set('name-1', { state: 'ACCEPTED', sizeBytes: 9 });
  const refused = await upload('--record', record, ...files);
  t.match(refused, {
    code: 1,
    stderr: /a file of 9 bytes was received as uploads\/name-1, and this one has 1/,
  });
  t.strictSame(sent(), ['a']);
  t.match(await upload('--record', record, ...files), { code: 0 });
  t.strictSame(sent(), ['a', 'a']);
});

t.test('--record: while the issuer can’t tell, nothing is sent', async (t) => {
  const { servers, files, record, upload, known, sent } = await stage(t, ['a']);
  const restore = loses(servers, 'a');
  await upload('--record', record, ...files);
  restore();
  known.set('name-1', { state: 'NEW' });
  const unknown = await upload('--record', record, ...files);
  t.match(unknown, {
    code: 3,
    stderr: /What an earlier run sent of it may have been stored\. Run the same command again later\./,
  });
  t.strictSame(sent(), ['a']);
});

t.test('every known message was said', async (t) => {
  messages.assertKnown(t, 'upload --record');
});
