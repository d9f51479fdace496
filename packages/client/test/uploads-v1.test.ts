// One server that plays the issuer's /v1 and S3's PUT; what it is asked is kept, what it answers a test decides.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { run } from '../src/cli.ts';
import { createUpload, getUpload, revokeUpload, uploadFile } from '../src/index.ts';
import { policyUntil, s3ErrorXml } from './form-servers.ts';

interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const EXPIRES_AT = '2030-01-02T03:04:05.000Z';
const PUT_HEADERS = { 'content-length': '5', 'if-none-match': '*', 'content-type': 'text/plain' };
const STATUS = {
  id: 'Zähler 1+1-x',
  state: 'PROCESSED',
  method: 'post',
  minBytes: 0,
  maxBytes: 9,
  metadata: { customer: 'A\u001b[31m' },
  issuedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: EXPIRES_AT,
  duplicates: 2,
  refused: 0,
  duplicatesRemoved: 2990,
  refusedRemoved: 0,
  leadTimeSeconds: 1.5,
};

async function stage(t: Test) {
  const asked: Asked[] = [];
  const servers = {
    asked,
    answer: { status: 200, body: '' as unknown, headers: {} as Record<string, string> },
    s3: { status: 200, body: '' },
    stored: 0,
    issuerUrl: '',
    apiKey: 'key-1',
    put: () => ({
      id: 'a-x',
      state: 'ISSUED',
      method: 'put',
      url: `${servers.issuerUrl}/bucket/uploads/a-x?X-Amz-Signature=s`,
      headers: PUT_HEADERS,
      expiresAt: EXPIRES_AT,
    }),
  };
  const server = createServer(async (request, response) => {
    const { method, url: path, headers } = request;
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    asked.push({ method, path, headers, body });
    if (method === 'PUT') servers.stored += 1;
    if (path?.startsWith('/bucket')) {
      response.writeHead(servers.s3.status, { etag: '"e1"', 'x-amz-version-id': 'v1' }).end(servers.s3.body);
      return;
    }
    const { answer } = servers;
    if (method === 'DELETE' && answer.status === 200) {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(answer.status, answer.headers);
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  servers.issuerUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const seen = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({
    write: (written: string) => {
      seen[name] += written;
    },
  });
  const cli = (...args: string[]) =>
    run(args, {
      stdin: (async function* () {})(),
      stdout: output('stdout'),
      stderr: output('stderr'),
      env: { UPLOAD_ONCE_URL: servers.issuerUrl, UPLOAD_ONCE_API_KEY: 'key-1' },
      now: () => new Date('2026-01-01T00:00:00Z'),
      randomBytes: (count) => new Uint8Array(count),
      loadAccess: async () => () => {
        throw new Error('no table here');
      },
      loadOperations: async () => () => {
        throw new Error('no bucket here');
      },
      sleep: async () => {},
      interruptSignal: () => new AbortController().signal,
    });
  return { servers, seen, cli };
}

t.test('an upload is asked for with what is wanted of it, and nothing else', async (t) => {
  const { servers } = await stage(t);
  const fields = { key: 'uploads/a-x', policy: policyUntil(EXPIRES_AT) };
  const body = {
    id: 'a-x',
    state: 'ISSUED',
    method: 'post',
    url: 'https://s3.test/',
    fields,
    expiresAt: EXPIRES_AT,
  };
  servers.answer = { status: 201, headers: {}, body };
  const wanted = { name: 'a', maxBytes: 7, metadata: { b: 'c' }, contentType: undefined };
  t.strictSame(
    await createUpload({ issuerUrl: servers.issuerUrl, apiKey: 'key-1', ...wanted, idempotencyKey: 'one' }),
    {
      id: 'a-x',
      state: 'ISSUED',
      form: { url: 'https://s3.test/', fields, key: 'uploads/a-x', expiresAt: new Date(EXPIRES_AT) },
    },
  );
  t.match(servers.asked, [
    {
      method: 'POST',
      path: '/v1/uploads',
      headers: { 'x-api-key': 'key-1', 'idempotency-key': 'one', 'content-type': 'application/json' },
    },
  ]);
  t.strictSame(JSON.parse(servers.asked[0]?.body ?? ''), { name: 'a', maxBytes: 7, metadata: { b: 'c' } });
});

t.test('a PUT is sent with just the signed headers, once', async (t) => {
  const { servers } = await stage(t);
  servers.answer = { status: 201, headers: {}, body: servers.put() };
  const { issuerUrl, apiKey } = servers;
  const { form } = await createUpload({ issuerUrl, apiKey, method: 'put', minBytes: 5, maxBytes: 5 });
  const file = { blob: new Blob(['hello']), name: 'hello.txt' };
  t.strictSame(await uploadFile({ form, file }), {
    status: 200,
    key: 'uploads/a-x',
    sizeBytes: 5,
    versionId: 'v1',
    eTag: 'e1',
  });
  const sent = servers.asked[1];
  t.match(sent, { method: 'PUT', path: '/bucket/uploads/a-x?X-Amz-Signature=s', body: 'hello' });
  const { host, connection, ...headers } = sent?.headers ?? {};
  t.ok(host && connection);
  t.strictSame(headers, PUT_HEADERS);
});

t.test('a PUT of another size is not sent at all', async (t) => {
  const { servers } = await stage(t);
  servers.answer = { status: 201, headers: {}, body: servers.put() };
  const { issuerUrl, apiKey } = servers;
  const { form } = await createUpload({ issuerUrl, apiKey, method: 'put' });
  const file = { blob: new Blob(['too long']), name: 'long.txt' };
  await t.rejects(uploadFile({ form, file }), {
    code: 'UploadNotSent',
    message: 'the URL is for a file of 5 bytes, long.txt has 8; nothing was sent',
  });
  t.equal(servers.asked.length, 1);
});

t.test('a PUT is not whole before its file has been found unchanged', async (t) => {
  const { servers } = await stage(t);
  servers.answer = { status: 201, headers: {}, body: servers.put() };
  const { issuerUrl, apiKey } = servers;
  const { form } = await createUpload({ issuerUrl, apiKey, method: 'put' });
  let handedOver = 0;
  let handedOverBeforeTheEnd: number | undefined;
  async function* growing() {
    yield Buffer.from('hel');
    yield Buffer.from('lo');
    handedOverBeforeTheEnd = handedOver;
    yield Buffer.from('!');
  }
  const file = { stream: growing(), name: 'log.txt', sizeBytes: 5 };
  const onProgress = ({ sentBytes }: { sentBytes: number }) => {
    handedOver = sentBytes;
  };
  await t.rejects(uploadFile({ form, file, onProgress }), { code: 'FileChanged' });
  t.equal(handedOverBeforeTheEnd, 3, 'the last bytes wait for the end');
  t.equal(servers.stored, 0, 'S3 never had it whole');
});

t.test('a PUT of nothing is a PUT', async (t) => {
  const { servers } = await stage(t);
  const put = { ...servers.put(), headers: { ...PUT_HEADERS, 'content-length': '0' } };
  servers.answer = { status: 201, headers: {}, body: put };
  const { issuerUrl, apiKey } = servers;
  const { form } = await createUpload({ issuerUrl, apiKey, method: 'put' });
  t.match(await uploadFile({ form, file: { blob: new Blob([]), name: 'empty' } }), {
    status: 200,
    sizeBytes: 0,
  });
});

t.test('a second PUT is refused in plain words', async (t) => {
  const { servers } = await stage(t);
  servers.answer = { status: 201, headers: {}, body: servers.put() };
  servers.s3 = { status: 412, body: s3ErrorXml('PreconditionFailed', 'At least one …') };
  const { issuerUrl, apiKey } = servers;
  const { form } = await createUpload({ issuerUrl, apiKey, method: 'put' });
  await t.rejects(uploadFile({ form, file: { blob: new Blob(['hello']), name: 'h' } }), {
    code: 'UploadRefused',
    status: 412,
    s3Code: 'PreconditionFailed',
    message: /something was uploaded with this URL before/,
  });
});

t.test('an upload is read and revoked by its id, whatever is in it', async (t) => {
  const { servers } = await stage(t);
  servers.answer = { status: 200, headers: {}, body: STATUS };
  t.strictSame(await getUpload(servers, 'Zähler 1+1-x'), STATUS);
  servers.answer = { status: 204, headers: {}, body: '' };
  t.equal(await revokeUpload(servers, '../x?y#z'), undefined);
  t.match(servers.asked, [
    { method: 'GET', path: '/v1/uploads/Z%C3%A4hler%201%2B1-x' },
    { method: 'DELETE', path: '/v1/uploads/..%2Fx%3Fy%23z', headers: { 'x-api-key': 'key-1' } },
  ]);
});

t.test('refusals say what the issuer said', async (t) => {
  const { servers } = await stage(t);
  const cases = [
    [400, 'BadRequest', '"maxBytes" is at most 7, not 8', 'RequestRefused'],
    [403, 'TooLargeForKey', '"maxBytes" is at most 7 for this key', 'RequestRefused'],
    [404, 'UploadNotFound', 'There is no such upload', 'RequestRefused'],
    [409, 'AlreadyClaimed', 'An upload has come already', 'RequestRefused'],
    [422, 'IdempotencyKeyReused', 'another body', 'RequestRefused'],
    [413, 'PayloadTooLarge', 'The body is too large', 'RequestRefused'],
    [414, 'URITooLong', 'URI Too Long', 'RequestRefused'],
    [415, 'UnsupportedMediaType', 'A body is JSON here', 'RequestRefused'],
    [431, 'RequestHeaderFieldsTooLarge', 'Request Header Fields Too Large', 'RequestRefused'],
    [503, 'ServiceUnavailable', 'Service Unavailable', 'IssuerUnavailable'],
  ] as const;
  for (const [status, code, message, type] of cases) {
    servers.answer = { status, headers: { 'retry-after': '2' }, body: { code, message } };
    const calls = [
      () => createUpload({ issuerUrl: servers.issuerUrl, apiKey: 'key-1' }),
      () => getUpload(servers, 'x'),
      () => revokeUpload(servers, 'x'),
    ];
    for (const call of calls) {
      const error = await call().catch((thrown: Error) => thrown);
      t.match(error, { code: type, status });
      if (type === 'RequestRefused') {
        t.match(error, { issuerCode: code });
        t.ok((error as Error).message.includes(message));
      }
    }
  }
  servers.answer = { status: 404, headers: {}, body: { code: 'NotFound', message: 'Not Found' } };
  await t.rejects(getUpload(servers, 'x'), { code: 'IssuerUnavailable', message: /with its path prefix/ });
});

t.test('what is refused before anybody reads it may come without a word', async (t) => {
  const { servers } = await stage(t);
  for (const status of [413, 414, 415, 431]) {
    servers.answer = { status, headers: {}, body: '' };
    const message = `the issuer refused the request (${status}): it gave no reason`;
    await t.rejects(getUpload(servers, 'x'), { code: 'RequestRefused', status, message });
  }
});

t.test('an idempotency key that no issuer takes is not sent', async (t) => {
  const { servers } = await stage(t);
  for (const idempotencyKey of ['', 'a\r\nb', 'a\n', ' a', 'a ', 'a\tb', 'Schlüssel', 'x'.repeat(256)]) {
    await t.rejects(createUpload({ issuerUrl: servers.issuerUrl, apiKey: 'key-1', idempotencyKey }), {
      code: 'InvalidArgument',
      message: /^idempotencyKey is 1 to 255 characters of printable ASCII .*, not "/,
    });
  }
  t.strictSame(servers.asked, []);
});

t.test('what is no such answer is not taken for one', async (t) => {
  const { servers } = await stage(t);
  const answers: unknown[] = [
    'no JSON',
    [],
    { ...servers.put(), url: 'ftp://x' },
    { ...servers.put(), headers: { a: 1 } },
    { ...servers.put(), expiresAt: 'soon' },
    { ...servers.put(), id: undefined },
    { ...servers.put(), method: 'post' },
  ];
  for (const body of answers) {
    servers.answer = { status: 201, headers: {}, body };
    await t.rejects(createUpload({ issuerUrl: servers.issuerUrl, apiKey: 'key-1' }), {
      code: 'IssuerUnavailable',
      message: /gave no upload: /,
    });
  }
});

t.test('the command uploads by PUT, with the file’s own size and checksum', async (t) => {
  const { servers, seen, cli } = await stage(t);
  servers.answer = { status: 201, headers: {}, body: servers.put() };
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
    minBytes: 5,
    maxBytes: 5,
    sha256: createHash('sha256').update('hello').digest('hex'),
  });
  t.match(seen.stdout, /hello\.txt stored as uploads\/a-x at .*, version v1/);
  t.notMatch(seen.stdout, 'Signature', 'with the signed URL anybody could upload');
});

t.test('the command tells what became of an upload', async (t) => {
  const { servers, seen, cli } = await stage(t);
  servers.answer = { status: 200, headers: {}, body: STATUS };
  t.equal(await cli('status', 'uploads/Zähler 1+1-x'), 0);
  t.equal(servers.asked[0]?.path, '/v1/uploads/Z%C3%A4hler%201%2B1-x');
  t.match(seen.stdout, /^state +PROCESSED$/m);
  t.match(seen.stdout, /^duplicates +2$/m);
  t.match(seen.stdout, /^metadata customer +A/m);
  t.notMatch(seen.stdout, '\u001b', 'nothing that a terminal would obey');
  seen.stdout = '';
  t.equal(await cli('status', 'x', '--json'), 0);
  t.strictSame(JSON.parse(seen.stdout), STATUS);
});

t.test('the command revokes an upload, or says why it can’t', async (t) => {
  const { servers, seen, cli } = await stage(t);
  servers.answer = { status: 200, headers: {}, body: { ...STATUS, id: 'a-x', state: 'REVOKED' } };
  t.equal(await cli('revoke', 'a-x'), 0);
  t.equal(seen.stdout, 'a-x is revoked. You can upload the file again: it gets a new form\n');
  servers.answer = { status: 409, headers: {}, body: { code: 'AlreadyClaimed', message: 'too late' } };
  t.equal(await cli('revoke', 'a-x'), 1);
  t.match(seen.stderr, /409 AlreadyClaimed\): too late/);
});

t.test('wrong usage is named, and nothing asked', async (t) => {
  const { servers, seen, cli } = await stage(t);
  const cases: [string[], RegExp][] = [
    [['status'], /name one upload, by its id/],
    [['revoke', 'a', 'b'], /name one upload, by its id/],
    [['status', 'a', '--force'], /--force/],
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
