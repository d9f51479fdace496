// What `upload` says and does about every response of S3 and the issuer, held to the known messages. A new response is one line.
import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { MESSAGES } from '../../../scripts/command-messages.ts';
import { messagesIn } from '../../../test/support/command-messages.ts';
import { s3ErrorXml } from '../../../test/support/form-servers.ts';
import {
  dripping,
  type IssuerResponse,
  type Moment,
  type Responder,
  raw,
  resetting,
  silent,
  startHostileServers,
} from '../../../test/support/hostile-servers.ts';
import { ExitCode } from '../src/exit-code.ts';
import { OutputFailed } from '../src/output-failed.ts';
import { runCommand } from './command-stage.ts';

const docs = readFileSync(new URL('../../../docs/client.md', import.meta.url), 'utf8');
const covered = new Set<string>();

/** Which of the known messages the command said. */
function messagesOf(code: number, said: string): string[] {
  const fitting = messagesIn('upload', code, said);
  for (const message of fitting) covered.add(message);
  return fitting;
}

const PAGE = '<!doctype html><html><body>Log in</body></html>';
const JSON_TYPE = { 'content-type': 'application/json' };
const s3Error = (status: string, code: string, message = 'm', extra = '') =>
  raw(status, s3ErrorXml(code, message, extra), { 'content-type': 'application/xml' });
const issuerError = (status: string, code: string, headers: Record<string, string> = {}) =>
  raw(status, JSON.stringify({ code, message: `about ${code}` }), { ...JSON_TYPE, ...headers });

interface Case {
  readonly s3?: Responder;
  readonly moment?: Moment;
  readonly issuer?: Responder;
  /** What `GET /v1/uploads/{id}` says of the upload. */
  readonly state?: string;
  readonly sizeBytes?: number;
  /** The whole response to that, where it is none about an upload. */
  readonly status?: IssuerResponse;
  /** Everything goes through HTTP_PROXY, which is the same servers. */
  readonly proxied?: true;
  readonly fields?: Record<string, string>;
  readonly conditions?: unknown[];
  readonly args?: readonly string[];
  readonly fileBytes?: number;
  readonly code: number;
  /** S3 said enough: the issuer is not asked. */
  readonly unasked?: true;
  /** Beyond the known messages. */
  readonly says?: RegExp;
}

const ALL_SENT = /\. Everything was sent: /;
/** A success response that S3 does not give. */
const NOT_BY_S3 =
  /: the response was 2\d\d( \w+)?\. S3 never responds so to an upload, so it does not tell whether the file was stored\. .* proxy or a login page\. Everything was sent: /;
/** The cases with it run side by side. It is no test of speed: a slow machine only takes longer. */
const ENDS_SOON = ['--timeout', '3'];
const BY_ISSUER =
  /a\.txt stored as .*, 5 bytes \(S3's response was 504; the issuer confirms that a file of this size was stored with this form: do not upload it again\. Next time, --sha256 proves that it is this file\)\n$/;
const HOW_TO_ASK =
  /\nKeep your file\. Do not upload it again, and do not run revoke, before status says so\. Run status:\n {2}upload-once status uploads\/a --file \S+(?:a\.txt|big)\nIt compares your file with the received one, .* ask the people who run the service, with the id uploads\/a\. Do not upload the file before they have responded\.\n(?:If you sent the file only once, .*\n)?$/;
const SHA256 = { 'X-Amz-Checksum-Sha256': 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=' };
const BIG = 24 * 1024 * 1024;

const TWO_RESPONSES = 'HTTP/1.1 204 x\r\n\r\nHTTP/1.1 403 x\r\nContent-Length: 0\r\n\r\n';

const CASES: Readonly<Record<string, Case>> = {
  'S3 stores it': { s3: raw('204 No Content'), code: 0 },

  // Not stored, though it was said to be.
  '200 with a login page': { s3: raw('200 OK', PAGE), code: 3, says: NOT_BY_S3 },
  '200 with an error': { s3: s3Error('200 OK', 'InternalError'), code: 3, says: NOT_BY_S3 },
  '200 with nothing': { s3: raw('200 OK'), code: 3, says: NOT_BY_S3 },
  '201': { s3: raw('201 Created'), code: 3, says: NOT_BY_S3 },
  '202': { s3: raw('202 Accepted'), code: 3, says: NOT_BY_S3 },
  '205': { s3: raw('205 Reset Content'), code: 3, says: NOT_BY_S3 },
  '303 to a page': { s3: raw('303 See Other', '', { location: 'https://portal.test/' }), code: 3 },
  '302 to a page': { s3: raw('302 Found', '', { location: 'https://portal.test/' }), code: 3 },
  '204 early': {
    s3: raw('204 No Content'),
    moment: 'early',
    fileBytes: BIG,
    code: 1,
    says: /was 204 before the whole file was sent\. .*\. The file was not stored: .*\. Upload the file again\n$/,
  },
  '303 to a page, early': {
    s3: raw('303 See Other', '', { location: 'https://portal.test/' }),
    moment: 'early',
    fileBytes: BIG,
    code: 1,
    says: /was 303 before the whole file was sent\. /,
  },

  // Stored perhaps, though it was said not to be.
  '408': { s3: raw('408 Request Timeout', PAGE), code: 3, says: ALL_SENT },
  '499': { s3: raw('499 Client Closed'), code: 3, says: ALL_SENT },
  '504': { s3: raw('504 Gateway Timeout', PAGE), code: 3, says: ALL_SENT },
  'a firewall': { s3: raw('403 Forbidden', PAGE), code: 3, says: ALL_SENT },
  'a proxy': { s3: raw('407 x'), code: 3, says: ALL_SENT },
  'a gateway with a limit': { s3: raw('413 x', PAGE), code: 3, says: ALL_SENT },
  '502': { s3: raw('502 Bad Gateway', PAGE), code: 3, says: ALL_SENT },
  '503 of a gateway': { s3: raw('503 Unavailable', PAGE), code: 3, says: ALL_SENT },
  '504, and the form takes one content alone': {
    s3: raw('504 Gateway Timeout', PAGE),
    fields: SHA256,
    code: 3,
  },
  'S3 broke': { s3: s3Error('500 Internal', 'InternalError'), code: 3, says: /500 InternalError/ },
  'a reset': { s3: resetting(), code: 3 },
  'a close': { s3: (socket) => socket.end(), code: 3 },
  'no HTTP': { s3: (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), code: 3 },
  'headers that end early': { s3: (socket) => socket.end('HTTP/1.1 204 No Con'), code: 3 },
  'no status': { s3: raw('000 x'), code: 3, says: /the response was 0\. S3 never responds so/ },
  'a status that HTTP does not have': { s3: raw('999 x'), code: 3, says: /the response was 999, which/ },
  'more headers than fit': { s3: raw('204 x', '', { x: 'x'.repeat(100_000) }), code: 3, says: ALL_SENT },
  'two lengths': { s3: raw('403 x', 'x', { 'transfer-encoding': 'chunked' }), code: 3, says: ALL_SENT },
  'another response behind it': { s3: (socket) => socket.end(TWO_RESPONSES), code: 0 },
  'a reset half-way': {
    s3: resetting(),
    moment: 'early',
    fileBytes: BIG,
    code: 1,
    says: /broke \(.*\)\. About .* of 24\.0 MiB were sent\. The file was not stored: .* incomplete upload\. Upload the file again\n$/,
  },

  'a state that is none': { s3: raw('504 x'), state: 'EXPIRED', sizeBytes: 5, code: 3, says: /"EXPIRED"/ },
  'a state in small letters': { s3: raw('504 x'), state: 'issued', sizeBytes: 5, code: 3, says: /"issued"/ },
  '504, and the issuer responds with a status that HTTP does not have, through a proxy': {
    s3: raw('504 x'),
    status: { status: 999 },
    proxied: true,
    code: 3,
    says: /The issuer could not tell either: .* the response has the status 999, which HTTP does not have\.\n/,
  },
  // The issuer knows.
  '504, but it was stored': { s3: raw('504 x'), state: 'CLAIMED', code: 0, says: BY_ISSUER },
  '504, but it was stored, and the form takes one content alone': {
    s3: raw('504 x'),
    fields: SHA256,
    state: 'CLAIMED',
    code: 0,
    says: /; the issuer confirms that this file was stored\)\n$/,
  },
  'a reset, but it was stored': { s3: resetting(), state: 'PROCESSED', sizeBytes: 5, code: 0 },
  '408, and it failed': {
    s3: raw('408 x'),
    state: 'FAILED',
    code: 0,
    says: /a\.txt stored as .*\)\nupload-once: \S*a\.txt: it was stored, and its state is FAILED: the handler that processes it failed\. Do not upload it again\. Tell the people who run the service, with the id uploads\/a\n$/,
  },
  '504, and it was revoked': {
    s3: raw('504 x'),
    state: 'REVOKED',
    code: 1,
    says: /what was sent does not count, even if S3 stored it\.\n1\. Upload your file again\. It gets a new form\.\n2\. If you did not revoke it, ask the people who run the service who did\. If that is unknown, have the key rotated, .* --old-hours 0\.\n$/,
  },
  '504, and something else is there': {
    s3: raw('504 x'),
    state: 'ACCEPTED',
    sizeBytes: 6,
    code: 1,
    says: /a\.txt: your file does not count, even if S3 stored it\. Another file came first with the same form: uploads\/a has 6 bytes, yours has 5\. Someone else used the form, which only this command received\.\n1\. If you do not know how they got the form, assume that they have the API key too\. Have the key rotated now, .* --old-hours 0\.\n2\. Upload your file again\. It gets a new form\.\n3\. Tell the people who run the service that uploads\/a is not your file\. Find .*\n$/,
  },

  // It ends.
  'another protocol': {
    s3: (socket) => socket.write('HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    code: 3,
    says: /response was 101/,
  },
  '102 without end': { s3: dripping('', 'HTTP/1.1 102 x\r\n\r\n'), args: ENDS_SOON, code: 3 },
  'headers without end': { s3: dripping('HTTP/1.1 204 x\r\n', 'x'), args: ENDS_SOON, code: 3 },
  'a body without end': {
    s3: dripping('HTTP/1.1 200 x\r\n\r\n', 'x'),
    args: ENDS_SOON,
    code: 3,
    says: /response was 200/,
  },
  'a refusal whose body has no end': {
    s3: dripping('HTTP/1.1 403 x\r\n\r\n', 'x'),
    args: ENDS_SOON,
    code: 3,
  },
  silence: { s3: silent(), args: ENDS_SOON, code: 3, says: /longer than 3 s in all/ },
  'nothing is read': { s3: silent(), moment: 'early', fileBytes: BIG, args: ENDS_SOON, code: 1 },
  'nothing is read, and 102s come': {
    s3: dripping('', 'HTTP/1.1 102 x\r\n\r\n'),
    moment: 'early',
    fileBytes: BIG,
    args: ENDS_SOON,
    code: 1,
  },
  'an issuer that is silent': { issuer: silent(), args: ENDS_SOON, code: 1 },
  'an issuer of another protocol': {
    issuer: (socket) => socket.write('HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    args: ENDS_SOON,
    code: 1,
  },
  'an issuer’s headers without end': {
    issuer: dripping('HTTP/1.1 200 x\r\n', 'x'),
    args: ENDS_SOON,
    code: 1,
  },
  'an issuer’s 102s without end': {
    issuer: dripping('', 'HTTP/1.1 102 x\r\n\r\n'),
    args: ENDS_SOON,
    code: 1,
  },
  'an issuer’s body without end': {
    issuer: dripping('HTTP/1.1 200 x\r\n\r\n', 'x'),
    args: ENDS_SOON,
    code: 1,
  },

  // Refused.
  'an expired form': {
    s3: s3Error('403 Forbidden', 'AccessDenied', 'Invalid according to Policy: Policy expired.'),
    code: 1,
  },
  'an expired form, early': {
    s3: s3Error('403 Forbidden', 'AccessDenied', 'Invalid according to Policy: Policy expired.'),
    moment: 'early',
    fileBytes: BIG,
    code: 1,
  },
  'a changed field': {
    s3: s3Error('403 Forbidden', 'AccessDenied', 'Invalid according to Policy: Policy Condition failed'),
    code: 1,
  },
  'too large': { s3: s3Error('400 Bad', 'EntityTooLarge'), code: 1, says: /it has 5 bytes/ },
  'a second one': {
    s3: s3Error('412 x', 'PreconditionFailed'),
    code: 3,
    unasked: true,
    says: /a\.txt: something was uploaded before with the presigned URL of this upload, as uploads\/a\. This try stored nothing\. Your file may be stored already \(S3: 412 PreconditionFailed\)\.\nKeep your file\. .*\nIf you sent the file only once, someone else may have had the URL\. .* ask the people who run the service for the SHA-256.*\n$/s,
  },
  'one while another is under way': {
    s3: s3Error('409 x', 'ConditionalRequestConflict'),
    code: 3,
    says: /was 409 ConditionalRequestConflict, which does not tell whether the file was stored/,
  },
  'too busy': { s3: s3Error('503 x', 'SlowDown'), code: 1 },
  'something new': { s3: s3Error('409 x', 'OfTomorrow', 'in S3’s words'), code: 1, says: /in S3’s words/ },
  'a firewall, early': {
    s3: raw('413 x', PAGE),
    moment: 'early',
    fileBytes: BIG,
    code: 1,
    says: /big: the file was not stored\. .* no error code of S3: .* Ask the people who run your network, then upload the file again \(HTTP 413\)\n$/,
  },
  '504 early': { s3: raw('504 x', PAGE), moment: 'early', fileBytes: BIG, code: 1 },
  'a file beyond the form’s limit': {
    conditions: [['content-length-range', 0, 4]],
    code: 1,
    says: /has 5 bytes, the form allows from 0 to 4/,
  },
  'a form with a field file': { fields: { File: 'x' }, code: 1, says: /has a field "file"/ },

  // No form.
  'a bad key': {
    issuer: issuerError('403 x', 'Forbidden'),
    code: 1,
    says: /it is missing, wrong or disabled\.\nNothing was sent\. Do not try again with this key: ask the people who run the service for one\.\n$/,
  },
  'a key that may not ask for this': {
    issuer: issuerError('403 x', 'TooLargeForKey'),
    code: 1,
    says: /refused the request \(403 TooLargeForKey\): .*[^.]\n$/,
  },
  'a key that does not take the type that was guessed': {
    issuer: issuerError('403 x', 'ContentTypeNotAllowed'),
    code: 1,
    says: /about ContentTypeNotAllowed\.\nNothing was sent\. .* name it with --content-type\.\n$/,
  },
  'a key that takes no file of an unknown type': {
    issuer: issuerError('400 x', 'BadRequest'),
    code: 1,
    says: /refused the request \(400 BadRequest\): about BadRequest\n$/,
  },
  'a quota that is used up': {
    issuer: issuerError('429 x', 'LimitExceeded', { 'retry-after': '40000' }),
    code: 1,
  },
  'a rate, without a wait': { issuer: issuerError('429 x', 'TooManyRequests'), code: 1 },
  'a rate that asks to wait again and again': {
    issuer: issuerError('429 x', 'TooManyRequests', { 'retry-after': '7' }),
    code: 1,
  },
  'an issuer that is busy': { issuer: issuerError('503 x', 'Unavailable'), code: 1 },
  'an issuer that hangs up': { issuer: (socket) => socket.end(), code: 1 },
  'an issuer’s login page': { issuer: raw('200 OK', PAGE), code: 1 },
  'a page in a form’s place': {
    issuer: raw('201 Created', PAGE),
    code: 1,
    says: /has no upload: it is no JSON/,
  },
  'no issuer': { issuer: raw('404 Not Found', PAGE), code: 1 },
  'an issuer’s status that HTTP does not have, through a proxy': {
    issuer: raw('999 x'),
    proxied: true,
    code: 1,
    says: /can't be reached: the response has the status 999, which HTTP does not have/,
  },
  'an issuer that moved': {
    issuer: raw('302 x', '', { location: 'https://u:secret-1@x.test/?a=secret-1' }),
    code: 1,
  },
};

async function stage(t: Test) {
  const servers = await startHostileServers();
  t.teardown(() => servers.close());
  return servers;
}

type Named = readonly [what: string, one: Case];

async function runCase(t: Test, directory: string, [what, one]: Named) {
  const { args = [], fileBytes, code, ...responses } = one;
  const servers = await stage(t);
  const { s3, moment, issuer, fields, conditions, state, sizeBytes, status } = responses;
  Object.assign(servers, {
    ...(s3 && { s3 }),
    ...(moment && { moment }),
    ...(issuer && { issuer }),
    ...(fields && { fields }),
    ...(conditions && { conditions }),
    ...(state && { status: { status: 200, body: { id: 'a', state, sizeBytes } } }),
    ...(status && { status }),
  });
  const file = join(directory, fileBytes === BIG ? 'big' : 'a.txt');
  const env = {
    UPLOAD_ONCE_URL: servers.url,
    UPLOAD_ONCE_API_KEY: 'k',
    ...(responses.proxied && { HTTP_PROXY: servers.url }),
  };
  const seen = await runCommand(['upload', file, ...args], { env });
  const said = code === 0 ? seen.stdout + seen.stderr : seen.stderr;
  t.equal(seen.code, code, `${what}: ${seen.stderr}`);
  if (!fields || fields === SHA256) t.not(messagesOf(code, said).length, 0, `${what}: it is known: ${said}`);
  if (responses.says) t.match(said, responses.says, what);
  t.notMatch(seen.stdout + seen.stderr, 'secret-1', what);
  if (code !== 0) t.equal(seen.stdout, '', what);
  t.ok(servers.posts <= 1, `${what}: it is never sent again`);
  if (code === 3) {
    t.match(said, HOW_TO_ASK, `${what}: how to ask: ${said}`);
  }
  if ((code === 3 && !responses.unasked) || state)
    t.ok(servers.asked.includes('/v1/uploads/a'), `${what}: the issuer was asked`);
}

t.test('every response: exit code, message, and what comes of it', async (t) => {
  const directory = t.testdir({ 'a.txt': 'hello', big: '' });
  truncateSync(join(directory, 'big'), BIG);
  for (const one of Object.entries(CASES)) if (one[1].args !== ENDS_SOON) await runCase(t, directory, one);
});

t.test('every response that has no end', async (t) => {
  const directory = t.testdir({ 'a.txt': 'hello', big: '' });
  truncateSync(join(directory, 'big'), BIG);
  const endless = Object.entries(CASES).filter(([, { args }]) => args === ENDS_SOON);
  t.ok(endless.length > 10);
  await Promise.all(endless.map((one) => runCase(t, directory, one)));
});

t.test('more that ends an upload, each with its message', async (t) => {
  const directory = t.testdir({ 'a.txt': 'hello', big: '' });
  const file = join(directory, 'a.txt');
  const servers = await stage(t);
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'a-key-of-another-form' };
  const closed = await startHostileServers();
  await closed.close();
  const expect = async (
    what: string,
    code: number,
    says: RegExp,
    args: readonly string[],
    harness: Partial<Parameters<typeof runCommand>[1]> = {},
  ) => {
    const seen = await runCommand(args, { env, ...harness });
    t.equal(seen.code, code, `${what}: ${seen.stderr}`);
    t.match(seen.stderr, says, what);
    t.not(messagesOf(code, seen.stderr).length, 0, `${what}: it is known`);
  };

  await expect('no file', 1, /missing does not exist/, ['upload', join(directory, 'missing')]);
  await expect('no issuer', 1, /ECONNREFUSED/, ['upload', file, '--url', closed.url]);
  servers.formUrl = `${closed.url}/bucket`;
  await expect('no S3', 1, /ECONNREFUSED/, ['upload', file]);
  servers.formUrl = undefined;
  await expect('a key for a file', 2, /behind --key/, ['upload', 'uo_0001020304050607_08090a0b']);
  await expect('the key for a file', 2, /behind --key/, ['upload', 'a-key-of-another-form', file]);
  await expect('no URL', 2, /Did you give the API key in its place/, [
    'upload',
    file,
    '--url',
    'a-key',
    '--key',
    servers.url,
  ]);
  for (const proxy of ['socks5://127.0.0.1:1', 'proxy.test:3128', '-']) {
    const withProxy = { ...env, HTTPS_PROXY: proxy };
    await expect('a proxy', 2, /HTTPS_PROXY/, ['upload', file], { env: withProxy });
  }

  const withNetwork = { ...env, HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: 'fd00::/8' };
  await expect('a network of IPv6', 2, /NO_PROXY takes/, ['upload', file], { env: withNetwork });

  servers.moment = 'early';
  truncateSync(join(directory, 'big'), BIG);
  servers.s3 = (socket) => {
    appendFileSync(join(directory, 'big'), 'more');
    socket.resume();
  };
  await expect('a file that grows', 1, /stopped before its end/, ['upload', join(directory, 'big')]);

  const interrupt = new AbortController();
  const interrupted = { interruptSignal: () => interrupt.signal };
  servers.moment = 'whole';
  servers.s3 = () => interrupt.abort(new Error('interrupted'));
  await expect(
    'interrupted at the end',
    130,
    /interrupted before it asked the issuer/,
    ['upload', file],
    interrupted,
  );
  const halfWay = new AbortController();
  servers.moment = 'early';
  servers.s3 = () => halfWay.abort(new Error('interrupted'));
  truncateSync(join(directory, 'big'), BIG);
  await expect(
    'interrupted half-way',
    130,
    /the upload was interrupted\. About .* The file was not stored: /,
    ['upload', join(directory, 'big')],
    { interruptSignal: () => halfWay.signal },
  );
  await expect('interrupted before', 130, /nothing was stored/, ['upload', file], interrupted);
});

t.test(
  'a crash while the issuer is asked, after the file was sent: unknown, with the way to ask',
  async (t) => {
    const servers = await stage(t);
    const file = join(t.testdir({ 'a.txt': 'hello' }), 'a.txt');
    servers.s3 = raw('504 x');
    const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' };
    const sleep = async () => {
      throw new TypeError('a bug');
    };
    for (const json of [[], ['--json']]) {
      const seen = await runCommand(['upload', file, ...json], { env, sleep });
      t.match(seen, { code: 3, stderr: /The issuer could not be asked: a bug\.\n/ });
      t.match(seen.stderr, HOW_TO_ASK);
      t.not(messagesOf(3, seen.stderr).length, 0, 'it is known');
      if (json.length > 0) t.match(JSON.parse(seen.stdout), { outcome: 'unknown', key: 'uploads/a' });
    }
    t.equal(servers.posts, 2);
  },
);

t.test('of several files some are stored: the whole command is not to be repeated', async (t) => {
  const servers = await stage(t);
  const directory = t.testdir({ a: 'hello', b: 'another' });
  const files = ['a', 'b'].map((name) => join(directory, name));
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' };
  const note =
    /^upload-once: 1 of the files was stored\. Do not repeat the whole command: it would send it again\. /m;
  servers.s3 = (socket) => {
    servers.s3 = s3Error('503 x', 'SlowDown');
    raw('204 No Content')(socket);
  };
  t.match(await runCommand(['upload', ...files], { env }), { code: 1, stderr: note });
  const none = await runCommand(['upload', ...files], { env });
  t.equal(none.code, 1);
  t.notMatch(none.stderr, 'whole command', 'where none was stored, nothing is sent a second time');
  servers.s3 = raw('204 No Content');
  t.strictSame((await runCommand(['upload', ...files], { env })).stderr, '');
});

t.test('--times after an upload that was stored: what to do is told of this file', async (t) => {
  const servers = await stage(t);
  const directory = t.testdir({ a: 'hello', b: 'another' });
  const files = ['a', 'b'].map((name) => join(directory, name));
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' };
  servers.s3 = (socket) => {
    servers.s3 = raw('504 x');
    raw('204 No Content')(socket);
  };
  const used = await runCommand(['upload', ...files, '--times', '2'], { env });
  t.match(used, { code: 1, slept: [] });
  t.match(
    used.stderr,
    /b: this try does not count, even if S3 stored it\. \S+a was stored with this form before, and only the first upload with a form counts\.\nDo not run revoke: .*\nUpload \S+b again without --times, with your other options\. It gets a form of its own:\n {2}upload-once upload \S+b\n/,
  );
  t.notMatch(used.stderr, /upload-once status|Do not upload|may or may not/);
  t.not(messagesOf(1, used.stderr).length, 0, 'it is known');
  t.notOk(servers.asked.includes('/v1/uploads/a'), 'the issuer could only tell of the first');

  servers.s3 = (socket) => {
    servers.s3 = raw('504 x');
    raw('204 No Content')(socket);
  };
  const same = await runCommand(['upload', files[0] ?? '', '--times', '2'], { env });
  t.match(same, {
    code: 1,
    stderr:
      /a: this try does not count, .* \S+a was stored with this form before, .*\.\nIf this one was stored too, the operators get a report of a duplicate\. You have nothing to do\. Do not run revoke: it could revoke the first upload, which counts\.\n/,
  });
  t.not(messagesOf(1, same.stderr).length, 0, 'it is known');

  for (const [names, says] of [
    [[files[0]], /a was stored with this URL before\. You have nothing to do\.\n$/],
    [
      files,
      /a was stored with this URL before\. Upload \S+b again without --times, .*:\n {2}upload-once upload \S+b\n$/,
    ],
  ] as const) {
    servers.s3 = (socket) => {
      servers.s3 = s3Error('412 x', 'PreconditionFailed');
      raw('204 No Content')(socket);
    };
    const refused = await runCommand(['upload', ...names.map(String), '--times', '2'], { env });
    t.match(refused, { code: 1, stderr: says });
    t.notMatch(refused.stderr, /upload-once status/);
    t.not(messagesOf(1, refused.stderr).length, 0, 'it is known');
  }

  // Where the first was refused, this one is the first.
  servers.s3 = (socket) => {
    servers.s3 = raw('504 x');
    s3Error('503 x', 'SlowDown')(socket);
  };
  servers.status = { status: 200, body: { id: 'a', state: 'CLAIMED', sizeBytes: 7 } };
  const first = await runCommand(['upload', ...files, '--times', '2'], { env });
  t.match(first, { code: 1, stdout: /b stored as uploads\/a at .*the issuer confirms/ });
});

t.test(
  'an issuer that asks to wait while it is asked what came of it is asked again, for 15 s',
  async (t) => {
    const servers = await stage(t);
    const file = join(t.testdir({ 'a.txt': 'hello' }), 'a.txt');
    const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' };
    const busy = (retryAfter?: string): IssuerResponse => ({
      status: 429,
      headers: { ...JSON_TYPE, ...(retryAfter && { 'retry-after': retryAfter }) },
      body: { code: 'TooManyRequests', message: 'm' },
    });
    const issued = { status: 200, body: { id: 'a', state: 'ISSUED' } };
    const claimed = { status: 200, body: { id: 'a', state: 'CLAIMED' } };
    const cases: [IssuerResponse[], number[] | 'backoff', number, RegExp][] = [
      [[busy('5'), claimed], [5], 0, /^$/],
      [[busy('0'), busy('0'), claimed], [1, 1], 0, /^$/],
      [[issued, issued, busy('6'), issued, claimed], [1, 2, 6, 4], 0, /^$/],
      [[issued, busy('9'), issued, issued, issued], [1, 9, 2, 3], 3, /has not received the file yet/],
      [[busy('16')], [], 3, /could not tell either: .* try again in 16 s\.\n/],
      [[issued, issued, busy('13')], [1, 2], 3, /could not tell either: .* try again in 13 s\.\n/],
      [[busy(), busy(), busy(), busy()], 'backoff', 3, /could not tell either: .* try again later\.\n/],
    ];
    servers.s3 = raw('504 x');
    let left: IssuerResponse[] = [];
    Object.defineProperty(servers, 'status', { get: () => left.shift() });
    for (const [responses, slept, code, says] of cases) {
      left = [...responses];
      const seen = await runCommand(['upload', file], { env });
      t.match(seen, { code, stderr: says }, seen.stderr);
      if (slept === 'backoff') t.equal(seen.slept.length, 3);
      else t.strictSame(seen.slept, slept);
      t.strictSame(left, [], 'it was asked as often');
    }
  },
);

t.test('a result that can not be written: exit code 5, and standard error has it', async (t) => {
  const servers = await stage(t);
  const directory = t.testdir({ a: 'x', b: 'y' });
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' };
  const stdout = {
    write() {
      throw new OutputFailed('standard output could not be written (ENOSPC: no space left on device, write)');
    },
  };
  for (const json of [[], ['--json']]) {
    servers.posts = 0;
    const files = ['a', 'b'].map((name) => join(directory, name));
    const { code, stderr } = await runCommand(['upload', '--parallel', '1', ...files, ...json], {
      env,
      stdout,
    });
    t.equal(code, 5);
    t.not(messagesOf(5, stderr).length, 0, 'it is known');
    t.match(stderr, /ENOSPC.*; what it was to say: .*uploads\/a/);
    t.match(stderr, /not sent: .*b\n$/);
    t.equal(servers.posts, 1);
  }
  servers.status = { status: 200, body: { id: 'a', state: 'ISSUED' } };
  for (const args of [['status', 'a'], ['--version'], ['--help']])
    t.match(await runCommand(args, { env, stdout }), { code: 5, stderr: /ENOSPC.*what was done stays done/ });
});

t.test('every known message was said', async (t) => {
  t.strictSame(
    (MESSAGES['upload'] ?? []).map(([, message]) => message).filter((message) => !covered.has(message)),
    [],
  );
});

t.test('the exit codes in docs/client.md are those of the code', async (t) => {
  const listed = docs.split('\n## ').find((section) => section.startsWith('Exit codes\n')) ?? '';
  t.strictSame(
    [...listed.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code)),
    Object.values(ExitCode).sort((a, b) => a - b),
  );
});

t.test('a batch waits where the issuer asks to, and goes on', async (t) => {
  const servers = await stage(t);
  const names = Array.from({ length: 60 }, (_, at) => `f${at}`);
  const directory = t.testdir(Object.fromEntries(names.map((name) => [name, name])));
  let tokens = 20;
  let asked = 0;
  const issuer: Responder = (socket) => {
    asked += 1;
    if (tokens === 0) return issuerError('429 x', 'TooManyRequests', { 'retry-after': '1' })(socket);
    tokens -= 1;
    servers.issuer = undefined;
    servers.issue(socket);
    servers.issuer = issuer;
  };
  servers.issuer = issuer;
  const seen = await runCommand(
    ['upload', '--parallel', '1', ...names.map((name) => join(directory, name))],
    {
      env: { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' },
      sleep: async (seconds) => {
        tokens += 10 * seconds;
      },
    },
  );
  t.equal(seen.code, 0, seen.stderr);
  t.equal(servers.posts, 60);
  t.equal(asked, 64);
  t.equal(seen.stdout.trim().split('\n').length, 60);
  t.match(
    seen.stderr,
    /^upload-once: requests with this API key .* in 1 s\. The command waits and asks again, for at most 300 s/,
  );
  t.match(seen.stderr, /\nupload-once: waited 4 s in all for the issuer, as it asked\n$/);
});

t.test('a wait for a form has an end, also where the issuer asks to wait 0 seconds', async (t) => {
  const servers = await stage(t);
  const file = join(t.testdir({ a: 'x' }), 'a');
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' };
  for (const [retryAfter, slept] of [
    ['0', 1],
    ['120', 120],
    ['301', undefined],
  ] as const) {
    servers.issuer = issuerError('503 x', 'Unavailable', { 'retry-after': retryAfter });
    const seen = await runCommand(['upload', file], { env });
    t.match(seen, { code: 1, stderr: /can't respond now/ });
    // The time that the responses took counts too.
    t.strictSame([...new Set(seen.slept)], slept === undefined ? [] : [slept]);
    t.ok(seen.slept.length * (slept ?? 0) <= 300);
  }
});

t.test('Ctrl-C while the checksum is made ends it', async (t) => {
  const servers = await stage(t);
  const file = join(t.testdir({ huge: '' }), 'huge');
  // Without bytes on the disk; to read them would take minutes.
  truncateSync(file, 200 * 1024 ** 3);
  const interrupt = new AbortController();
  setImmediate(() => interrupt.abort(new Error('interrupted')));
  const seen = await runCommand(['upload', file, '--sha256'], {
    env: { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' },
    interruptSignal: () => interrupt.signal,
  });
  t.match(seen, { code: 130, stderr: /nothing was stored/ });
  t.strictSame(servers.asked, []);
});

t.test('what may not be printed is not', async (t) => {
  const servers = await stage(t);
  const file = join(t.testdir({ a: 'x' }), 'a');
  const key = 'uo_0001020304050607_08090a0b0c0d0e0f101112131415161718191a1b537e4410';
  const other = 'legacy-key-7319';
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: other };
  const echoing = raw('403 x', JSON.stringify({ code: 'X', message: `no key ${other} nor ${key}` }));
  const cases: [string[], Record<string, string>?, Responder?][] = [
    [['upload', file, '--url', key, '--key', servers.url]],
    [['upload', file], { UPLOAD_ONCE_URL: other, UPLOAD_ONCE_API_KEY: servers.url }],
    [['upload', key, file]],
    [['upload', other, file]],
    [['upload', `./${key}`]],
    [['status', key]],
    [['revoke', other]],
    [['status', 'a', key]],
    [[key]],
    [['upload', file, `--${key}`]],
    [['upload', file, '--times', key]],
    [['upload', file, '--url', `http://user:${other}@127.0.0.1:1`]],
    [['upload', file], {}, echoing],
    [['upload', file], {}, raw('302 x', '', { location: `https://user:${other}@x.test/?k=${key}` })],
    [['upload', file], { HTTP_PROXY: `http://user:${other}@127.0.0.1:1` }],
    [['upload', file], { HTTP_PROXY: `user:${other}@127.0.0.1` }],
  ];
  for (const [args, more = {}, issuer] of cases) {
    servers.issuer = issuer;
    const { stdout, stderr, code } = await runCommand(args, { env: { ...env, ...more } });
    t.not(code, 0);
    t.notMatch(stdout + stderr, /08090a0b|legacy-key/, args.map((arg) => arg.slice(0, 12)).join(' '));
    t.not(stderr, '');
  }
});

t.test('an API key inside a name is hidden, and a note says that it stands there', async (t) => {
  const servers = await stage(t);
  const key = 'contracts';
  const file = join(t.testdir({ 'contracts-7.pdf': 'x' }), 'contracts-7.pdf');
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: key };
  const note = /\nupload-once: \[API key\] stands for an API key, .*that you copy, write the key itself\n$/;
  servers.fields = { key: 'uploads/contracts-7' };
  servers.status = { status: 200, body: { id: 'contracts-7', state: 'ISSUED' } };

  const stored = await runCommand(['upload', file], { env });
  t.match(stored, { code: 0, stdout: /\[API key\]-7\.pdf stored as uploads\/\[API key\]-7 at/ });
  t.match(`\n${stored.stderr}`, note);
  servers.s3 = raw('504 x');
  const unknown = await runCommand(['upload', file], { env });
  t.match(unknown, {
    code: 3,
    stderr: / {2}upload-once status (?:'uploads\/\[API key\]-7'|uploads\/\[API key\]-7) --file /,
  });
  t.match(unknown.stderr, note);
  t.equal(unknown.stderr.split('write the key itself').length, 2, 'once');
  for (const seen of [stored, unknown]) t.notMatch(seen.stdout + seen.stderr, key);

  const other = await runCommand(['upload', file], { env: { ...env, UPLOAD_ONCE_API_KEY: 'k' } });
  t.notMatch(other.stderr, '[API key]');

  // What JSON escapes in it.
  const quoted = { ...env, UPLOAD_ONCE_API_KEY: 'legacy"key\\1' };
  servers.issuer = issuerError('400 x', 'legacy"key\\1');
  const json = await runCommand(['upload', file, '--json'], { env: quoted });
  t.match(JSON.parse(json.stdout), {
    message: 'the issuer refused the request (400 [API key]): about [API key]',
  });
  t.notMatch(json.stdout + json.stderr, 'legacy');
});

t.test('--json says of a file that only the issuer has confirmed who reported it', async (t) => {
  const servers = await stage(t);
  const file = join(t.testdir({ a: 'hello' }), 'a');
  servers.s3 = raw('504 x');
  servers.status = { status: 200, body: { id: 'a', state: 'ACCEPTED', sizeBytes: 5 } };
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' };
  const { code, stdout } = await runCommand(['upload', file, '--json'], { env });
  t.equal(code, 0);
  const reported = { reportedBy: 'issuer', state: 'ACCEPTED', message: /the response was 504/ };
  t.match(JSON.parse(stdout), { outcome: 'stored', id: 'a', ...reported });
});

t.test('an issuer’s status that repeats a short key', async (t) => {
  const servers = await stage(t);
  const file = join(t.testdir({ a: 'x' }), 'a');
  servers.s3 = raw('504 x');
  servers.status = { status: 200, body: { id: 'a', state: 'k1' } };
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k1' };
  t.match(await runCommand(['upload', file], { env }), { code: 3, stderr: 'state "[API key]"' });
});

t.test('a status without metadata, and one with what nothing is known of', async (t) => {
  const servers = await stage(t);
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' };
  servers.status = { status: 200, body: { id: 'a', state: 'ISSUED', more: { of: 'it' } } };
  const seen = await runCommand(['status', 'a'], { env });
  t.match(seen, {
    code: 0,
    stderr: /^ISSUED: /,
    stdout: /^id {5}a\nstate {2}ISSUED\nmore {3}\{"of":"it"\}\n$/,
  });
  servers.status = { status: 200, body: { id: 'a', state: 'ISSUED', metadata: 'none' } };
  t.match(await runCommand(['status', 'a'], { env }), { code: 1, stderr: /"metadata" is no JSON object/ });
});

t.test('--timeout is a number of seconds', async (t) => {
  const servers = await stage(t);
  const env = { UPLOAD_ONCE_URL: servers.url, UPLOAD_ONCE_API_KEY: 'k' };
  for (const command of ['upload', 'status', 'revoke']) {
    for (const value of ['0', 'Infinity', 'NaN', '2147484', 'soon', '1e3']) {
      const seen = await runCommand([command, 'a', '--timeout', value], { env });
      t.match(seen, { code: 2, stderr: `more than 0 and at most 2147483, not "${value}"` });
    }
  }
  t.strictSame(servers.asked, []);
});
