// The command in this process, with a terminal, a clock and a wait that the test holds in its hands.
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import {
  createdUpload,
  policyUntil,
  readPost,
  s3ErrorXml,
  withServers,
} from '../../../test/support/form-servers.ts';
import { run } from '../src/cli.ts';
import type { CliIo } from '../src/cli-io.ts';
import { commandIo } from './command-stage.ts';

/** The line is empty and the cursor at its beginning. */
const CLEARED = '\r\x1b[K';

type Servers = Awaited<ReturnType<typeof withServers>>;

async function stage(test: { teardown(end: () => unknown): unknown }, terminal = false) {
  const servers = await withServers(test);
  const interrupt = new AbortController();
  const { io, seen } = commandIo({
    env: { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'key-1' },
    interruptSignal: () => interrupt.signal,
  });
  Object.assign(io.stderr, { isTTY: terminal, columns: 100 });
  return { servers, io, seen, interrupt, lines: () => seen.stdout.split('\n').filter(Boolean) };
}

function refuse(servers: Servers, status: number, xml: string) {
  servers.take = async (request, response) => {
    servers.received.push(await readPost(request));
    response.writeHead(status).end(xml);
  };
}

t.test('one file', async (t) => {
  const { servers, io, seen } = await stage(t);
  const file = join(t.testdir({ 'a.txt': 'hello' }), 'a.txt');
  t.equal(await run(['upload', file], io), 0);
  t.equal(
    seen.stdout,
    `${file} stored as uploads/name-1 at ${servers.url}/bucket, 5 bytes in 0.00 s, version version-1\n`,
  );
  t.equal(seen.stderr, '');
  t.match(servers.asked, [{ path: '/v1/uploads', apiKey: 'key-1' }]);
  t.match(servers.received, [{ fileName: 'a.txt', sizeBytes: 5 }]);
});

t.test('the form is asked for with the file’s name, and the type that the name says', async (t) => {
  const { servers, io } = await stage(t);
  const directory = t.testdir({ 'a.pdf': 'x', notes: 'y', 'b.csv': 'z' });
  const [pdf = '', notes = '', csv = ''] = ['a.pdf', 'notes', 'b.csv'].map((name) => join(directory, name));
  const cases: [string[], object][] = [
    [[pdf], { filename: 'a.pdf', contentType: 'application/pdf' }],
    [[pdf, '--content-type', 'guess'], { filename: 'a.pdf', contentType: 'application/pdf' }],
    [[pdf, '--content-type', 'none'], { filename: 'a.pdf' }],
    [[pdf, '--content-type', 'text/x'], { filename: 'a.pdf', contentType: 'text/x' }],
    [[pdf, '--metadata', 'filename=c'], { metadata: { filename: 'c' }, contentType: 'application/pdf' }],
    [[notes], { filename: 'notes' }],
    [[pdf, '--times', '2'], { filename: 'a.pdf', contentType: 'application/pdf' }],
    // Any of them could be the one that counts.
    [[pdf, csv, '--times', '2'], {}],
    [[pdf, csv, '--times', '2', '--content-type', 'text/x'], { contentType: 'text/x' }],
  ];
  for (const [args, body] of cases) {
    servers.asked.length = 0;
    t.equal(await run(['upload', ...args], io), 0, args.join(' '));
    t.strictSame(
      servers.asked.map((asked) => asked.body),
      [body],
      args.join(' '),
    );
  }
});

t.test(
  'an issuer that can’t respond is asked again for the same upload; S3 gets the file once',
  async (t) => {
    const { servers, io, seen } = await stage(t);
    const file = join(t.testdir({ 'a.txt': 'hello' }), 'a.txt');
    const { issue } = servers;
    let left = 2;
    servers.issue = (request, response) => {
      if (left === 0) return issue(request, response);
      left -= 1;
      return left === 1
        ? request.socket.destroy()
        : response.writeHead(503).end('{"message":"m","code":"c"}');
    };
    t.equal(await run(['upload', file], io), 0);
    t.equal(seen.slept.length, 2);
    t.equal(servers.asked.length, 3);
    t.match(servers.asked[0]?.idempotencyKey, /^[0-9a-f]{32}$/);
    for (const asked of servers.asked) t.strictSame(asked, servers.asked[0]);
    t.equal(servers.received.length, 1);

    const [first] = servers.asked.splice(0);
    t.equal(await run(['upload', file], io), 0);
    t.not(servers.asked[0]?.idempotencyKey, first?.idempotencyKey, 'another run is another upload');
  },
);

t.test('options go before the environment', async (t) => {
  const { servers, io } = await stage(t);
  const file = join(t.testdir({ a: 'x' }), 'a');
  const env = { UPLOAD_ONCE_URL: 'http://127.0.0.1:1', UPLOAD_ONCE_API_KEY: 'other' };
  t.equal(await run(['upload', '--url', `${servers.url}/p/`, '--key', 'mine', file], { ...io, env }), 0);
  t.match(servers.asked, [{ path: '/p/v1/uploads', apiKey: 'mine' }]);
});

t.test('several files get one form each', async (t) => {
  const { servers, io, lines } = await stage(t);
  const directory = t.testdir({ a: 'x', b: 'y', c: 'z' });
  t.equal(await run(['upload', ...['a', 'b', 'c'].map((name) => join(directory, name))], io), 0);
  t.equal(servers.asked.length, 3);
  t.equal(lines().length, 3);
  t.same(servers.received.map(({ fields }) => fields[0]?.[1]).sort(), [
    'uploads/name-1',
    'uploads/name-2',
    'uploads/name-3',
  ]);
});

t.test('--times with one file: the same form, the same file', async (t) => {
  const { servers, io, lines } = await stage(t);
  const file = join(t.testdir({ a: 'x' }), 'a');
  t.equal(await run(['upload', file, '--times', '3'], io), 0);
  t.equal(servers.asked.length, 1);
  t.match(servers.received, Array(3).fill({ fileName: 'a', fields: [['key', 'uploads/name-1']] }));
  t.equal(lines().length, 4);
  t.match(
    lines()[3],
    /S3 responded 204 to each of the 3 uploads with this form.*Only the first upload counts; the others are reported as duplicates\./,
  );
});

t.test('--times with as many files: the same form, one file after the other', async (t) => {
  const { servers, io, seen } = await stage(t);
  const directory = t.testdir({ a: 'x', b: 'yy' });
  t.equal(await run(['upload', '--times=2', join(directory, 'a'), join(directory, 'b'), '--json'], io), 0);
  t.equal(servers.asked.length, 1);
  t.match(servers.received, [
    { fileName: 'a', sizeBytes: 1, fields: [['key', 'uploads/name-1']] },
    { fileName: 'b', sizeBytes: 2, fields: [['key', 'uploads/name-1']] },
  ]);
  t.match(seen.stderr, /204 to each of the 2 uploads .*the other one is reported as a duplicate\./);
  t.same(
    seen.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    ['a', 'b'].map((name, at) => ({
      file: join(directory, name),
      outcome: 'stored',
      url: `${servers.url}/bucket`,
      status: 204,
      id: 'name-1',
      key: 'uploads/name-1',
      sizeBytes: at + 1,
      versionId: `version-${at + 1}`,
      eTag: `etag-${at + 1}`,
      location: `${servers.url}/bucket/uploads%2Fname`,
      seconds: 0,
    })),
  );
});

t.test('--delay waits after the form was received and before anything is sent', async (t) => {
  const { servers, io, seen } = await stage(t);
  const file = join(t.testdir({ a: 'x' }), 'a');
  const sleep: CliIo['sleep'] = async (seconds, signal) => {
    await io.sleep(seconds, signal);
    t.equal(servers.asked.length, 1);
    t.equal(servers.received.length, 0);
    refuse(servers, 403, s3ErrorXml('AccessDenied', 'Invalid according to Policy: Policy expired.'));
  };
  t.equal(await run(['upload', file, '--delay', '2.5'], { ...io, sleep }), 1);
  t.same(seen.slept, [2.5]);
  t.equal(seen.stdout, '');
  t.match(
    seen.stderr,
    /^upload-once: .*a: the form has expired \(it was good until 2030-01-02T03:04:05.000Z\): ask for a new one \(S3: 403 AccessDenied\)\n$/,
  );
});

t.test('--tamper-key sends another key than was signed', async (t) => {
  const { servers, io, seen } = await stage(t);
  const file = join(t.testdir({ a: 'x' }), 'a');
  refuse(
    servers,
    403,
    s3ErrorXml(
      'AccessDenied',
      'Invalid according to Policy: Policy Condition failed: [&quot;eq&quot;, &quot;$key&quot;]',
    ),
  );
  t.equal(await run(['upload', file, '--tamper-key', '--json'], io), 1);
  t.same(servers.received[0]?.fields[0], ['key', 'uploads/name-1-tampered']);
  t.match(
    seen.stderr,
    /^upload-once: .*\/a: a field of the form is not what was signed.*\(S3: 403 AccessDenied\)/,
  );
  t.match(JSON.parse(seen.stdout), {
    file,
    outcome: 'refused',
    id: 'name-1-tampered',
    key: 'uploads/name-1-tampered',
    code: 'UploadRefused',
    status: 403,
    s3Code: 'AccessDenied',
    s3Message: 'Invalid according to Policy: Policy Condition failed: ["eq", "$key"]',
    message: /not what was signed/,
  });
});

t.test('one refused file does not keep the next from being tried', async (t) => {
  const { servers, io, lines } = await stage(t);
  const directory = t.testdir({ a: 'x', b: 'y' });
  const take = servers.take;
  servers.take = async (request, response) => {
    servers.take = take;
    await readPost(request);
    response.writeHead(400).end(s3ErrorXml('EntityTooLarge', 'm'));
  };
  t.equal(await run(['upload', join(directory, 'a'), join(directory, 'b')], io), 1);
  t.equal(lines().length, 1);
  t.match(lines()[0], /b stored as uploads\/name-2/);
});

t.test('without a form the rest is not tried, and it says so', async (t) => {
  const { servers, io, seen } = await stage(t);
  const directory = t.testdir({ a: 'x', b: 'y', c: 'z' });
  servers.issue = (_, response) => response.writeHead(403).end('{"message":"Forbidden"}');
  t.equal(await run(['upload', ...['a', 'b', 'c'].map((name) => join(directory, name))], io), 1);
  t.equal(servers.asked.length, 1);
  t.match(seen.stderr, /a: the issuer refused the API key \(403 Forbidden\)/);
  t.match(seen.stderr, /there is no form; not sent: .*b, .*c\n$/);
});

t.test(
  'an unknown outcome: exit code 3; its form is not used again, another file gets another form',
  async (t) => {
    const { servers, io, seen } = await stage(t);
    const directory = t.testdir({ a: 'x', b: 'y' });
    const files = ['a', 'b'].map((name) => join(directory, name));
    servers.take = async (request) => {
      servers.received.push(await readPost(request));
      request.socket.destroy();
    };
    t.equal(await run(['upload', ...files, '--times', '2', '--json'], io), 3);
    t.equal(servers.received.length, 1);
    t.match(seen.stderr, /may or may not have been stored/);
    t.match(seen.stderr, /a form is not used again while it is unknown what became of it; not sent: .*b\n/);
    t.match(JSON.parse(seen.stdout), {
      outcome: 'unknown',
      id: 'name-1',
      code: 'UploadOutcomeUnknown',
    });
    t.equal(await run(['upload', ...files], io), 3);
    t.equal(servers.received.length, 3);
  },
);

t.test('--times where only some were stored says how many', async (t) => {
  const { servers, io, lines } = await stage(t);
  const file = join(t.testdir({ a: 'x' }), 'a');
  const take = servers.take;
  servers.take = async (request, response) => {
    await take(request, response);
    if (servers.received.length === 2) refuse(servers, 403, s3ErrorXml('AccessDenied', 'Policy expired'));
  };
  t.equal(await run(['upload', file, '--times', '3'], io), 1);
  t.match(lines()[2], /204 to 2 of the 3 uploads.*the other one is reported as a duplicate/);
});

t.test('files that can not be read are reported before a form is requested, all of them', async (t) => {
  const { servers, io, seen } = await stage(t);
  const directory = t.testdir({ a: 'x', folder: {} });
  const files = ['a', 'folder', 'missing'].map((name) => join(directory, name));
  t.equal(await run(['upload', ...files, '--json'], io), 1);
  t.match(seen.stderr, /folder is a directory.*\n.*missing does not exist\n.*no form was asked for/);
  t.match(
    seen.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { file: files[1], outcome: 'failed', code: 'FileUnusable' },
      { file: files[2], outcome: 'failed', code: 'FileUnusable' },
    ],
  );
  t.same(servers.asked, []);
});

t.test(
  'wrong usage: exit code 2, nothing is asked or sent, the fault and what is allowed are named',
  async (t) => {
    const { servers, io, seen } = await stage(t);
    const file = join(t.testdir({ a: 'x' }), 'a');
    const cases: [string[], RegExp, Partial<CliIo>?][] = [
      [['upload'], /name at least one file/],
      [['upload', file, '--times', '4'], /--times takes 2 or 3, not "4"/],
      [['upload', file, '--times', '1'], /--times takes 2 or 3, not "1"/],
      [['upload', file, file, '--times', '3'], /--times 3 takes 1 file or 3 files, not 2/],
      [['upload', file, '--parallel', '17'], /--parallel takes a whole number from 1 to 16, not "17"/],
      [['upload', file, '--parallel', '0'], /--parallel takes/],
      [['upload', file, '--record', 'r', '--times', '2'], /--record is for files that each have a form/],
      [['upload', file, '--record', file], /a is no record of uploads: --record names a new file/],
      [['upload', file, '--record', join(file, 'r')], /the record can't be used: ENOTDIR/],
      [['upload', file, '--delay', 'soon'], /--delay takes a number of seconds from 0 to 86400, not "soon"/],
      [['upload', file, '--delay=-1'], /--delay takes/],
      [['upload', file, '--delay', '86401'], /--delay takes/],
      [['upload', file, '--unknown'], /Unknown option '--unknown'/],
      [['upload', file, '--url'], /--url/],
      [['upload', file, '--url', 'nonsense'], /http or https URL, and the given value is not/],
      [
        ['upload', file],
        /URL is missing: set UPLOAD_ONCE_URL or give --url/,
        { env: { UPLOAD_ONCE_API_KEY: 'k' } },
      ],
      [
        ['upload', file],
        /API key is missing: set UPLOAD_ONCE_API_KEY or give --key/,
        { env: { UPLOAD_ONCE_URL: 'u', UPLOAD_ONCE_API_KEY: '' } },
      ],
      [['send', file], /no command "send"; there are: upload, form, link, status, revoke, keys/],
    ];
    for (const [args, says, other] of cases) {
      seen.stderr = '';
      t.equal(await run(args, { ...io, ...other }), 2, args.join(' '));
      t.match(seen.stderr, says);
      t.match(seen.stderr, /\nSee upload-once .*--help\n$/);
    }
    seen.stderr = '';
    t.equal(await run([], io), 2);
    t.match(seen.stderr, /^Usage: upload-once COMMAND/);
    t.equal(seen.stdout, '');
    t.same(servers.asked, []);
  },
);

t.test('help and version', async (t) => {
  const { io, seen } = await stage(t);
  for (const [args, says] of [
    [['--help'], /^Usage: upload-once COMMAND/],
    [['-h'], /^Usage: upload-once COMMAND/],
    [['help'], /^Usage: upload-once COMMAND/],
    [['upload', '--help'], /other\s+users of this machine can see a command line[\s\S]*130 {2}interrupted/],
    [['keys', '--help'], /upload-once keys create/],
    [['--version'], /^\d+\.\d+\.\d+\n$/],
  ] as const) {
    seen.stdout = '';
    t.equal(await run(args, io), 0);
    t.match(seen.stdout, says);
  }
  t.equal(seen.stderr, '');
});

t.test('keys: the exit code is the command’s own', async (t) => {
  const { io, seen } = await stage(t);
  t.equal(await run(['keys', 'create'], io), 2);
  t.match(seen.stderr, /--name is missing/);
});

t.test('a terminal gets a bar, and nothing of it is left behind', async (t) => {
  const { io, seen } = await stage(t, true);
  const file = join(t.testdir({ 'a.txt': 'hello' }), 'a.txt');
  t.equal(await run(['upload', file, '--tamper-key', '--delay', '1'], io), 0);
  t.match(
    seen.stderr,
    /The form is for uploads\/name-1; its key field now says uploads\/name-1-tampered\.\n/,
  );
  t.match(seen.stderr, /good until 2030-01-02T03:04:05.000Z; sending starts in 1 s\.\n/);
  t.match(seen.stderr, /a\.txt {2}\[-+\] {4}0 % {2}0\/5 bytes/);
  t.match(seen.stderr, /a\.txt {2}\[#+\] {2}100 % {2}5\/5 bytes/);
  t.ok(seen.stderr.endsWith(CLEARED));
  t.match(seen.stdout, /stored as/);
});

t.test('a terminal that can not move its cursor gets no bar', async (t) => {
  const { io, seen } = await stage(t, true);
  const file = join(t.testdir({ a: 'x' }), 'a');
  t.equal(await run(['upload', file], { ...io, env: { ...io.env, TERM: 'dumb' } }), 0);
  t.equal(seen.stderr, '');
});

t.test('a bar is taken away before a refusal is written', async (t) => {
  const { servers, io, seen } = await stage(t, true);
  refuse(servers, 403, s3ErrorXml('SignatureDoesNotMatch', 'm'));
  t.equal(await run(['upload', join(t.testdir({ a: 'x' }), 'a')], io), 1);
  t.match(seen.stderr.split(CLEARED).at(-1), /^upload-once: .*S3: 403 SignatureDoesNotMatch\)\n$/);
});

t.test('interrupted while it waits: nothing was sent, exit code 130', async (t) => {
  const { servers, io, seen, interrupt } = await stage(t);
  const directory = t.testdir({ a: 'x', b: 'y' });
  const sleep: CliIo['sleep'] = async (_, signal) => {
    interrupt.abort(new Error('interrupted by SIGINT'));
    signal.throwIfAborted();
  };
  const args = ['upload', join(directory, 'a'), join(directory, 'b'), '--delay', '9'];
  t.equal(await run(args, { ...io, sleep }), 130);
  t.match(
    seen.stderr,
    /a: interrupted before any of it was sent: nothing was stored\n.*interrupted; not sent: .*b\n$/,
  );
  t.same(servers.received, []);
});

t.test('interrupted while it sends: says how far it came, exit code 130', async (t) => {
  const { servers, io, seen, interrupt } = await stage(t, true);
  const file = join(t.testdir({ a: Buffer.alloc(64 * 1024 * 1024) }), 'a');
  servers.take = async (request) => {
    await once(request, 'readable');
    interrupt.abort(new Error('interrupted by SIGINT'));
  };
  t.equal(await run(['upload', file], io), 130);
  t.match(
    seen.stderr.split(CLEARED).at(-1),
    /^upload-once: .*a: the upload was interrupted\. About [\d.]+ \w+ of 64\.0 MiB were sent\. The file was not stored: .*Upload the file again\n$/,
  );
  t.equal(seen.stdout, '');
});

t.test('the response of a stranger can not steer the terminal', async (t) => {
  const { servers, io, seen } = await stage(t);
  servers.issue = (_, response) => {
    const fields = { key: 'uploads/\x1b[31mred', policy: policyUntil('2030-01-01T00:00:00Z') };
    response.writeHead(201).end(JSON.stringify(createdUpload({ url: `${servers.url}/b`, fields })));
  };
  t.equal(await run(['upload', join(t.testdir({ a: 'x' }), 'a')], io), 0);
  t.match(seen.stdout, /stored as uploads\/\?\[31mred at/);
});

t.test('a fault of our own is not dressed up as the file’s', async (t) => {
  const { io } = await stage(t);
  const sleep: CliIo['sleep'] = async () => {
    throw new TypeError('a bug');
  };
  await t.rejects(run(['upload', join(t.testdir({ a: 'x' }), 'a'), '--delay', '1'], { ...io, sleep }), {
    message: 'a bug',
  });
});
