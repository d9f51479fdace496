import { createMemoryAccessStore } from '@upload-once/access';
import fc from 'fast-check';
import t from 'tap';
import { addKey, appUnderTest, KEY_VALUE } from './app-under-test.ts';

const FORBIDDEN = { message: 'Forbidden', code: 'Forbidden' };

t.test('no good key: 403, the table is not written to', async (t) => {
  const { app, accessStore, get, faults, metrics } = await appUnderTest(t);
  await addKey(accessStore, { value: 'a key that was disabled', enabled: false });
  await addKey(accessStore, { value: 'one, two' });

  const presented: Record<string, Record<string, string | string[]>> = {
    missing: {},
    empty: { 'x-api-key': '' },
    unknown: { 'x-api-key': 'unknown' },
    disabled: { 'x-api-key': 'a key that was disabled' },
    'the good one twice': { 'x-api-key': [KEY_VALUE, KEY_VALUE] },
    'the good one and another': { 'x-api-key': [KEY_VALUE, 'another'] },
    'two that make a good one when joined': { 'x-api-key': ['one', 'two'] },
    '100 kB': { 'x-api-key': 'k'.repeat(100_000) },
    'in another header': { authorization: KEY_VALUE },
    'in another case': { 'x-api-key': KEY_VALUE.toUpperCase() },
  };
  for (const [what, headers] of Object.entries(presented)) {
    const response = await app.inject({ method: 'GET', url: '/getpresignedurl', headers });
    t.equal(response.statusCode, 403, what);
    t.strictSame(response.json(), FORBIDDEN, what);
    t.equal(response.headers['cache-control'], 'no-store', what);
  }
  t.strictSame(faults.calls, []);
  t.strictSame(
    metrics.filter((metric) => metric.name === 'RequestsRefused'),
    Object.keys(presented).map(() => ({
      name: 'RequestsRefused',
      value: 1,
      dimensions: { Reason: 'Forbidden' },
    })),
  );
  t.equal(
    (await get('/getpresignedurl', { 'X-API-KEY': 'one, two' })).statusCode,
    200,
    'header names have no case',
  );
});

t.test('unknown and disabled keys cannot be told apart', async (t) => {
  const { accessStore, get } = await appUnderTest(t);
  await addKey(accessStore, { value: 'disabled', enabled: false });
  const [unknown, disabled] = [
    await get('/getpresignedurl', { 'x-api-key': 'unknown!' }),
    await get('/getpresignedurl', { 'x-api-key': 'disabled' }),
  ];
  const withoutItsOwn = ({ date: _, 'x-request-id': __, ...headers }: Record<string, unknown>) => headers;
  t.strictSame(withoutItsOwn(disabled.headers), withoutItsOwn(unknown.headers));
  t.equal(disabled.body, unknown.body);
});

t.test('no other value than the key opens anything', async (t) => {
  const { get } = await appUnderTest(t);
  const almost = fc
    .tuple(fc.nat(KEY_VALUE.length), fc.string({ minLength: 0, maxLength: 3, unit: 'grapheme-ascii' }))
    .map(([at, put]) => KEY_VALUE.slice(0, at) + put + KEY_VALUE.slice(at + 1));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(almost, fc.string({ unit: 'grapheme-ascii' })).filter((value) => value.trim() !== KEY_VALUE),
      async (value) => (await get('/getpresignedurl', { 'x-api-key': value })).statusCode === 403,
    ),
    { numRuns: 300 },
  );
});

t.test('a key that was just added works at once', async (t) => {
  const { accessStore, get } = await appUnderTest(t);
  t.equal((await get('/getpresignedurl', { 'x-api-key': 'new' })).statusCode, 403);
  await addKey(accessStore, { value: 'new' });
  t.equal((await get('/getpresignedurl', { 'x-api-key': 'new' })).statusCode, 200);
});

t.test('the table of keys is away: 503, nothing issued, and nobody gets in', async (t) => {
  const accessStore = createMemoryAccessStore();
  accessStore.findBySecret = async () => {
    throw new Error('the table is away');
  };
  const { get, faults } = await appUnderTest(t, { accessStore });
  const response = await get();
  t.equal(response.statusCode, 503);
  t.strictSame(response.json(), { message: 'Service Unavailable', code: 'ServiceUnavailable' });
  t.match(response.headers['retry-after'], /^[1-9][0-9]*$/);
  t.strictSame(faults.calls, []);
});
