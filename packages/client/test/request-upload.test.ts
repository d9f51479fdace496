import t from 'tap';
import { EXPIRES_AT, policyUntil, startServers, withServers } from '../../../test/support/form-servers.ts';
import {
  InvalidArgument,
  IssuerUnavailable,
  RequestRefused,
  requestUpload as requestWithRetries,
  type UploadRequest,
} from '../src/index.ts';

/** What one response means; issuer-retries.test.ts has the rest. */
const requestUpload = (request: UploadRequest) =>
  requestWithRetries({ retries: { maxSeconds: 0 }, ...request });

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    (value) => {
      throw new Error(`a failure was expected, not ${JSON.stringify(value)}`);
    },
    (error: Error) => error,
  );
}

t.test('gives the form as it was issued, and when it expires', async (t) => {
  const servers = await withServers(t);
  const form = await requestUpload({ issuerUrl: servers.url, apiKey: 'k-1' });
  t.equal(form.url, `${servers.url}/bucket`);
  t.equal(form.key, 'uploads/name-1');
  t.same(Object.keys(form.fields), ['key', 'policy', 'x-amz-date']);
  t.same(form.expiresAt, EXPIRES_AT);
  t.same(servers.asked, [{ path: '/getpresignedurl', apiKey: 'k-1' }]);
});

t.test('keeps a path prefix, with and without slashes at its end', async (t) => {
  const servers = await withServers(t);
  for (const end of ['/v1/files', '/v1/files/', '/v1/files//']) {
    await requestUpload({ issuerUrl: servers.url + end, apiKey: 'k' });
  }
  t.same(
    servers.asked.map(({ path }) => path),
    Array(3).fill('/v1/files/getpresignedurl'),
  );
});

t.test('sends a key of any form that a header can carry', async (t) => {
  const servers = await withServers(t);
  for (const apiKey of ['a b', 'a\tb', 'x'.repeat(4000), '~!"#', '\u00e9']) {
    await requestUpload({ issuerUrl: servers.url, apiKey });
    t.equal(servers.asked.at(-1)?.apiKey, apiKey);
  }
});

t.test('sends no request when the key or the URL can not be sent, and does not repeat the key', async (t) => {
  const servers = await withServers(t);
  for (const apiKey of [
    '',
    ' secret',
    'secret ',
    '\tsecret',
    'secret\t',
    'sec\nret',
    'sec\u2028ret',
    'sec\u0000ret',
  ]) {
    const error = await failureOf(requestUpload({ issuerUrl: servers.url, apiKey }));
    t.type(error, InvalidArgument);
    t.notMatch(error.message, /secret/);
  }
  const { host } = new URL(servers.url);
  const wrong = [
    '',
    'nonsense',
    host,
    'ftp://host/',
    `http://u:p@${host}`,
    `${servers.url}?a=b`,
    `${servers.url}#a`,
  ];
  for (const issuerUrl of wrong) {
    t.type(await failureOf(requestUpload({ issuerUrl, apiKey: 'k' })), InvalidArgument, issuerUrl);
  }
  t.same(servers.asked, []);
});

t.test('sends no request with a mistyped key, and says what is wrong with it but not the key', async (t) => {
  const servers = await withServers(t);
  const whole = 'uo_0001020304050607_08090a0b0c0d0e0f101112131415161718191a1b537e4410';
  for (const apiKey of [whole.slice(0, -1), whole.replace('1b', '1c'), `"${whole}"`, `Bearer ${whole}`]) {
    const error = await failureOf(requestUpload({ issuerUrl: servers.url, apiKey }));
    t.type(error, InvalidArgument);
    t.match(error.message, /its checksum is wrong: a part is missing, or it was mistyped/);
    t.notMatch(error.message, /08090a/);
  }
  t.same(servers.asked, []);
  await requestUpload({ issuerUrl: servers.url, apiKey: whole });
  t.equal(servers.asked.length, 1);
});

t.test('sends no request with an invalid time limit, and names it', async (t) => {
  const servers = await withServers(t);
  for (const timeoutSeconds of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2_147_484]) {
    const error = await failureOf(requestUpload({ issuerUrl: servers.url, apiKey: 'k', timeoutSeconds }));
    t.type(error, InvalidArgument);
    t.ok(error.message.includes(`more than 0 and at most 2147483, not ${timeoutSeconds}`), error.message);
  }
  t.same(servers.asked, []);
  for (const timeoutSeconds of [2_147_483, 30.0001]) {
    await requestUpload({ issuerUrl: servers.url, apiKey: 'k', timeoutSeconds });
  }
});

t.test('a refusal without a word of the issuer’s own is not told as the issuer’s', async (t) => {
  const servers = await withServers(t);
  for (const status of [403, 404, 409, 422]) {
    for (const body of ['<html>Access Denied</html>', '', '{}', '{"error":"denied"}']) {
      servers.issue = (_, response) => response.writeHead(status).end(body);
      await t.rejects(requestUpload({ issuerUrl: servers.url, apiKey: 'key-1' }), {
        code: 'IssuerUnavailable',
        status,
        message: /is not an issuer’s response .* A proxy or a login page may have responded/,
      });
    }
  }
});

t.test('a refusal is RequestRefused with the status, the issuer’s code and how long to wait', async (t) => {
  const servers = await withServers(t);
  const cases = [
    {
      status: 400,
      body: { message: 'name: too long', code: 'BadName' },
      issuerCode: 'BadName',
      says: /name: too long/,
    },
    {
      status: 403,
      body: { message: 'Forbidden' },
      issuerCode: 'Forbidden',
      says: /API key .*missing, wrong or disabled/,
    },
    {
      status: 429,
      body: { message: 'm', code: 'Limit Exceeded' },
      issuerCode: 'Limit Exceeded',
      wait: 17,
      says: /daily quota of this API key is used up .*in 17 s/,
    },
    {
      status: 429,
      body: { message: 'Limit Exceeded', code: 'LimitExceeded' },
      issuerCode: 'LimitExceeded',
      says: /daily quota/,
    },
    {
      status: 429,
      body: { message: 'Too Many Requests', code: 'TooManyRequests' },
      issuerCode: 'TooManyRequests',
      says: /faster than its rate/,
    },
    {
      status: 429,
      body: { message: 'Too Many Requests', code: 'TooManyBadKeys' },
      issuerCode: 'TooManyBadKeys',
      says: /wrong or disabled API keys came from this address, .* stop it \(429/,
    },
    { status: 429, body: 'no JSON', issuerCode: undefined, says: /takes no more requests .*try again later/ },
  ];
  for (const { status, body, issuerCode, wait, says } of cases) {
    servers.issue = (_, response) => {
      response.writeHead(status, wait === undefined ? {} : { 'retry-after': String(wait) });
      response.end(JSON.stringify(body));
    };
    const error = await failureOf(requestUpload({ issuerUrl: servers.url, apiKey: 'k' }));
    t.type(error, RequestRefused);
    t.match(error, { code: 'RequestRefused', status, message: says });
    t.equal((error as RequestRefused).issuerCode, issuerCode);
    t.equal((error as RequestRefused).retryAfterSeconds, wait);
  }
});

t.test('Retry-After in seconds or as a date, by the clock of the response', async (t) => {
  const servers = await withServers(t);
  const cases: [retryAfter: string, seconds: number | undefined, date?: string][] = [
    ['17', 17],
    ['0', 0],
    ['Sun, 06 Nov 1994 08:49:54 GMT', 17, 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['Sunday, 06-Nov-94 08:49:54 GMT', 17, 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['Sun Nov  6 08:49:54 1994', 17, 'Sun Nov  6 08:49:37 1994'],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0, 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['Sun, 06 Nov 1994 08:49:36 GMT', 0, 'Sun, 06 Nov 1994 08:49:37 GMT'],
    // By this machine's clock where the response has none.
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0, ''],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0, 'yesterday'],
    ['soon', undefined],
    ['1.5', undefined],
    ['-1', undefined],
    ['2026-11-28', undefined],
    ['Sun, 36 Nov 1994 08:49:37 GMT', undefined],
    ['', undefined],
  ];
  for (const [retryAfter, seconds, date] of cases) {
    servers.issue = (_, response) => {
      response.sendDate = false;
      response.writeHead(429, { 'retry-after': retryAfter, ...(date && { date }) }).end('{}');
    };
    const error = await failureOf(requestUpload({ issuerUrl: servers.url, apiKey: 'k' }));
    t.type(error, RequestRefused);
    t.equal((error as RequestRefused).retryAfterSeconds, seconds, `${retryAfter} at ${date}`);
    t.match(error.message, seconds === undefined ? /try again later$/ : `try again in ${seconds} s`);
  }
});

t.test('an issuer that repeats the key: no error has it', async (t) => {
  const servers = await withServers(t);
  const keys = [
    'k1',
    'q',
    '"k1"',
    "'legacy-key'",
    '"legacy-key"',
    'back\\slash"quote',
    'with space',
    'a.c+d',
  ];
  for (const apiKey of keys) {
    const bare = apiKey.replaceAll(/^["']|["']$/g, '');
    const said = `no key ${apiKey}, nor (${bare})`;
    const form = { url: 'http://x.test/', fields: { key: 'a', policy: 'p', [`n ${bare}`]: 1 } };
    const responses: [number, object, Record<string, string>?][] = [
      [400, { code: apiKey, message: said }],
      [403, { code: 'X', message: said }],
      [422, { code: 'X', message: `${said} ${JSON.stringify(apiKey)}` }],
      [500, { code: `about ${bare}` }],
      [302, {}, { location: `/${encodeURIComponent(bare)}` }],
      [200, { url: form }],
    ];
    const forms = [bare, JSON.stringify(bare).slice(1, -1), encodeURIComponent(bare)];
    for (const [status, body, headers] of responses) {
      servers.issue = (_, response) => response.writeHead(status, headers).end(JSON.stringify(body));
      const { message } = await failureOf(requestUpload({ issuerUrl: servers.url, apiKey }));
      const words = ` ${message.replaceAll(/[():/,"]+/g, ' ')} `;
      for (const form of forms)
        t.notOk(words.includes(` ${form.replaceAll(/[():/,"]+/g, ' ')} `), `${status} ${form}: ${message}`);
      t.ok(message.includes('[API key]'), `${status} ${apiKey}: ${message}`);
    }
  }
});

t.test('an issuer that repeats a short key: words that contain it stay as they are', async (t) => {
  const servers = await withServers(t);
  servers.issue = (_, response) => response.writeHead(400).end('{"code":"Bad","message":"key k: k is bad"}');
  const { message } = await failureOf(requestUpload({ issuerUrl: servers.url, apiKey: 'k' }));
  t.match(message, /: key \[API key\]: \[API key\] is bad$/);
});

t.test('a redirect is named without user name, password and query', async (t) => {
  const servers = await withServers(t);
  const { host } = new URL(servers.url);
  const cases: [location: string, says: string][] = [
    ['https://user:pass-word@x.test/a?b=pass-word#pass-word', 'to https://x.test/a,'],
    ['//user:pass-word@x.test/a', 'to http://x.test/a,'],
    ['https:user:pass-word@x.test/a', 'to https://x.test/a,'],
    ['https:/user:pass-word@x.test/a', 'to https://x.test/a,'],
    ['https:\\\\user:pass-word@x.test/a', 'to https://x.test/a,'],
    ['https://user:pass-word/@x.test/a', 'elsewhere,'],
    ['https://user:pass-word?@x.test/a', 'elsewhere,'],
    ['ftp://user:pass-word@x.test/a', 'elsewhere,'],
    ['mailto:pass-word@x.test', 'elsewhere,'],
    ['https://', 'elsewhere,'],
    ['/a', `to http://${host}/a,`],
  ];
  for (const [location, says] of cases) {
    servers.issue = (_, response) => response.writeHead(302, { location }).end();
    const { message } = await failureOf(requestUpload({ issuerUrl: servers.url, apiKey: 'k' }));
    t.match(message, `it points ${says} which is not followed`, location);
    t.notMatch(message, 'pass-word', location);
  }
});

t.test('an issuer that can not respond now is IssuerUnavailable', async (t) => {
  const servers = await withServers(t);
  servers.issue = (_, response) => {
    response
      .writeHead(503, { 'retry-after': '5' })
      .end('{"message":"the table does not respond","code":"Unavailable"}');
  };
  const error = await failureOf(requestUpload({ issuerUrl: servers.url, apiKey: 'k' }));
  t.match(error, {
    code: 'IssuerUnavailable',
    status: 503,
    retryAfterSeconds: 5,
    message: /503 Unavailable.*in 5 s/,
  });
});

t.test('a response that is not the contract is IssuerUnavailable and says what is missing', async (t) => {
  const servers = await withServers(t);
  const policy = policyUntil('2030-01-01T00:00:00Z');
  const form = (fields: unknown, url: unknown = servers.url) => JSON.stringify({ url: { url, fields } });
  const cases: [string, RegExp][] = [
    ['<html>', /no JSON/],
    ['', /no JSON/],
    ['null', /the response is no JSON object/],
    ['{"url":"https://example.com"}', /"url" is no JSON object/],
    [form({ key: 'k', policy }, 'ftp://x'), /"url.url" is no http or https URL/],
    [form({ key: 'k', policy }, 1), /"url.url"/],
    [form(undefined), /"url.fields"/],
    [form([]), /"url.fields"/],
    [form({ key: 'k', policy, n: 1 }), /field "n" is no string/],
    [form({ policy }), /"key" is missing/],
    [form({ key: 'k' }), /"policy" is missing/],
    [form({ key: 'k', policy: '!!' }), /"policy" is no JSON/],
    [form({ key: 'k', policy: Buffer.from('{}').toString('base64') }), /no valid "expiration"/],
    [form({ key: 'k', policy: policyUntil('yesterday') }), /no valid "expiration"/],
  ];
  for (const [body, says] of cases) {
    servers.issue = (_, response) => response.end(body);
    const error = await failureOf(requestUpload({ issuerUrl: servers.url, apiKey: 'k' }));
    t.match(error, { code: 'IssuerUnavailable', status: 200, message: says }, body);
  }
});

t.test('another service at that URL: 404 and a redirect, which is not followed with the key', async (t) => {
  const servers = await withServers(t);
  servers.issue = (_, response) => response.writeHead(404).end();
  const missing = await failureOf(requestUpload({ issuerUrl: servers.url, apiKey: 'k' }));
  t.match(missing, { code: 'IssuerUnavailable', status: 404, message: /path prefix/ });
  servers.issue = (_, response) => response.writeHead(302, { location: `${servers.url}/elsewhere` }).end();
  const moved = await failureOf(requestUpload({ issuerUrl: servers.url, apiKey: 'k' }));
  t.match(moved, { code: 'IssuerUnavailable', status: 302, message: /\/elsewhere, which is not followed/ });
  t.equal(servers.asked.length, 2);
});

t.test('a response without an end does not fill the memory: only its beginning is read', async (t) => {
  const servers = await withServers(t);
  let ended: () => void = () => {};
  const gone = new Promise<void>((resolve) => {
    ended = resolve;
  });
  servers.issue = (_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, 'x')));
    };
    response.on('drain', more);
    response.on('close', ended);
    more();
  };
  const error = await failureOf(requestUpload({ issuerUrl: servers.url, apiKey: 'k' }));
  t.type(error, IssuerUnavailable);
  await gone;
});

t.test('no connection, a cut connection and silence are IssuerUnavailable', async (t) => {
  const servers = await withServers(t);
  servers.issue = (request) => request.socket.destroy();
  const cut = await failureOf(requestUpload({ issuerUrl: servers.url, apiKey: 'k' }));
  t.match(cut, { code: 'IssuerUnavailable', status: undefined, message: /can't be reached/ });

  servers.issue = () => {};
  const silent = await failureOf(
    requestUpload({ issuerUrl: servers.url, apiKey: 'k', timeoutSeconds: 0.05 }),
  );
  t.match(silent, { code: 'IssuerUnavailable', message: /did not respond within 0.05 s/ });

  const closed = await startServers();
  await closed.close();
  const refused = await failureOf(requestUpload({ issuerUrl: closed.url, apiKey: 'k' }));
  t.match(refused, { code: 'IssuerUnavailable', message: /ECONNREFUSED/ });
});

t.test('the signal ends the request with its reason', async (t) => {
  const servers = await withServers(t);
  const abort = new AbortController();
  const reason = new Error('enough');
  servers.issue = () => abort.abort(reason);
  t.equal(
    await failureOf(requestUpload({ issuerUrl: servers.url, apiKey: 'k', signal: abort.signal })),
    reason,
  );
});

t.test(
  'an https issuer whose form goes to plain http, or to a URL with a password, gives none',
  async (t) => {
    const policy = policyUntil('2030-01-02T03:04:05.000Z');
    const responding = (url: string) => async () =>
      new Response(JSON.stringify({ url: { url, fields: { key: 'k', policy } } }));
    const ask = (url: string, issuerUrl = 'https://issuer.test') =>
      requestUpload({ issuerUrl, apiKey: 'k', fetch: responding(url) });
    const plain = await failureOf(ask('http://s3.test/b'));
    t.match(plain, {
      code: 'IssuerUnavailable',
      message: /plain http URL, though the issuer has an https one/,
    });
    const named = await failureOf(ask('https://u:secret@s3.test/b'));
    t.match(named, { code: 'IssuerUnavailable', message: /has a user name or a password/ });
    t.notMatch(named.message, 'secret');
    t.match(await ask('https://s3.test/b'), { url: 'https://s3.test/b' });
    t.match(await ask('http://s3.test/b', 'http://issuer.test'), { url: 'http://s3.test/b' });
  },
);
