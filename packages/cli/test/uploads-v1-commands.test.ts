// The commands that use the issuer's /v1.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { watchMessages } from '../../../test/support/command-messages.ts';
import { STATUS, startV1Server } from '../../../test/support/v1-server.ts';
import { runCommand } from './command-stage.ts';

async function stage(t: Test) {
  const servers = await startV1Server(t);
  const seen = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({ write: (text: string) => (seen[name] += text) });
  const env = { UPLOAD_ONCE_URL: servers.issuerUrl, UPLOAD_ONCE_API_KEY: servers.apiKey };
  const harness = { env, stdout: output('stdout'), stderr: output('stderr') };
  const cli = async (...args: string[]) => (await runCommand(args, harness)).code;
  return { servers, seen, cli, harness };
}

t.test('the command uploads by PUT, with the file’s own size and checksum', async (t) => {
  const { servers, seen, cli } = await stage(t);
  servers.issuerResponse = { status: 201, headers: {}, body: servers.put() };
  const file = join(t.testdir({}), 'hello.txt');
  await writeFile(file, 'hello');
  const wanted = ['--content-type', 'text/plain', '--metadata', 'a=b=c', '--name', 'a', '--expires', '60'];
  t.equal(await cli('upload', file, '--method', 'put', '--sha256', ...wanted), 0, seen.stderr);
  t.strictSame(JSON.parse(servers.asked[0]?.body ?? ''), {
    method: 'put',
    name: 'a',
    contentType: 'text/plain',
    metadata: { a: 'b=c' },
    expiresInSeconds: 60,
    filename: 'hello.txt',
    minBytes: 5,
    maxBytes: 5,
    sha256: createHash('sha256').update('hello').digest('hex'),
  });
  t.match(seen.stdout, /hello\.txt stored as uploads\/a-x at .*, version v1/);
  t.notMatch(seen.stdout, 'Signature', 'everyone who reads the signed URL could upload');
});

t.test('the command shows what became of an upload', async (t) => {
  const { servers, seen, cli } = await stage(t);
  const status = { ...STATUS, id: 'Zähler 1+1-x' };
  servers.issuerResponse = { status: 200, headers: {}, body: status };
  t.equal(await cli('status', 'uploads/Zähler 1+1-x'), 0);
  t.equal(servers.asked[0]?.path, '/v1/uploads/Z%C3%A4hler%201%2B1-x');
  t.match(seen.stdout, /^state +PROCESSED$/m);
  t.match(seen.stdout, /^duplicates +2$/m);
  t.match(seen.stdout, /^metadata customer +A/m);
  t.notMatch(seen.stdout, '\u001b', 'nothing that a terminal would obey');
  const sharded = `a-20260101_000000-k${'a'.repeat(24)}b`;
  await cli('status', `uploads/k/${sharded}`);
  t.equal(servers.asked[1]?.path, `/v1/uploads/${sharded}`, 'without the shard, which would have a slash');
  seen.stdout = '';
  t.equal(await cli('status', status.id, '--json'), 0);
  t.strictSame(JSON.parse(seen.stdout), status);
  const file = join(t.testdir({ a: 'x' }), 'a');
  const facts = { ...status, sizeBytes: 1 };
  const sha256 = createHash('sha256').update('x').digest('hex');
  for (const [received, isThisFile] of [
    [{ ...facts, sha256 }, true],
    [{ ...facts, sizeBytes: 2, sha256 }, false],
    [{ ...facts, sha256: undefined }, null],
    [{ ...facts, state: 'ISSUED', sha256 }, null],
  ] as const) {
    servers.issuerResponse = { status: 200, headers: {}, body: received };
    seen.stdout = '';
    t.equal(await cli('status', status.id, '--json', '--file', file), 0);
    t.equal(JSON.parse(seen.stdout).isThisFile, isThisFile);
  }
});

t.test('--watch shows each state, and ends with the last one and its exit code', async (t) => {
  const { servers, seen, harness } = await stage(t);
  const watch = async (states: string[], ...args: string[]) => {
    const next = () => {
      servers.issuerResponse = {
        status: 200,
        headers: {},
        body: { ...STATUS, id: 'a', state: states.shift() },
      };
    };
    next();
    Object.assign(seen, { stdout: '', stderr: '' });
    // Called where the response to a request that would wait came at once.
    const { code } = await runCommand(['status', 'a', '--watch', ...args], {
      ...harness,
      sleep: async () => next(),
    });
    if (args.length === 0) messages.record(['status --watch'], { code, text: seen.stdout + seen.stderr });
    return code;
  };
  const messages = watchMessages();
  t.equal(await watch(['ISSUED', 'CLAIMED', 'ACCEPTED', 'PROCESSED']), 0);
  t.match(seen.stdout, /^ISSUED\nCLAIMED\nACCEPTED\nid +a\nstate +PROCESSED\n/);
  t.match(seen.stderr, /^PROCESSED: a file was received/);
  t.match(servers.asked.at(-1)?.path, '/v1/uploads/a?wait=20&state=ACCEPTED');
  t.equal(await watch(['PROCESSING', 'FAILED'], '--json'), 1);
  t.strictSame(
    seen.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).state),
    ['PROCESSING', 'FAILED'],
  );
  t.equal(await watch(['ISSUED', 'REVOKED']), 1);
  t.match(seen.stderr, /^REVOKED: no file/);
  t.equal(await watch(['PROCESSED']), 0);
  t.equal(await watch(['PROCESSING', 'FAILED']), 1);
  messages.assertKnown(t, 'status --watch');
});

t.test('the command revokes an upload, or says why it can’t', async (t) => {
  const { servers, seen, cli } = await stage(t);
  servers.issuerResponse = { status: 200, headers: {}, body: { ...STATUS, id: 'a-x', state: 'REVOKED' } };
  t.equal(await cli('revoke', 'a-x'), 0);
  t.equal(
    seen.stdout,
    'a-x is revoked. No file that was sent with this form counts, even if S3 stored it. Keep your file, and upload it again: it gets a new form\n',
  );
  servers.issuerResponse = {
    status: 409,
    headers: {},
    body: { code: 'AlreadyClaimed', message: 'too late' },
  };
  t.equal(await cli('revoke', 'a-x'), 1);
  t.match(seen.stderr, /409 AlreadyClaimed\): too late/);
});

t.test('wrong usage is named, and nothing asked', async (t) => {
  const { servers, seen, cli } = await stage(t);
  const cases: [string[], RegExp][] = [
    [['status'], /name one upload, by its id/],
    [['revoke', 'a', 'b'], /name one upload, by its id/],
    [['status', 'a', '--force'], /--force/],
    [['revoke', 'a', '--file', 'f'], /--file is for status/],
    [['revoke', 'a', '--watch'], /--watch is for status/],
    [['upload', 'f', '--method', 'PUT'], /--method takes post or put, not "PUT"/],
    [['upload', 'f', '--metadata', 'a'], /--metadata takes NAME=VALUE, not "a"/],
    [['upload', 'f', '--expires', '0'], /--expires takes a whole number of seconds from 1 up, not "0"/],
    [['upload', 'f', '--method', 'put', '--tamper-key'], /--tamper-key changes a form/],
    [['upload', 'f', 'g', '--times', '2', '--sha256'], /--sha256 is of one file/],
    [['status', 'a', '--url', 'ftp://x'], /http or https URL/],
  ];
  for (const [args, says] of cases) {
    seen.stderr = '';
    t.equal(await cli(...args), 2, args.join(' '));
    t.match(seen.stderr, says);
  }
  t.strictSame(servers.asked, []);
  for (const command of ['status', 'revoke']) {
    seen.stdout = '';
    t.equal(await cli(command, '--help'), 0);
    t.match(seen.stdout, `Usage: upload-once ${command} ID`);
  }
});
