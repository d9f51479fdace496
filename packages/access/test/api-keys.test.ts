import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import {
  type AccessStore,
  type ApiKeySettings,
  allowsContentType,
  createApiKey,
  createApiKeyFinder,
  hashApiKey,
  importApiKey,
  isExecutedByBrowsers,
} from '../src/index.ts';
import { createMemoryAccessStore } from '../src/testing/index.ts';

const settings = { name: 'build server', ratePerSecond: 10, burst: 20 };
const NOW = new Date('2030-01-01T00:00:00.000Z');

/** Bytes that count up, so that no two draws are the same. */
function making(store: AccessStore = createMemoryAccessStore()) {
  let drawn = 0;
  return {
    store,
    now: () => NOW,
    randomBytes: (count: number) => Uint8Array.from({ length: count }, () => drawn++ % 256),
  };
}

/** What a value opens, asked of the table itself. */
function findApiKey(store: AccessStore, value: string) {
  return createApiKeyFinder({
    store,
    now: () => NOW,
    resultLifetimeSeconds: 0,
    maxFound: 1,
    maxNotFound: 1,
  }).find(value);
}

t.test('a hash is the SHA-256 of the bytes, in hexadecimal', async (t) => {
  t.equal(hashApiKey('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  t.equal(
    hashApiKey('\xc3\xbc'),
    createHash('sha256').update('ü').digest('hex'),
    'what a client sends as UTF-8',
  );
  t.equal(
    hashApiKey('\xfc'),
    createHash('sha256')
      .update(Buffer.from([0xfc]))
      .digest('hex'),
    'as Latin-1',
  );
});

t.test('a key that was made opens; nothing else does', async (t) => {
  const make = making();
  const { value, key } = await createApiKey(settings, make);
  t.strictSame(key, {
    keyId: '0001020304050607',
    name: 'build server',
    ratePerSecond: 10,
    burst: 20,
    createdAt: NOW,
    enabled: true,
  });
  t.strictSame(await findApiKey(make.store, value), key);
  for (const other of [
    `${value} `,
    value.toUpperCase(),
    value.slice(0, -1),
    `x${value}`,
    key.keyId,
    hashApiKey(value),
  ]) {
    t.equal(await findApiKey(make.store, other), undefined, other);
  }
});

t.test('a made key has the form that is documented, its checksum a CRC-32', async (t) => {
  const { value } = await createApiKey(settings, making());
  t.equal(value.length, 68);
  t.match(value, /^uo_0001020304050607_08090a0b0c0d0e0f101112131415161718191a1b[0-9a-f]{8}$/);
  t.equal(value.slice(-8), '537e4410');
});

t.test('an imported value of any form that a header can carry opens', async (t) => {
  const carried = fc
    .string({
      unit: fc
        .oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }), fc.constant(9))
        .map((code) => String.fromCharCode(code)),
      minLength: 1,
    })
    .filter((value) => !/^[ \t]|[ \t]$|^\xef\xbb\xbf/.test(value));
  await fc.assert(
    fc.asyncProperty(carried, async (value) => {
      const make = making();
      const key = await importApiKey(value, settings, make);
      t.strictSame(await findApiKey(make.store, value), key);
    }),
    { numRuns: 50 },
  );
  for (const value of ['x', 'x'.repeat(4096), 'uo_but_of_another_make']) {
    const make = making();
    const key = await importApiKey(value, settings, make);
    t.strictSame(await findApiKey(make.store, value), key);
  }
});

t.test('the same value is not imported twice', async (t) => {
  const make = making();
  const { keyId } = await importApiKey('old value', settings, make);
  await t.rejects(importApiKey('old value', { ...settings, name: 'again' }, make), {
    code: 'SecretAlreadyInUse',
    message: `this value is a key already: ${keyId}`,
  });
});

t.test('what no HTTP header can carry is not imported, and not repeated', async (t) => {
  const refusals: Record<string, RegExp> = {
    '': /1 to 4096 bytes, this one has 0/,
    [`hidden${'x'.repeat(4091)}`]: /1 to 4096 bytes, this one has 4097/,
    'hidden\nhidden': /one line without control characters/,
    'hidden\0x': /one line without control characters/,
    'hidden\x7f': /one line without control characters/,
    'hidden€': /one line without control characters/,
    ' hidden': /neither begins nor ends with a blank or a tab/,
    'hidden ': /neither begins nor ends with a blank or a tab/,
    'hidden\t': /neither begins nor ends with a blank or a tab/,
    '\xef\xbb\xbfhidden': /begins with a byte order mark/,
  };
  for (const [value, message] of Object.entries(refusals)) {
    await t.rejects(importApiKey(value, settings, making()), { code: 'InvalidApiKeyValue', message });
    await importApiKey(value, settings, making()).catch((error: Error) =>
      t.notMatch(error.message, 'hidden'),
    );
  }
});

t.test('a key made elsewhere in the same form is imported, a mistyped one is not', async (t) => {
  const { value } = await createApiKey(settings, making());
  const make = making();
  t.strictSame(await findApiKey(make.store, value), undefined);
  await importApiKey(value, settings, make);
  t.ok(await findApiKey(make.store, value));

  for (const mistyped of [
    value.replace('08090a', '08090b'),
    value.slice(0, -1),
    value.slice(0, 'uo_0001020304050607_'.length),
    `${value}0`,
    `${value}${value}`,
    value.toUpperCase(),
    `"${value}"`,
    `'${value}'`,
    `Bearer ${value}`,
    `bearer "${value}"`,
    `"Bearer ${value}"`,
  ]) {
    await t.rejects(
      importApiKey(mistyped, settings, making()),
      { code: 'InvalidApiKeyValue', message: /its checksum is wrong/ },
      mistyped,
    );
    await importApiKey(mistyped, settings, making()).catch((error: Error) =>
      t.notMatch(error.message, '08090'),
    );
    const asking = createApiKeyFinder({
      store: {
        findBySecret: async () => {
          throw new Error('the table was asked');
        },
      },
      now: () => NOW,
      resultLifetimeSeconds: 0,
      maxFound: 1,
      maxNotFound: 1,
    });
    t.equal(await asking.find(mistyped), undefined, mistyped);
  }
});

t.test('what only resembles a key made here is one of another make', async (t) => {
  for (const value of [
    'uo_',
    'uo_but_of_another_make',
    'uo_0123456789abcde_f',
    'xuo_0123456789abcdef_0',
    'Bearer x',
  ]) {
    const make = making();
    t.strictSame(await findApiKey(make.store, value), undefined);
    const key = await importApiKey(value, settings, make);
    t.strictSame(await findApiKey(make.store, value), key, value);
  }
});

t.test('settings that no key can have are refused, by name and value', async (t) => {
  const refusals: [Partial<ApiKeySettings>, RegExp][] = [
    [{ name: '' }, /name has 1 to 100 printable characters, none that hides or reorders text, not ""/],
    [{ name: 'a\u202eb' }, /none that hides or reorders text, not "a\\u202eb" with U\+202E$/],
    [{ name: 'a\u2028b' }, /not "a\\u2028b" with U\+2028$/],
    [{ name: '  ' }, /name has 1 to 100/],
    [{ name: 'x'.repeat(101) }, /name has 1 to 100/],
    [{ name: 'a\nb' }, /not "a\\nb"/],
    [{ ratePerSecond: 0 }, /rate is a number of requests per second above 0, at most 10000, not 0/],
    [{ ratePerSecond: -1 }, /not -1/],
    [{ ratePerSecond: 10_001 }, /not 10001/],
    [{ ratePerSecond: Number.NaN }, /not NaN/],
    [{ burst: 0 }, /burst is a whole number from 1 to 10000, not 0/],
    [{ burst: 1.5 }, /not 1.5/],
    [{ burst: 10_001 }, /not 10001/],
    [{ dailyQuota: 0 }, /daily quota is a whole number from 1 to 1000000000, not 0/],
    [{ dailyQuota: 1_000_000_001 }, /not 1000000001/],
    [{ maxBytes: 0 }, /size limit in bytes is a whole number from 1 to 5368709120, not 0/],
    [{ maxBytes: 5_368_709_121 }, /not 5368709121/],
    [{ allowedContentTypes: [] }, /allows 1 to 32 content types, or any, not 0/],
    [{ allowedContentTypes: Array(33).fill('image/png') }, /not 33/],
    [{ allowedContentTypes: ['image/png', 'png'] }, /like "image\/png" or "image\/\*".*, not "png"/],
    [{ allowedContentTypes: ['*/*'] }, /not "\*\/\*"/],
    [{ allowedContentTypes: ['image/png; q=1'] }, /without parameters, not "image\/png; q=1"/],
    [{ allowedContentTypes: ['Image/png'] }, /in small letters/],
    [{ allowedContentTypes: [`image/${'x'.repeat(122)}`] }, /not "image/],
  ];
  for (const [change, message] of refusals) {
    const make = making();
    const wanted = { code: 'InvalidApiKeySettings', message };
    await t.rejects(createApiKey({ ...settings, ...change }, make), wanted);
    await t.rejects(importApiKey('value', { ...settings, ...change }, make), wanted);
    t.equal(await findApiKey(make.store, 'value'), undefined);
  }
  await createApiKey({ name: 'Zürich', ratePerSecond: 0.01, burst: 1 }, making());
  await createApiKey({ name: 'x'.repeat(100), ratePerSecond: 10_000, burst: 10_000 }, making());
});

t.test('a key allows the content types on its list, however they are written, and no other', async (t) => {
  const key = { allowedContentTypes: ['image/*', 'text/plain'] };
  for (const type of ['image/png', 'IMAGE/PNG', ' image/gif ', 'text/plain', 'text/plain; charset=utf-8']) {
    t.ok(allowsContentType(key, type), type);
  }
  for (const type of [
    'image',
    'image/',
    'images/png',
    'text/plainer',
    'text/*',
    '',
    ';image/png',
    undefined,
  ]) {
    t.notOk(allowsContentType(key, type), String(type));
  }
  for (const type of ['image/png', '', undefined]) t.ok(allowsContentType({}, type), 'no list allows all');
});

t.test('a wildcard leaves out what browsers execute, unless it is named as well', async (t) => {
  const wildcards = [
    'image/*',
    'text/*',
    'application/*',
    'multipart/*',
    'model/*',
    'message/*',
    'unknown/*',
  ];
  for (const type of [
    'image/svg+xml',
    'IMAGE/SVG+XML',
    ' image/svg+xml ; charset=utf-8',
    'text/html',
    'text/html;charset=utf-8',
    'text/xml',
    'text/xsl',
    'text/javascript',
    'text/ecmascript',
    'text/jscript',
    'application/xhtml+xml',
    'application/xml',
    'application/rdf+xml',
    'application/vnd.anything+xml',
    'application/javascript',
    'application/x-javascript',
    'application/wasm',
    'application/unknown',
    'multipart/x-mixed-replace',
    'model/x3d+xml',
    'unknown/unknown',
    'application/hta',
    'text/vbscript',
    'application/x-mimearchive',
    'multipart/related',
    'multipart/related; type="text/html"',
    'message/rfc822',
    'text/x-component',
    'text/scriptlet',
    'application/x-shockwave-flash',
    'text/cache-manifest',
  ]) {
    t.notOk(allowsContentType({ allowedContentTypes: wildcards }, type), type);
    t.ok(isExecutedByBrowsers(type), type);
    const [named = ''] = type.trim().toLowerCase().split(/ ?;/);
    t.ok(allowsContentType({ allowedContentTypes: [...wildcards, named] }, type), `${type}, named`);
    t.ok(allowsContentType({}, type), `${type}, where there is no list`);
  }
  for (const type of [
    'image/png',
    'text/plain',
    'text/css',
    'text/vtt',
    'application/pdf',
    'application/json',
    'application/zip',
  ]) {
    t.ok(allowsContentType({ allowedContentTypes: wildcards }, type), type);
    t.notOk(isExecutedByBrowsers(type), type);
  }
});
