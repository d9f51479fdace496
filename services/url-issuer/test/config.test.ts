import { ConfigError, loadConfig } from '@upload-once/runtime';
import t from 'tap';
import { configChecks, configFields, settingsFrom } from '../src/config.ts';

const REQUIRED = {
  AWS_REGION: 'eu-central-1',
  BUCKET: 'a-bucket',
  UPLOADS_TABLE: 'uploads',
  ACCESS_TABLE: 'access',
};

const load = (env: Record<string, string>) => loadConfig(configFields, { ...REQUIRED, ...env }, configChecks);

async function faultsOf(env: Record<string, string>): Promise<string[]> {
  try {
    await load(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => problem.variable);
  }
}

t.test('what is required suffices', async (t) => {
  const config = await load({});
  t.match(config, {
    PATH_PREFIX: '',
    UPLOAD_NAME_PART: 'UploadFilename',
    FORM_LIFETIME_SECONDS: 30,
    FORM_MAX_BYTES: 5 * 1024 ** 3,
    RECORD_RETENTION_DAYS: 113,
    S3_FORCE_PATH_STYLE: false,
    PORT: 8080,
  });
  t.equal(config.S3_PUBLIC_ENDPOINT, undefined);
  t.strictSame(settingsFrom(config), {
    pathPrefix: '',
    links: settingsFrom(await load({})).links,
    trustedProxies: [],
    corsOrigins: [],
    recordRetentionSeconds: 113 * 86_400,
    sampleRatio: 1,
    defaults: {
      namePart: 'UploadFilename',
      shardedKeys: false,
      maxBytes: 5_368_709_120,
      lifetimeSeconds: 30,
      lifetimeMaxSeconds: 3_600,
      presignedPut: true,
      redirectOrigins: [],
    },
  });
});

t.test('presigned PUTs are given unless that is switched off', async (t) => {
  t.equal(settingsFrom(await load({ PRESIGNED_PUT: 'false' })).defaults.presignedPut, false);
  t.strictSame(await faultsOf({ PRESIGNED_PUT: 'no' }), ['PRESIGNED_PUT']);
});

t.test('keys are sharded where that is switched on', async (t) => {
  t.equal(settingsFrom(await load({ SHARDED_KEYS: 'true' })).defaults.shardedKeys, true);
  t.strictSame(await faultsOf({ SHARDED_KEYS: '32' }), ['SHARDED_KEYS']);
});

t.test('the path prefix means the same with and without a slash at its end', async (t) => {
  const expected = { '/prod': '/prod', '/prod/': '/prod', '/a/b-c/': '/a/b-c', '/': '', ' ': '' };
  for (const [given, prefix] of Object.entries(expected)) {
    t.equal(settingsFrom(await load({ PATH_PREFIX: given })).pathPrefix, prefix, given);
  }
});

t.test('trusted proxies are a list', async (t) => {
  const { trustedProxies } = settingsFrom(
    await load({ TRUSTED_PROXIES: '10.0.0.0/16, ::1,loopback , fd00::/8' }),
  );
  t.strictSame(trustedProxies, ['10.0.0.0/16', '::1', 'loopback', 'fd00::/8']);
});

t.test('origins whose pages may call are a list', async (t) => {
  const { corsOrigins } = settingsFrom(
    await load({ CORS_ORIGINS: 'https://www.example.com, http://localhost:5173' }),
  );
  t.strictSame(corsOrigins, ['https://www.example.com', 'http://localhost:5173']);
});

t.test('links are off until there is an origin', async (t) => {
  t.strictSame(settingsFrom(await load({})).links, {
    returnOrigins: [],
    lifetimeSeconds: 7 * 86_400,
    lifetimeMaxSeconds: 30 * 86_400,
    ratePerMinute: 60,
    addressRatePerMinute: 300,
  });
  const { links } = settingsFrom(
    await load({
      LINK_ORIGIN: 'https://uploads.example.com',
      LINK_RETURN_ORIGINS: 'https://www.example.com, http://localhost:5173',
      LINK_LIFETIME_SECONDS: '100',
      LINK_LIFETIME_MAX_SECONDS: '10',
      LINK_RATE_PER_MINUTE: '1',
      LINK_ADDRESS_RATE_PER_MINUTE: '0',
    }),
  );
  t.strictSame(links, {
    origin: 'https://uploads.example.com',
    returnOrigins: ['https://www.example.com', 'http://localhost:5173'],
    lifetimeSeconds: 100,
    lifetimeMaxSeconds: 100,
    ratePerMinute: 1,
    addressRatePerMinute: 0,
  });
});

t.test('origins to which a browser may be sent are a list', async (t) => {
  const settings = settingsFrom(
    await load({ SUCCESS_REDIRECT_ORIGINS: 'https://a.example, https://b.example' }),
  );
  t.strictSame(settings.defaults.redirectOrigins, ['https://a.example', 'https://b.example']);
  t.strictSame(await faultsOf({ SUCCESS_REDIRECT_ORIGINS: 'https://*.example' }), [
    'SUCCESS_REDIRECT_ORIGINS',
  ]);
});

t.test('the limits of S3 are the limits', async (t) => {
  t.strictSame(await faultsOf({ FORM_LIFETIME_SECONDS: '604800', FORM_MAX_BYTES: '5368709120' }), []);
  t.strictSame(await faultsOf({ FORM_LIFETIME_SECONDS: '1', FORM_MAX_BYTES: '1' }), []);
});

t.test('names in any script, and with marks', async (t) => {
  for (const name of ['a b', 'a+b%20', 'Größe 📦', '..', 'x'.repeat(900)]) {
    t.strictSame(await faultsOf({ UPLOAD_NAME_PART: name }), [], name);
  }
});

t.test('each wrong value is found', async (t) => {
  const wrong: [variable: string, ...values: string[]][] = [
    ['BUCKET', 'Ab', 'UPPER', 'with_underscore', '-dash-first', 'x'.repeat(64)],
    ['UPLOADS_TABLE', 'ab', 'with space'],
    ['ACCESS_TABLE', 'x'.repeat(256), 'ü-table'],
    ['AWS_REGION', 'nowhere'],
    [
      'S3_PUBLIC_ENDPOINT',
      'localhost:9000',
      'ftp://x',
      'http://',
      'http://x/path',
      'http://u:p@x',
      'http://x:99999',
    ],
    ['PATH_PREFIX', 'prod', '/:x', '/*', '//', '/a//b', '/a b', '/a?b'],
    [
      'TRUSTED_PROXIES',
      'everybody',
      '10.0.0.0/33',
      '1.2.3',
      '::1/129',
      '10.0.0.1/8/8',
      '10.0.0.1/',
      '10.0.0.0/0',
    ],
    [
      'UPLOAD_NAME_PART',
      'a/b',
      'a\tb',
      '$',
      'a-$' + '{filename}',
      'x'.repeat(901),
      'ü'.repeat(451),
      '\ud800',
    ],
    [
      'LINK_ORIGIN',
      'https://a.example/',
      'https://a.example,https://b.example',
      'https://A.example',
      'https://a.example,b.example',
      'a.example',
    ],
    ['LINK_RETURN_ORIGINS', '*', 'https://a.example/thanks'],
    ['LINK_LIFETIME_SECONDS', '0', '2592001'],
    [
      'CORS_ORIGINS',
      '*',
      'www.example.com',
      'https://www.example.com/',
      'https://*.example.com',
      'https://www.example.com/page',
      'https://WWW.example.com',
      'https://www.example.com:443',
      'null',
      'file:///etc',
      'https://a.example, nonsense',
    ],
    ['FORM_LIFETIME_SECONDS', '0', '604801', '1.5', 'soon', '-1'],
    ['FORM_MAX_BYTES', '0', '5368709121', '5GiB'],
    ['RECORD_RETENTION_DAYS', '0', '3651', 'x'],
    // With the 5 seconds that a request may take: no more than 10 in which a disabled key still opens something.
    ['API_KEY_CACHE_SECONDS', '6', '10', '-1', '0.5'],
    ['PORT', '65536'],
    ['S3_FORCE_PATH_STYLE', 'perhaps'],
  ];
  for (const [variable, ...values] of wrong) {
    for (const value of values) {
      t.strictSame(await faultsOf({ [variable]: value }), [variable], `${variable}=${value}`);
    }
  }
});

t.test('the origin of links is one, whatever is wrong with it', async (t) => {
  const expected =
    'LINK_ORIGIN: expected one origin such as "https://www.example.com" (scheme, host, optional port); no "*", got';
  for (const value of ['https://a.example#x', 'https://a,https://b', 'https://a.example/', 'a', 'http://*']) {
    await t.rejects(load({ LINK_ORIGIN: value }), { message: `${expected} "${value}"` });
  }
});

t.test('a user and a password in an origin are not shown', async (t) => {
  for (const userInfo of ['user:secretpw', 'user:secretpw,secretpw', 'user:secretpw@/secretpw', 'secretpw']) {
    const value = `https://${userInfo}@a.example`;
    for (const variable of [
      'LINK_ORIGIN',
      'LINK_RETURN_ORIGINS',
      'CORS_ORIGINS',
      'SUCCESS_REDIRECT_ORIGINS',
    ]) {
      const error: Error = await load({ [variable]: value }).then(t.fail, (reason) => reason);
      t.notMatch(error.message, /secretpw/);
      t.match(
        error.message,
        /, got "https:\/\/\[Redacted\]@a\.example": an origin has no user and password$/,
      );
    }
  }
});

t.test('what only a closer look finds is named beside all else, in our own words', async (t) => {
  const loading = load({
    UPLOAD_NAME_PART: 'ü'.repeat(451),
    S3_PUBLIC_ENDPOINT: 'http://x:99999',
    TRUSTED_PROXIES: 'loopback, everywhere, 1.2.3.4',
    PORT: 'x',
  });
  await t.rejects(loading, {
    message: [
      'PORT: expected a whole number from 0 to 65535, got "x"',
      'S3_PUBLIC_ENDPOINT: expected a URL that leads somewhere, got "http://x:99999"',
      'TRUSTED_PROXIES: expected addresses or networks such as "10.0.0.0/16", or "loopback", "linklocal", "uniquelocal", separated by commas, got "everywhere"',
      'UPLOAD_NAME_PART: expected 1 to 900 bytes of UTF-8 without "/", "$", control characters and characters that hide or reorder text: a name part has 1 to 900 bytes of UTF-8, this one has 902',
    ].join('\n'),
  });
});

t.test('an endpoint for spans that is no URL is named', async (t) => {
  for (const bad of ['collector:4318', 'http://', 'grpc://collector'])
    t.strictSame(await faultsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: bad }), ['OTEL_EXPORTER_OTLP_ENDPOINT'], bad);
});

t.test('the part of the uploads that has a trace is a number from 0 to 1', async (t) => {
  for (const good of ['0', '1', '0.05', '1.0'])
    t.equal(settingsFrom(await load({ OTEL_TRACES_SAMPLER_ARG: good })).sampleRatio, Number(good));
  for (const bad of ['2', '-1', '5%', '.5', '1.5'])
    await t.rejects(load({ OTEL_TRACES_SAMPLER_ARG: bad }), {
      message: /^OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1/,
    });
});
