import { writeFileSync } from 'node:fs';
import t from 'tap';
import { endpointsFrom } from '../src/config.ts';
import { countUrls, endpointFor } from '../src/endpoints.ts';

const SECRET = Buffer.alloc(24, 'hidden');
const WHSEC = `whsec_${SECRET.toString('base64')}`;
const OTHER_SECRET = Buffer.alloc(24, 'hidden too');
const OTHER_WHSEC = `whsec_${OTHER_SECRET.toString('base64')}`;
const SHOP = '0123456789abcdef';
const ONE = { url: 'https://hooks.example/uploads?token=hidden', secrets: [WHSEC] };
const NOTHING = { WEBHOOKS: undefined, WEBHOOKS_FILE: undefined, WEBHOOK_ALLOWED_ORIGINS: '' };

const read = (webhooks: unknown, allowed = '') =>
  endpointsFrom({ ...NOTHING, WEBHOOKS: JSON.stringify(webhooks), WEBHOOK_ALLOWED_ORIGINS: allowed });

t.test('an event goes to the endpoint of its API key, or else to the default one', async (t) => {
  const endpoints = await read({
    default: ONE,
    apiKeys: {
      [SHOP]: {
        url: 'https://shop.example/',
        secrets: [WHSEC, OTHER_WHSEC],
        events: ['upload.failed', 'upload.duplicate'],
      },
    },
  });
  const hostFor = (apiKeyId: string) => endpointFor(endpoints, apiKeyId)?.url.host;
  t.equal(hostFor('any'), 'hooks.example');
  t.equal(hostFor(SHOP), 'shop.example');
  t.equal(hostFor('toString'), 'hooks.example');
  const ofShop = endpointFor(endpoints, SHOP);
  t.strictSame(ofShop?.secrets, [SECRET, OTHER_SECRET]);
  t.strictSame([...(ofShop?.types ?? [])], ['upload.failed', 'upload.duplicate']);
  t.equal(countUrls(endpoints), 2);
  const alone = await read({ apiKeys: { [SHOP]: ONE, fedcba9876543210: ONE } });
  t.equal(countUrls(alone), 1);
  t.equal(endpointFor(alone, 'c'), undefined);
});

t.test('what is not public needs its origin in WEBHOOK_ALLOWED_ORIGINS', async (t) => {
  for (const origin of [
    'http://127.0.0.1:8080',
    'https://10.0.0.1',
    'http://receiver:8080',
    'https://[fd00::1]',
  ]) {
    const webhooks = { default: { ...ONE, url: `${origin}/hooks` } };
    const endpoints = await read(webhooks, `https://other.example, ${origin}`);
    t.equal(endpoints.default?.isAllowed, true, origin);
    await t.rejects(read(webhooks), { code: 'ConfigError' }, `${origin} without it`);
    await t.rejects(
      read(webhooks, `${origin}1`),
      { code: 'ConfigError' },
      'nor does the beginning of one count',
    );
  }
  t.equal((await read({ default: ONE }, 'http://127.0.0.1:8080')).default?.isAllowed, false);
});

t.test('the JSON can be in a file', async (t) => {
  const path = `${t.testdir()}/webhooks.json`;
  writeFileSync(path, JSON.stringify({ default: ONE }));
  t.equal((await endpointsFrom({ ...NOTHING, WEBHOOKS_FILE: path })).default?.url.href, ONE.url);
  await t.rejects(endpointsFrom({ ...NOTHING, WEBHOOKS_FILE: `${path}.not` }), {
    message: 'WEBHOOKS_FILE: expected the path of a file that can be read; its value is not shown',
  });
  writeFileSync(path, '{');
  await t.rejects(endpointsFrom({ ...NOTHING, WEBHOOKS_FILE: path }), {
    message: /^WEBHOOKS_FILE: expected JSON/,
  });
});

t.test('exactly one of WEBHOOKS and WEBHOOKS_FILE is set', async (t) => {
  const expected = 'WEBHOOKS: expected one of WEBHOOKS and WEBHOOKS_FILE, but neither is set';
  await t.rejects(endpointsFrom(NOTHING), { code: 'ConfigError', message: expected });
  await t.rejects(endpointsFrom({ ...NOTHING, WEBHOOKS: '{}', WEBHOOKS_FILE: 'x' }), {
    message: /but both are set$/,
  });
});

t.test('text that is no JSON, and a value that is no path, are not shown', async (t) => {
  const json = { ...NOTHING, WEBHOOKS: '{"default": {"hidden' };
  await t.rejects(endpointsFrom(json), {
    message: /^WEBHOOKS: expected JSON, and it cannot be parsed as that$/,
  });
  const marked = { ...NOTHING, WEBHOOKS: `\ufeff${JSON.stringify({ default: ONE })}` };
  t.equal(countUrls(await endpointsFrom(marked)), 1, 'with a byte order mark');
  const swapped = { ...NOTHING, WEBHOOKS_FILE: JSON.stringify({ default: ONE }) };
  await t.rejects(endpointsFrom(swapped), {
    message: /^WEBHOOKS_FILE: expected the path of a file that can be read; its value is not shown$/,
  });
});

t.test('each mistake is named with what is allowed, and no secret is shown', async (t) => {
  const of = (changes: object) => ({ default: { ...ONE, ...changes } });
  const short = `whsec_${Buffer.alloc(23, 'hidden').toString('base64')}`;
  const long = `whsec_${Buffer.alloc(65, 'hidden').toString('base64')}`;
  for (const [webhooks, message] of [
    [[], 'WEBHOOKS: expected a JSON object with "default", "apiKeys" or both'],
    [{}, 'WEBHOOKS: it: expected "default", "apiKeys" or both'],
    [{ default: ONE, apikeys: {} }, 'WEBHOOKS: it: expected only "default", "apiKeys", got "apikeys"'],
    [{ apiKeys: [] }, /^WEBHOOKS: apiKeys: expected an object with the id of an API key for each endpoint$/],
    [{ default: 'hidden' }, 'WEBHOOKS: default: expected an object with "url" and "secrets"'],
    [of({ secret: WHSEC }), 'WEBHOOKS: default: expected only "url", "secrets", "events", got "secret"'],
    [
      of({ url: 'http://hooks.example/hidden' }),
      /default\.url: expected an https URL, got one of http:\/\/hooks\.example;/,
    ],
    [of({ url: 'hooks.example/hidden' }), /default\.url: expected an https URL; http/],
    [of({ url: 7 }), /default\.url: expected an https URL/],
    [
      of({ url: 'https://user:hidden@hooks.example/' }),
      /default\.url: expected a URL without user, password and #$/,
    ],
    [of({ url: 'https://hooks.example/#hidden' }), /without user/],
    [
      of({ url: 'https://2852039166/hidden' }),
      /default\.url: expected a public address, got 169\.254\.169\.254; /,
    ],
    [of({ url: 'https://[::ffff:10.0.0.1]/hidden' }), /expected a public address, got ::ffff:a00:1; /],
    [of({ secrets: [] }), 'WEBHOOKS: default.secrets: expected a list of one or two secrets'],
    [of({ secrets: [WHSEC, WHSEC, WHSEC] }), /a list of one or two secrets$/],
    [of({ secrets: [WHSEC, WHSEC] }), 'WEBHOOKS: default.secrets: expected two different secrets'],
    [of({ url: 'https://:hidden@hooks.example/' }), /without user/],
    [{ apiKeys: {} }, 'WEBHOOKS: apiKeys: expected at least one endpoint, because there is no "default"'],
    [of({ [WHSEC]: 1 }), /expected only "url", "secrets", "events", got another name, which is not shown$/],
    [of({ secrets: WHSEC }), /a list of one or two secrets$/],
    [
      of({ secrets: [WHSEC, short] }),
      /default\.secrets\[1\]: expected "whsec_" and 24 to 64 bytes in base64; what there is, is not shown$/,
    ],
    [of({ secrets: [long] }), /default\.secrets\[0\]: expected "whsec_"/],
    [of({ secrets: [SECRET.toString('base64')] }), /expected "whsec_"/],
    [of({ secrets: [`${WHSEC}=`] }), /expected "whsec_"/],
    [
      of({ events: [] }),
      /default\.events: expected a list of "upload\.processed", "upload\.failed", "upload\.duplicate"$/,
    ],
    [of({ events: ['upload.deleted'] }), /default\.events: expected a list/],
    [
      { apiKeys: { [SHOP]: { ...ONE, secrets: ['hidden'] } } },
      /apiKeys\["0123456789abcdef"\]\.secrets\[0\]: expected/,
    ],
    [
      { apiKeys: { uo_0123456789abcdef_hidden: { ...ONE, url: 7 } } },
      /apiKeys, entry 1: expected the id of an API key, 16 hex.*\n.*apiKeys, entry 1\.url: expected/,
    ],
  ] as const) {
    const error = await read(webhooks).catch((thrown) => thrown);
    t.equal(error.code, 'ConfigError');
    t.match(error.message, message);
    t.notMatch(error.message, /hidden|aGlkZGVu/, 'nothing secret');
  }
  const all = await read({ default: {}, apiKeys: { [SHOP]: { url: 'x', secrets: [1], events: 1 } } }).catch(
    (thrown) => thrown,
  );
  t.equal(all.problems.length, 5, 'all of them at once');
});
