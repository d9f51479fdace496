import t from 'tap';
import { tracingChecks } from '../src/config-checks.ts';
import {
  awsFields,
  type ConfigChecks,
  ConfigError,
  checkUrl,
  drainFields,
  healthFields,
  integer,
  loadConfig,
  logFields,
  optional,
  text,
  tracingFields,
} from '../src/index.ts';

const fields = { ...awsFields, ...logFields, ...drainFields, ...healthFields };

/** The error's lines, or a failed test when there is none. */
async function violationsOf(
  env: Record<string, string | undefined>,
  of = fields,
  checks: ConfigChecks<typeof fields> = {},
): Promise<string[]> {
  try {
    await loadConfig(of, env, checks);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  throw new Error('a ConfigError was expected');
}

t.test('values are converted and defaults filled in', async (t) => {
  const config = await loadConfig(fields, {
    AWS_REGION: 'eu-central-1',
    PORT: '0',
    S3_FORCE_PATH_STYLE: 'true',
  });
  t.strictSame(config, {
    AWS_REGION: 'eu-central-1',
    S3_FORCE_PATH_STYLE: true,
    LOG_LEVEL: 'info',
    ENVIRONMENT: 'default',
    DRAIN_LIMIT_SECONDS: 100,
    HOST: '0.0.0.0',
    PORT: 0,
  });
});

t.test('unknown variables are ignored, and neither argument is changed', async (t) => {
  const env = { AWS_REGION: 'us-east-1', HOME: '/root', npm_config_yes: '' };
  const before = structuredClone(env);
  t.notOk('HOME' in (await loadConfig(fields, env)));
  t.strictSame(env, before);
  t.notOk('additionalProperties' in fields);
});

t.test('a message says what was expected and what was found', async (t) => {
  t.strictSame(await violationsOf({ AWS_REGION: 'eu-west-1', PORT: 'abc' }), [
    'PORT: expected a whole number from 0 to 65535, got "abc"',
  ]);
  t.strictSame(await violationsOf({ AWS_REGION: 'eu-west-1', PORT: '65536' }), [
    'PORT: expected a whole number from 0 to 65535, got "65536"',
  ]);
  t.strictSame(await violationsOf({ AWS_REGION: 'eu-west-1', PORT: '80.5' }), [
    'PORT: expected a whole number from 0 to 65535, got "80.5"',
  ]);
  t.strictSame(await violationsOf({ AWS_REGION: 'eu-west-1', LOG_LEVEL: 'loud' }), [
    'LOG_LEVEL: expected one of "trace", "debug", "info", "warn", "error", got "loud"',
  ]);
});

t.test('missing and blank are the same violation, told apart in words', async (t) => {
  t.strictSame(await violationsOf({}), [
    'AWS_REGION: expected the name of an AWS region, for example "eu-central-1", but it is not set',
  ]);
  t.strictSame(await violationsOf({ AWS_REGION: '  ' }), [
    'AWS_REGION: expected the name of an AWS region, for example "eu-central-1", but it is blank',
  ]);
  const { PORT } = await loadConfig(fields, { AWS_REGION: 'eu-west-1', PORT: '', LOG_LEVEL: undefined });
  t.equal(PORT, 8080);
});

t.test('every violation is named at once, in the order of the fields, one line each', async (t) => {
  const violations = await violationsOf({
    PORT: 'x',
    S3_FORCE_PATH_STYLE: 'yes',
    DRAIN_LIMIT_SECONDS: '111',
    ENVIRONMENT: 'a b',
  });
  t.strictSame(
    violations.map((violation) => violation.split(':')[0]),
    ['AWS_REGION', 'S3_FORCE_PATH_STYLE', 'ENVIRONMENT', 'DRAIN_LIMIT_SECONDS', 'PORT'],
  );
});

t.test('problems can be read one by one', async (t) => {
  try {
    await loadConfig(fields, { AWS_REGION: 'eu-west-1', PORT: '-1' });
    t.fail('a ConfigError was expected');
  } catch (error) {
    t.match(error, { name: 'ConfigError', code: 'ConfigError' });
    t.strictSame((error as ConfigError).problems, [
      { variable: 'PORT', message: 'expected a whole number from 0 to 65535, got "-1"' },
    ]);
  }
});

t.test('what may be a secret is not repeated', async (t) => {
  const secrets = {
    UPLOAD_API_KEY: text({ minLength: 100, expected: 'a long key' }),
    SIGNING_SECRET: text({ minLength: 100, expected: 'a long secret' }),
    CALLBACK_URL: text({ pattern: '^https:', expected: 'a URL that begins with "https:"' }),
    STORE_URL: text({ pattern: '^redis:', expected: 'a URL that begins with "redis:"' }),
  };
  const violations = (
    await violationsOf(
      {
        UPLOAD_API_KEY: 'abc-hidden',
        SIGNING_SECRET: 'def-hidden',
        CALLBACK_URL: 'http://me:pass-hidden@host/?X-Amz-Signature=sig-hidden',
        STORE_URL: 'me:pass/hidden@host',
      },
      secrets as never,
    )
  ).join('\n');
  t.notMatch(violations, 'hidden');
  t.match(violations, 'UPLOAD_API_KEY: expected a long key, got a value that is not shown');
  t.match(violations, 'CALLBACK_URL: expected a URL that begins with "https:", got "http://[Redacted]@host/');
});

t.test('a long value is cut in the message', async (t) => {
  const [violation = ''] = await violationsOf({ AWS_REGION: 'x'.repeat(5000) });
  t.match(violation, `got "${'x'.repeat(100)}"… (5000 characters)`);
});

t.test('a field that says less still gives a sentence', async (t) => {
  const plain = {
    COUNT: integer({ description: 'how many there are' }),
    SIZE: integer(),
    OPTIONAL: optional(text()),
  };
  t.strictSame(await violationsOf({ COUNT: 'x', SIZE: 'y' }, plain as never), [
    'COUNT: expected how many there are, got "x"',
    'SIZE: expected another value, got "y"',
  ]);
});

t.test('a field that cannot be used is no configuration violation', async (t) => {
  const broken = { A: { ...text(), type: 'no-such-type' as 'string' } };
  try {
    await loadConfig(broken, { A: 'x' });
    t.fail('an error was expected');
  } catch (error) {
    t.notOk(error instanceof ConfigError);
    t.match(error, { message: /no-such-type|schema is invalid/ });
  }
});

t.test('what checks find is named beside what the fields find, in their order', async (t) => {
  const violations = await violationsOf(
    { AWS_REGION: 'eu-west-1', PORT: 'x', ENVIRONMENT: 'stage' },
    fields,
    {
      HOST: async (host) => `expected an address of this machine, got "${host}"`,
      ENVIRONMENT: (name) => (name === 'stage' ? 'expected another stage' : undefined),
      AWS_REGION: async () => undefined,
    },
  );
  t.strictSame(violations, [
    'ENVIRONMENT: expected another stage',
    'HOST: expected an address of this machine, got "0.0.0.0"',
    'PORT: expected a whole number from 0 to 65535, got "x"',
  ]);
});

t.test('a check gets the converted value, and none that its field refuses', async (t) => {
  const seen: unknown[] = [];
  await violationsOf({ AWS_REGION: 'eu-west-1', PORT: '80', DRAIN_LIMIT_SECONDS: '0' }, fields, {
    PORT: (port) => void seen.push(port),
    S3_FORCE_PATH_STYLE: (flag) => void seen.push(flag),
    AWS_ENDPOINT_URL: (url) => void seen.push(url),
    DRAIN_LIMIT_SECONDS: (limit) => void seen.push(limit),
  });
  t.strictSame(seen, [undefined, false, 80]);
});

t.test('a check that fails by itself is no violation of the configuration', async (t) => {
  const checks = {
    HOST: async () => {
      throw new Error('no response');
    },
  };
  await t.rejects(loadConfig(fields, { AWS_REGION: 'eu-west-1' }, checks), { message: 'no response' });
});

t.test('a URL is more than its beginning', async (t) => {
  for (const good of [undefined, 'http://127.0.0.1:9000', 'https://[::1]:1/', 'http://s3.local/a?b']) {
    t.equal(checkUrl(good), undefined, `${good}`);
  }
  for (const bad of ['https://', 'http://x:99999', 'http://[x]/', 'not a url']) {
    t.equal(checkUrl(bad), `expected a URL that leads somewhere, got ${JSON.stringify(bad)}`);
  }
  for (const password of ['hidden', 'hid/den', "hid'den", 'hid"den', 'hid den', 'hid@den', 'hid,den'])
    t.notMatch(checkUrl(`http://me:${password}@x:99999`), /hid|den/, password);
});

t.test('an endpoint for spans leads somewhere, and the exporter can add /v1/traces to it', async (t) => {
  const load = (value: string) =>
    loadConfig(tracingFields, { OTEL_EXPORTER_OTLP_ENDPOINT: value }, tracingChecks);
  for (const good of ['http://127.0.0.1:4318', 'https://collector/base/', 'https://x/v1/traces-of-ours'])
    await t.resolves(load(good), good);
  const added = 'expected a URL without /v1/traces, which the service adds, got';
  for (const [value, message] of [
    ['http://h:99999', 'expected a URL that leads somewhere, got "http://h:99999"'],
    ['http://h:1?x=1', 'expected a URL without "?" and "#", got "http://h:1?x=1"'],
    ['http://h:1/#x', 'expected a URL without "?" and "#", got "http://h:1/#x"'],
    ['http://h:1/v1/traces', `${added} "http://h:1/v1/traces": set "http://h:1"`],
    ['https://h/otlp/v1/traces/', `${added} "https://h/otlp/v1/traces/": set "https://h/otlp"`],
    [
      'https://u:secretpw@h/v1/traces',
      `${added} "https://[Redacted]@h/v1/traces": set "https://[Redacted]@h"`,
    ],
  ] as const)
    await t.rejects(load(value), { message: `OTEL_EXPORTER_OTLP_ENDPOINT: ${message}` });
});
