import t, { type Test } from 'tap';
import { EXPIRES_AT, startV1Server } from '../../../test/support/v1-server.ts';
import { runCommand } from './command-stage.ts';

const URL = `https://uploads.example.com/u#invoice-x.${'A'.repeat(43)}`;
const LINK = {
  id: 'invoice-x',
  state: 'ISSUED',
  createdAt: '2026-01-01T00:00:00.000Z',
  expiresAt: EXPIRES_AT,
  title: 'Invoice\u001b[31m',
};

async function stage(t: Test) {
  const servers = await startV1Server(t);
  const env = { UPLOAD_ONCE_URL: servers.issuerUrl, UPLOAD_ONCE_API_KEY: 'a-key-of-eight' };
  const respond = (status: number, body: unknown) => {
    servers.issuerResponse = { status, headers: {}, body };
  };
  const link = (...args: string[]) => runCommand(['link', ...args], { env });
  const asked = () => {
    const { method, path, body } = servers.asked.at(-1) ?? {};
    return [method, path, body ? JSON.parse(body) : undefined];
  };
  return { servers, respond, link, asked };
}

t.test('create asks for what it is told, and prints the URL alone', async (t) => {
  const { respond, link, asked, servers } = await stage(t);
  respond(201, { id: LINK.id, url: URL, expiresAt: EXPIRES_AT });
  const seen = await link(
    ...['create', '--title', 'Invoice', '--message', 'Please', '--from', 'Us', '--expires', '60'],
    ...['--content-types', 'application/pdf, image/*', '--max-bytes', '7', '--name', 'invoice'],
    ...['--metadata', 'a=b', '--return-url', 'https://www.example.com/', '--language', 'de'],
  );
  t.equal(seen.code, 0, seen.stderr);
  t.equal(seen.stdout, `${URL}\n`);
  t.match(seen.stderr, /until 2030-01-02T03:04:05\.000Z\. Its id is invoice-x\n$/);
  t.notMatch(seen.stderr, 'AAAA');
  t.strictSame(asked(), [
    'POST',
    '/v1/links',
    {
      title: 'Invoice',
      message: 'Please',
      from: 'Us',
      name: 'invoice',
      language: 'de',
      returnUrl: 'https://www.example.com/',
      contentTypes: ['application/pdf', 'image/*'],
      maxBytes: 7,
      metadata: { a: 'b' },
      expiresInSeconds: 60,
    },
  ]);
  t.match(servers.asked[0]?.headers['idempotency-key'], /^[0-9a-f]{32}$/);
  t.strictSame(JSON.parse((await link('create', '--json')).stdout), {
    id: LINK.id,
    url: URL,
    expiresAt: EXPIRES_AT,
  });
});

t.test('list prints all pages', async (t) => {
  const { servers, respond, link } = await stage(t);
  respond(200, { links: [LINK] });
  const seen = await link('list');
  t.equal(seen.code, 0);
  t.match(seen.stdout, /^ISSUED {6}2030-01-02T03:04:05Z {2}invoice-x {2}Invoice/);
  t.notMatch(seen.stdout, '\u001b');
  t.strictSame(JSON.parse((await link('list', '--json')).stdout), LINK);
  t.strictSame(
    servers.asked.map(({ path }) => path),
    ['/v1/links?limit=50', '/v1/links?limit=50'],
  );
  respond(200, { links: 7 });
  t.equal((await link('list')).code, 1);
});

t.test('change and revoke', async (t) => {
  const { respond, link, asked } = await stage(t);
  respond(200, LINK);
  t.equal((await link('change', 'uploads/invoice-x', '--title', '', '--expires', '9')).code, 0);
  t.strictSame(asked(), ['PATCH', '/v1/links/invoice-x', { title: '', expiresInSeconds: 9 }]);
  t.match(await link('revoke', 'invoice-x'), {
    code: 0,
    stdout: /is revoked\. No file that was sent or is sent with it counts\n$/,
  });
  t.strictSame(asked(), ['DELETE', '/v1/links/invoice-x', undefined]);
});

t.test('what the issuer refuses is told', async (t) => {
  const { respond, link } = await stage(t);
  const refusals: [number, string, string[]][] = [
    [403, 'LinksDisabled', ['create']],
    [404, 'LinkNotFound', ['revoke', 'x']],
    [409, 'AlreadyClaimed', ['revoke', 'x']],
    [409, 'LinkUsed', ['change', 'x', '--expires', '1']],
    [400, 'BadRequest', ['create', '--language', 'xx']],
  ];
  for (const [status, code, args] of refusals) {
    respond(status, { message: 'why', code });
    const seen = await link(...args);
    t.equal(seen.code, 1, code);
    t.match(seen.stderr, `${code}): why. Nothing was done`);
    t.equal(seen.stdout, '');
  }
  respond(503, { message: 'away', code: 'ServiceUnavailable' });
  t.match(await link('create'), { code: 1, stderr: /No link is printed/ });
  t.match(await link('revoke', 'x'), { code: 1, stderr: /to revoke twice is no error/ });
});

t.test('what can’t be meant is refused before anything is asked', async (t) => {
  const { servers, link } = await stage(t);
  const wrong: [string[], RegExp][] = [
    [[], /one of create, list, change, revoke/],
    [['make'], /one of create/],
    [['list', 'x'], /options only/],
    [['revoke'], /name one link/],
    [['revoke', 'x', 'y'], /name one link/],
    [['revoke', 'x', '--title', 'y'], /--title is not for link revoke/],
    [['change', 'x'], /say what to change/],
    [['create', '--max-bytes', 'x'], /whole number of bytes/],
    [['create', '--expires', '0'], /--expires takes/],
    [['revoke', `uo_0123456789abcdef_${'0'.repeat(48)}`], /an API key stands where/],
  ];
  for (const [args, message] of wrong) {
    const seen = await link(...args);
    t.equal(seen.code, 2, args.join(' '));
    t.match(seen.stderr, message);
  }
  t.match(await link('--help'), { code: 0, stdout: /Usage: upload-once link create/ });
  t.strictSame(servers.asked, []);
});

t.test('interrupted, it says what is known', async (t) => {
  const { servers } = await stage(t);
  const env = { UPLOAD_ONCE_URL: servers.issuerUrl, UPLOAD_ONCE_API_KEY: 'a-key-of-eight' };
  const interruptSignal = () => AbortSignal.abort();
  t.match(await runCommand(['link', 'create'], { env, interruptSignal }), {
    code: 130,
    stderr: /interrupted\. No link is printed/,
  });
});
