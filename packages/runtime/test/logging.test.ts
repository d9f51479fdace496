import fc from 'fast-check';
import t from 'tap';
import { createLogger, type Logger } from '../src/index.ts';

/** Everything that the logger wrote while `use` had it. */
function written(use: (log: Logger) => void, level = 'trace'): string {
  const lines: string[] = [];
  use(createLogger({ service: 'url-issuer', level, destination: { write: (line) => lines.push(line) } }));
  return lines.join('');
}

const SECRET = 'HIDDENhidden0123456789abcdef0123456789';
const POLICY = Buffer.from(
  JSON.stringify({ expiration: '2030-01-01T00:00:00Z', conditions: [{ bucket: 'b' }] }),
).toString('base64');
const URL_WITH_SECRETS =
  `https://b.s3.eu-central-1.amazonaws.com/uploads/file.bin?X-Amz-Algorithm=AWS4-HMAC-SHA256` +
  `&X-Amz-Credential=AKIA${SECRET}%2F20300101%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20300101T000000Z` +
  `&X-Amz-Security-Token=${SECRET}%2F%2B%3D&X-Amz-Signature=${SECRET}&x-id=GetObject`;

t.test('a line is one JSON object with level, time, service and message', async (t) => {
  const line = written((log) => log.info({ key: 'uploads/a b.bin', sizeBytes: 3 }, 'accepted'));
  t.match(JSON.parse(line), {
    level: 'info',
    service: 'url-issuer',
    key: 'uploads/a b.bin',
    sizeBytes: 3,
    msg: 'accepted',
  });
  t.match(JSON.parse(line).time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  t.ok(line.endsWith('}\n'));
});

t.test('lines below the level are not written', async (t) => {
  t.equal(
    written((log) => log.info('x'), 'warn'),
    '',
  );
});

t.test('secrets in properties are not written, at any depth, under any spelling', async (t) => {
  const names = [
    'x-api-key', 'X-API-KEY', 'X-Api-Key', 'apiKey', 'api_key', 'Authorization', 'proxy-authorization', 'Cookie',
    'set-cookie', 'X-Amz-Signature', 'x-amz-signature', 'X-Amz-Security-Token', 'X-Amz-Credential',
    'x-amz-credential', 'policy', 'Policy', 'signature', 'sessionToken', 'token', 'secretAccessKey',
    'AWS_SECRET_ACCESS_KEY', 'client_secret', 'password', 'StringToSign', 'StringToSignBytes', 'CanonicalRequest',
  ]; // biome-ignore format: a list
  for (const name of names) {
    t.notMatch(
      written((log) => log.info({ [name]: SECRET })),
      SECRET,
      `${name} at the top`,
    );
    t.notMatch(
      written((log) => log.info({ req: { headers: { [name]: SECRET } } })),
      SECRET,
      `${name} below`,
    );
    t.notMatch(
      written((log) => log.info({ a: [{ b: { c: { d: { [name]: [SECRET, { x: SECRET }] } } } }] })),
      SECRET,
      `${name} deep down`,
    );
    t.notMatch(
      written((log) => log.child({ [name]: SECRET }).info('x')),
      SECRET,
      `${name} of a child`,
    );
    t.notMatch(
      written((log) => log.info({ rawHeaders: ['Host', 'h', name, SECRET] })),
      SECRET,
      `${name} raw`,
    );
    t.notMatch(
      written((log) => log.info({ h: [{ name, value: SECRET }] })),
      SECRET,
      `${name} as a pair`,
    );
    t.notMatch(
      written((log) => log.info({ h: [{ Name: name, Value: SECRET }] })),
      SECRET,
      `${name} as a Pair`,
    );
  }
});

t.test('secrets inside text are not written, wherever the text is', async (t) => {
  const form = { key: 'uploads/k', policy: POLICY, 'X-Amz-Signature': SECRET, 'X-Amz-Credential': SECRET };
  const texts = {
    'a presigned URL': `GET ${URL_WITH_SECRETS} failed`,
    'a presigned URL as a parameter': `https://x/?next=${encodeURIComponent(URL_WITH_SECRETS)}&b=1`,
    'twice encoded': `https://x/?n=${encodeURIComponent(encodeURIComponent(URL_WITH_SECRETS))}`,
    'a form as JSON': `form ${JSON.stringify(form)}`,
    'a form as JSON in JSON': JSON.stringify({ body: JSON.stringify(form) }),
    'a header line': `x-api-key: ${SECRET}\r\nhost: h`,
    'a header line, quoted': `curl -H 'X-Api-Key: ${SECRET}' https://h/`,
    'a short key': 'x-api-key: HIDDEN',
    'a key with blanks': 'refused x-api-key: my hidden key',
    'a key with blanks and quotes': `{"X-API-KEY":  "my, 'hidden' \\"hidden\\" key"}`,
    'a key with blanks in JSON in JSON': JSON.stringify({
      body: JSON.stringify({ apiKey: 'my hidden key' }),
    }),
    'an authorization header': `Authorization: AWS4-HMAC-SHA256 Credential=AKIA${SECRET}/2030, Signature=${SECRET}`,
    'a bearer token': `sent Bearer ${SECRET}`,
    // Each with one word alone that tells of a secret.
    secret: `secret=${SECRET}`,
    password: `password=${SECRET}`,
    passwd: `passwd=${SECRET}`,
    authorization: `authorization: ${SECRET}`,
    cookie: `cookie: ${SECRET}`,
    token: `token=${SECRET}`,
    signature: `signature=${SECRET}`,
    credential: `credential=${SECRET}`,
    'api key': `api_key=${SECRET}`,
    policy: `policy=${SECRET}`,
    bearer: `Bearer ${SECRET}`,
    basic: `Basic ${SECRET}`,
    'a cookie': `Set-Cookie: session=${SECRET}; other="${SECRET}"; third=${SECRET}`,
    'a digest': `proxy-authorization: Digest username="x", response="${SECRET}"`,
    'a form field': `--b\r\nContent-Disposition: form-data; name="policy"\r\n\r\n${SECRET}\r\n--b`,
    'a token after a colon': `SessionToken: ${SECRET}`,
    'an assignment': `AWS_SECRET_ACCESS_KEY=${SECRET} AWS_SESSION_TOKEN='${SECRET}'`,
    'user and password': `https://user:${SECRET}@host/`,
    'a password without a user': `redis://:${SECRET}@host:6379`,
    'a key of our own': `no such key: uo_0123456789abcdef_${SECRET.toLowerCase()}`,
    'a secret of webhooks': `expected whsec_…, got whsec_${SECRET}+/=`,
    'a key of our own in capitals': `no such key: UO_0123456789ABCDEF_${SECRET}`,
  };
  for (const [what, text] of Object.entries(texts)) {
    for (const [where, output] of Object.entries({
      message: written((log) => log.info(text)),
      interpolated: written((log) => log.info('it was %s', text)),
      property: written((log) => log.info({ request: { url: text } }, 'x')),
      error: written((log) => log.error(new Error(text))),
      'error under its key': written((log) => log.error({ err: new Error(text) }, 'x')),
      cause: written((log) => log.error({ err: new Error('x', { cause: new Error(text) }) }, 'x')),
      'error property': written((log) =>
        log.error({ err: Object.assign(new Error('x'), { url: text }) }, 'x'),
      ),
      binding: written((log) => log.child({ text }).info('x')),
    })) {
      t.notMatch(output, /hidden/i, `${what}, ${where}`);
      t.doesNotThrow(() => JSON.parse(output), `${what}, ${where}: still JSON`);
    }
  }
});

t.test('a policy that stands alone is not written', async (t) => {
  t.notMatch(
    written((log) => log.info({ fields: [POLICY] }, `sent ${POLICY}`)),
    POLICY,
  );
});

t.test('what is no secret stays readable', async (t) => {
  const line = written((log) =>
    log.warn(
      {
        apiKeyId: '0123456789abcdef',
        key: 'uploads/report-20300101_000000-abc',
        url: 'https://h/getpresignedurl?X-Amz-Signature=abc&x-id=GetObject',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        token: null,
        count: 3,
        done: true,
        err: new Error('AccessDenied: Invalid according to Policy: Policy expired.'),
      },
      'refused by the policy of the bucket',
    ),
  );
  const data = JSON.parse(line);
  t.match(data, {
    apiKeyId: '0123456789abcdef',
    key: 'uploads/report-20300101_000000-abc',
    url: 'https://h/getpresignedurl?X-Amz-Signature=[Redacted]&x-id=GetObject',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    token: null,
    count: 3,
    done: true,
    err: { message: 'AccessDenied: Invalid according to Policy: Policy expired.' },
    msg: 'refused by the policy of the bucket',
  });
});

t.test('the id in a key of our own stays, to tell whose it was', async (t) => {
  const line = written((log) => log.info('presented uo_0123456789abcdef_00112233445566778899'));
  t.match(JSON.parse(line).msg, 'presented uo_0123456789abcdef_[Redacted]');
});

t.test('a line that is short enough to be passed on as it is shows the same as a long one', async (t) => {
  const words = fc.constantFrom('apiKeyId', 'x-api-key', 'type', 'data', 'Buffer', 'policy', 'name', 'value');
  const secrets = fc.constantFrom(
    `Bearer ${SECRET}`,
    POLICY,
    `uo_0123456789abcdef_${SECRET}`,
    'https://a:b@c/',
  );
  const text = fc.oneof(fc.string({ unit: 'binary' }), words, secrets);
  const { data } = fc.letrec((tie) => ({
    data: fc.dictionary(text, fc.oneof({ depthSize: 'small' }, text, fc.double(), tie('data'), tie('list'))),
    list: fc.array(fc.oneof({ depthSize: 'small' }, text, fc.integer(), tie('data')), { maxLength: 4 }),
  }));
  fc.assert(
    fc.property(data, (given) => {
      const [short = '', long = ''] = ['', 'x'.repeat(1_000)].map((pad) =>
        written((log) => log.info({ given, pad }, 'logged')),
      );
      t.strictSame(JSON.parse(short).given, JSON.parse(long).given);
    }),
    { numRuns: 500 },
  );
  t.match(
    written((log) => log.info({ bytes: Buffer.from('abc') }, 'x')),
    '"bytes":"[Buffer, 3 bytes]"',
  );
  const hiding = written((log) => log.info({ text: 'a\u202eb' }, 'x'));
  t.match(hiding, '"text":"a\\u202eb"');
});

t.test('whatever is logged, the line is written and is JSON', async (t) => {
  const circular: Record<string, unknown> = { 'a"b': 1 };
  circular['self'] = circular;
  for (const data of [
    circular,
    { big: 12_345_678_901_234_567_890n },
    { odd: [Number.NaN, Number.POSITIVE_INFINITY, undefined, () => 1, Symbol('s')] },
    { toJSON: () => undefined },
    { nothing: { toJSON: () => undefined } },
    { broken: '\ud800', control: '\u0000\u2028' },
    Object.create(null),
    new Map([['a', 1]]),
  ]) {
    const line = written((log) => log.child({ 'quoted"name': data }).info(data, 'x %o', data));
    t.match(JSON.parse(line), { level: 'info', msg: /^x/ });
  }
});

t.test('what hides or reorders text is escaped, wherever in a line it stands', async (t) => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ service: 'acceptor', level: 'info', destination });
  const key = 'uploads/invoice\u202efdp\u2028\u{e0041}';
  log.info({ key, [key]: 1, err: new Error(key) }, key);
  const [line = ''] = lines;
  t.notMatch(line.trimEnd(), /[\u202e\u2028\u{e0041}]/u);
  t.match(JSON.parse(line), { key, [key]: 1, msg: key });
});

t.test('a line is bounded, says what was cut, and keeps its message', async (t) => {
  const large = 'x'.repeat(1_000_000);
  const many = Array.from({ length: 20_000 }, () => 'x');
  for (const [name, line] of [
    ['a field', written((log) => log.info({ large }, 'said'))],
    [
      'many fields',
      written((log) => log.info(Object.fromEntries(many.map((_, at) => [`k${at}`, at])), 'said')),
    ],
    ['a list', written((log) => log.info({ list: many }, 'said'))],
    ['a binding', written((log) => log.child({ large }).info('said'))],
    ['an error', written((log) => log.info({ err: Object.assign(new Error(large), { large }) }, 'said'))],
  ] as const) {
    t.ok(line.length < 200_000, `${name}: ${line.length} characters`);
    t.match(JSON.parse(line), { level: 'info', service: 'url-issuer', msg: 'said' }, name);
    t.match(line, /\bcut\b/, name);
  }
  t.match(JSON.parse(written((log) => log.info(large))).msg, /^x+\[cut, of 1000000 characters\]$/);
});

t.test('no number of fields pushes out what each line of a logger has', async (t) => {
  const names = (name: (at: number) => string) =>
    Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [name(at), at]));
  for (const [what, fields] of [
    ['names that are numbers, which an object has first', names((at) => `${at}`)],
    ['names that are large numbers', names((at) => `${at + 2 ** 32 - 10_000}`)],
    ['other names', names((at) => `k${at}`)],
    ['long names', names((at) => `${at}`.padStart(250, 'x'))],
  ] as const) {
    const line = JSON.parse(written((log) => log.child({ id: 'a', attempt: 2 }).info(fields, 'said')));
    const { level, time, service, id, attempt, msg } = line;
    t.match({ time }, { time: String }, what);
    t.strictSame(
      { level, service, id, attempt, msg },
      { level: 'info', service: 'url-issuer', id: 'a', attempt: 2, msg: 'said' },
      what,
    );
    t.match(line['[cut]'], /^\d+ more$/, what);
  }
});

t.test(
  'bytes in a line are shown by their size, and an error is made small before the line is',
  async (t) => {
    const body = Buffer.alloc(100_000);
    const err = Object.assign(new Error('refused'), { body, bytes: new Uint8Array(100_000), find: () => 1 });
    const line = JSON.parse(written((log) => log.info({ body, err }, 'said')));
    t.match(line, { body: '[Buffer, 100000 bytes]', err: { bytes: '[Uint8Array, 100000 bytes]' } });
    t.equal(line.err.body, '[Buffer, 100000 bytes]');
  },
);
