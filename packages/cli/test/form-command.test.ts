// A form that is handed on: printed by one command, used by another without an API key, by curl and by a page.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { watchMessages } from '../../../test/support/command-messages.ts';
import { policyUntil } from '../../../test/support/form-servers.ts';
import { EXPIRES_AT, startV1Server } from '../../../test/support/v1-server.ts';
import { runCommand } from './command-stage.ts';

const messages = watchMessages();
const KEY = `uo_0123456789abcdef_${'0'.repeat(48)}`;

async function stage(t: Test) {
  const servers = await startV1Server(t);
  const env = { UPLOAD_ONCE_URL: servers.issuerUrl, UPLOAD_ONCE_API_KEY: 'a-key-of-eight' };
  const fields = {
    key: "uploads/it's",
    'Content-Type': 'text/csv',
    'x-amz-meta-a': `"<&$(x)\`' b`,
    policy: policyUntil(EXPIRES_AT),
    'x-amz-signature': 'signed',
  };
  const id = "it's";
  const post = () => {
    const url = `${servers.issuerUrl}/bucket`;
    const body = { id, state: 'ISSUED', method: 'post', url, fields, expiresAt: EXPIRES_AT };
    servers.issuerResponse = { status: 201, headers: {}, body };
    servers.s3 = { status: 204, body: '' };
    return body;
  };
  const put = () => {
    servers.issuerResponse = { status: 201, headers: {}, body: servers.put() };
    servers.s3 = { status: 200, body: '' };
  };
  const run = async (command: string, args: readonly string[], harness: Parameters<typeof runCommand>[1]) => {
    const seen = await runCommand([command, ...args], harness);
    const name = args.includes('--form') ? 'upload --form' : command;
    messages.record([name], { code: seen.code, text: seen.stdout + seen.stderr });
    return seen;
  };
  const form = (...args: string[]) => run('form', args, { env });
  /** Without a key, and without the issuer's URL. */
  const upload = (args: readonly string[], stdin = '') =>
    run('upload', args, {
      env: {},
      stdin: (async function* () {
        yield Buffer.from(stdin);
      })(),
    });
  const directory = t.testdir({ 'a b.csv': 'hello' });
  return { servers, form, upload, fields, post, put, directory, file: join(directory, 'a b.csv') };
}

t.test('form asks for what it is told, and prints what the issuer gives', async (t) => {
  const { servers, form, post } = await stage(t);
  const body = post();
  const seen = await form(
    ...['--max-bytes', '7', '--sha256', 'ab'.repeat(32), '--filename', 'Zähler.csv', '--name', 'n'],
    ...['--metadata', 'a=b', '--expires', '60', '--success-redirect', 'https://www.example.com/'],
  );
  t.equal(seen.code, 0, seen.stderr);
  t.strictSame(JSON.parse(seen.stdout), body);
  t.match(seen.stderr, /^upload-once: everyone who has this form .* until 2030-01-02T03:04:05\.000Z\. .*\n$/);
  t.strictSame(JSON.parse(servers.asked[0]?.body ?? ''), {
    maxBytes: 7,
    sha256: 'ab'.repeat(32),
    filename: 'Zähler.csv',
    contentType: 'text/csv',
    name: 'n',
    metadata: { a: 'b' },
    expiresInSeconds: 60,
    successRedirect: 'https://www.example.com/',
  });
  await form('--content-type', 'none', '--filename', 'a.csv', '--success-status', '201');
  t.strictSame(JSON.parse(servers.asked[1]?.body ?? ''), { filename: 'a.csv', successStatus: 201 });
});

t.test('upload --form sends with it, without a key', async (t) => {
  const { servers, form, upload, post, put, directory, file } = await stage(t);
  const handed = join(directory, 'form.json');
  post();
  const { stdout } = await form();
  writeFileSync(handed, stdout);
  t.match(await upload(['--form', handed, file]), { code: 0, stdout: /a b\.csv stored as uploads\/it's/ });
  t.match(await upload(['--form', '-', file], stdout), { code: 0 });
  t.equal(servers.asked.filter(({ path }) => path === '/bucket').length, 2);
  put();
  const asked = await form('--method', 'put', '--bytes', '5');
  t.match(await upload(['--form', '-', file], asked.stdout), { code: 0, stdout: /stored as uploads\/a-x/ });
  t.equal(servers.asked.at(-1)?.method, 'PUT');
  t.equal(servers.asked.at(-1)?.body, 'hello');
  const { fields, url } = post();
  const plain = JSON.stringify({ url: { url, fields } });
  t.match(await upload(['--form', '-', file], plain), { code: 0 }, 'that of GET /getpresignedurl');
  t.ok(servers.asked.every(({ path, headers }) => path?.startsWith('/v1/') || !headers['x-api-key']));
});

t.test('where nothing proves what became of it, the one who gave the form is asked', async (t) => {
  const { servers, upload, post, file } = await stage(t);
  const form = JSON.stringify(post());
  servers.s3 = { status: 502, body: '' };
  const seen = await upload(['--form', '-', file], form);
  t.match(seen, { code: 3, stderr: /received as uploads\/it's\.\n$/ });
  t.notMatch(seen.stderr, 'upload-once status', 'it needs a key');
});

t.test('the script for curl sends the same', async (t) => {
  const { servers, form, fields, post, put, directory, file } = await stage(t);
  const script = join(directory, 'send.sh');
  const sh = (...args: string[]) => promisify(execFile)('sh', [script, ...args]);
  post();
  writeFileSync(script, (await form('--as', 'curl')).stdout);
  t.match((await sh(file)).stdout, /^HTTP\/1\.1 204 /m);
  const sent = servers.asked.at(-1)?.body ?? '';
  const parts = sent.split(/\r?\n?--[-\w]+(?:--)?\r\n/).filter(Boolean);
  t.strictSame(
    parts.slice(0, -1).map((part) => /name="([^"]*)"\r\n\r\n([\s\S]*)$/.exec(part)?.slice(1)),
    Object.entries(fields),
  );
  t.match(parts.at(-1), /name="file"; filename="a b\.csv"[\s\S]*\r\n\r\nhello$/);
  await t.rejects(sh(), { message: /usage: sh SCRIPT FILE/ });
  put();
  writeFileSync(script, (await form('--as', 'curl', '--method', 'put', '--bytes', '5')).stdout);
  await sh(file);
  t.match(servers.asked.at(-1), { method: 'PUT', body: 'hello', headers: { 'if-none-match': '*' } });
});

t.test('the page has each field before the file, and nothing of them as markup', async (t) => {
  const { form, fields, post } = await stage(t);
  post();
  const html = (await form('--as', 'html')).stdout;
  const inputs = [...html.matchAll(/<input type="(\w+)" name="([^"]*)"(?: value="([^"]*)")?/g)];
  const read = (text = '') => text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
  t.strictSame(
    inputs.map(([, type, name, value]) => [type, read(name), read(value)]),
    [...Object.entries(fields).map((field) => ['hidden', ...field]), ['file', 'file', '']],
  );
  t.notMatch(html, '<&', 'the metadata are no markup');
});

t.test('a browser does not stay on the page as it was, unless that is asked for', async (t) => {
  const { servers, form, post } = await stage(t);
  post();
  const redirect = ['--success-redirect', 'https://www.example.com/'];
  for (const [args, expected] of [
    [['--as', 'html'], { successStatus: 201 }],
    [['--as', 'html', '--success-status', '204'], { successStatus: 204 }],
    [['--as', 'html', ...redirect], { successRedirect: redirect[1] }],
    [[], {}],
  ] as const) {
    await form(...args);
    t.strictSame(JSON.parse(servers.asked.at(-1)?.body ?? ''), expected, args.join(' '));
  }
});

t.test('what can’t be done is named, and nothing sent', async (t) => {
  const { servers, form, upload, post, file } = await stage(t);
  const handed = JSON.stringify(post());
  for (const [args, says] of [
    [['--as', 'xml'], /--as takes json, html or curl, not "xml"/],
    [['--as', 'html', '--method', 'put', '--bytes', '1'], /--as html is for a form/],
    [['--bytes', '1', '--max-bytes', '2'], /--bytes is exact/],
    [['--max-bytes', 'x'], /--max-bytes takes a whole number of bytes, not "x"/],
    [['--success-status', '303'], /--success-status takes 200, 201 or 204/],
    [['file'], /form takes no FILE/],
    [[KEY], /an API key stands where a file/],
  ] as const) {
    const seen = await form(...args);
    t.equal(seen.code, 2, args.join(' '));
    t.match(seen.stderr, says);
  }
  for (const [args, stdin, says] of [
    [['--form', '-', file], '{', /standard input has no form, .*: it is no JSON/],
    [
      ['--form', '-', file],
      '{"url": "https://x"}',
      /standard input has no form, .*: "fields" is no JSON object/,
    ],
    [['--form', join(file, 'x'), file], '', /the form can't be read: ENOTDIR/],
    [['--form', '-', file, file], handed, /--form takes one FILE/],
    [['--form', '-', file, '--sha256'], handed, /--sha256 is for a form that is asked for/],
    [['--form', '-', file, '--expires', '9'], handed, /--expires is for a form that is asked for/],
    [['--form', '-', file, '--record', 'r'], handed, /--record is for a form that is asked for/],
    [['--form', '-', file, '--delay', '1'], handed, /--delay is for a form that is asked for/],
  ] as const) {
    const seen = await upload(args, stdin);
    t.equal(seen.code, 2, args.join(' '));
    t.match(seen.stderr, says);
  }
  t.strictSame(servers.asked, []);
});

t.test('without a form nothing is printed', async (t) => {
  const { servers, form } = await stage(t);
  servers.issuerResponse = { status: 400, headers: {}, body: { code: 'BadRequest', message: 'no' } };
  t.match(await form(), { code: 1, stdout: '' });
  const env = { UPLOAD_ONCE_URL: 'http://127.0.0.1:9', UPLOAD_ONCE_API_KEY: 'k' };
  const away = await runCommand(['form'], { env });
  t.match(away, { code: 1, stdout: '' });
  messages.record(['form'], { code: away.code, text: away.stderr });
  const interruptSignal = () => AbortSignal.abort(new Error('interrupted by SIGINT'));
  const interrupted = await runCommand(['form'], { env, interruptSignal });
  t.equal(interrupted.code, 130);
  messages.record(['form'], { code: interrupted.code, text: interrupted.stderr });
  const help = await form('--help');
  t.match(help.stdout, /^Usage: upload-once form/);
});

t.test('a file’s name is sent where the issuer takes it, and the type guessed by it', async (t) => {
  const { servers, post, directory } = await stage(t);
  const env = { UPLOAD_ONCE_URL: servers.issuerUrl, UPLOAD_ONCE_API_KEY: 'a-key-of-eight' };
  for (const [name, args, expected] of [
    ['Zähler.PDF', ['--name', 'n'], { name: 'n', filename: 'Zähler.PDF', contentType: 'application/pdf' }],
    ['a.docx', ['--content-type', 'guess'], { filename: 'a.docx', contentType: /wordprocessingml/ }],
    ['a.pdf', ['--content-type', 'none'], { filename: 'a.pdf', contentType: undefined }],
    ['a.pdf', ['--content-type', 'text/x'], { filename: 'a.pdf', contentType: 'text/x' }],
    ['no-type', ['--expires', '9'], { filename: 'no-type', contentType: undefined }],
    ['a\\b.csv', ['--expires', '9'], { filename: undefined, contentType: 'text/csv' }],
    ['a\u202eb.csv', ['--expires', '9'], { filename: undefined }],
    ['a.csv', ['--metadata', 'filename=b'], { filename: undefined, metadata: { filename: 'b' } }],
  ] as const) {
    post();
    const file = join(directory, name);
    writeFileSync(file, 'x');
    t.equal((await runCommand(['upload', file, ...args], { env })).code, 0, name);
    t.match(JSON.parse(servers.asked.at(-2)?.body ?? ''), expected);
  }
});

t.test('every known message was said', async (t) => {
  messages.assertKnown(t, 'form', 'upload --form');
  t.match(readFileSync(new URL('../MESSAGES.md', import.meta.url), 'utf8'), '\n## upload --form\n');
});
