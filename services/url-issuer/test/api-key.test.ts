import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryAccessStore } from '@upload-once/access/testing';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { addKey, appUnderTest, KEY_VALUE, NOW } from './app-under-test.ts';
import { exchange } from './raw-http.ts';

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

/** A clock that the test moves. */
function clockAt(start = NOW) {
  const clock = { ms: start.getTime(), now: () => new Date(clock.ms) };
  return clock;
}

t.test(
  'a key that was just made works at once, a value that was refused before after five seconds',
  async (t) => {
    const clock = clockAt();
    const { accessStore, get } = await appUnderTest(t, {
      now: clock.now,
      accessStore: createMemoryAccessStore(),
    });
    const ask = async (value: string) => (await get('/getpresignedurl', { 'x-api-key': value })).statusCode;
    await addKey(accessStore, { value: 'made' });
    t.equal(await ask('made'), 200);

    t.equal(await ask('imported'), 403);
    await addKey(accessStore, { value: 'imported' });
    clock.ms += 4_999;
    t.equal(await ask('imported'), 403);
    clock.ms += 1;
    t.equal(await ask('imported'), 200);
  },
);

t.test('a disabled key stops on every task within the time that a look-up is good for', async (t) => {
  const clock = clockAt();
  const accessStore = createMemoryAccessStore();
  const keyId = await addKey(accessStore, { value: 'to be disabled' });
  const tasks = await Promise.all(
    [5, 5, 1].map((keyCacheSeconds) => appUnderTest(t, { now: clock.now, accessStore, keyCacheSeconds })),
  );
  const askAll = () =>
    Promise.all(
      tasks.map(
        async ({ get }) => (await get('/getpresignedurl', { 'x-api-key': 'to be disabled' })).statusCode,
      ),
    );
  t.strictSame(await askAll(), [200, 200, 200]);
  await accessStore.setEnabled(keyId, false);
  clock.ms += 4_999;
  t.strictSame(await askAll(), [200, 200, 403]);
  clock.ms += 1;
  t.strictSame(await askAll(), [403, 403, 403]);
});

t.test('bytes beyond ASCII are a key as they are, whatever they mean', async (t) => {
  const { app, accessStore } = await appUnderTest(t);
  await addKey(accessStore, { value: Buffer.from('schlüssel').toString('latin1') });
  await addKey(accessStore, { value: 'Schlüssel' });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const ask = async (key: Buffer) => {
    const request = `GET /getpresignedurl HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-api-key: ${key.toString('latin1')}\r\n\r\n`;
    return (await exchange(app, request)).status;
  };
  t.equal(await ask(Buffer.from('schlüssel')), 200, 'UTF-8');
  t.equal(await ask(Buffer.from('Schlüssel', 'latin1')), 200, 'Latin-1');
  t.equal(await ask(Buffer.from('schlüssel', 'latin1')), 403);
  t.equal(await ask(Buffer.from('Schlüssel')), 403);
});

t.test('bad keys', async (t) => {
  /** Three bad keys a minute. `ask` gives the status, and the seconds of Retry-After where there are any. */
  async function slowed(t: Test, accessStore = createMemoryAccessStore()) {
    const clock = clockAt();
    let asked = 0;
    const findBySecret = accessStore.findBySecret.bind(accessStore);
    accessStore.findBySecret = async (secretSha256) => {
      asked += 1;
      return findBySecret(secretSha256);
    };
    const options = { now: clock.now, accessStore, badKeysPerMinute: 3, trustedProxies: ['loopback'] };
    const under = await appUnderTest(t, options);
    const ask = async (value: string, from = '203.0.113.1') => {
      const response = await under.get('/getpresignedurl', { 'x-api-key': value, 'x-forwarded-for': from });
      const retryAfter = response.headers['retry-after'];
      return retryAfter === undefined ? response.statusCode : `${response.statusCode} ${retryAfter}`;
    };
    return { ...under, clock, ask, asked: () => asked };
  }

  t.test('an address is slowed after a few, and the table is spared', async (t) => {
    const { ask, asked, clock, get, metrics } = await slowed(t);
    for (const guess of ['a', 'b', 'c']) t.equal(await ask(guess), 403);
    t.equal(await ask('d'), '429 20');
    t.equal(await ask('a'), '429 20', 'one that was tried before is tried again');
    t.equal(asked(), 3);
    const refused = await get('/getpresignedurl', { 'x-api-key': 'e', 'x-forwarded-for': '203.0.113.1' });
    t.strictSame(refused.json(), { message: 'Too Many Requests', code: 'TooManyBadKeys' });
    t.match(metrics.at(-1), { name: 'RequestsRefused', dimensions: { Reason: 'TooManyBadKeys' } });
    t.equal(await ask('d', '203.0.113.2'), 403, 'another address is another');

    clock.ms += 19_999;
    t.equal(await ask('d'), '429 1');
    clock.ms += 1;
    t.equal(await ask('d'), 403);
    t.equal(await ask('e'), '429 20');
  });

  t.test('however many are tried at once', async (t) => {
    const { ask, asked } = await slowed(t);
    const responses = await Promise.all(Array.from({ length: 50 }, (_, at) => ask(`guess ${at}`)));
    t.equal(responses.filter((response) => response === 403).length, 3);
    t.equal(asked(), 3);
  });

  t.test('a good key from the same address comes in, once it is known', async (t) => {
    const { ask, accessStore, clock } = await slowed(t);
    await addKey(accessStore, { value: 'good' });
    await addKey(accessStore, { value: 'good too' });
    t.equal(await ask('good'), 200);
    for (const guess of ['a', 'b', 'c']) t.equal(await ask(guess), 403);
    t.equal(await ask('good'), 200);
    clock.ms += 6_000;
    t.equal(await ask('good'), 200, 'looked up anew');
    t.equal(await ask('good too'), '429 14', 'it could be a guess');
    clock.ms += 14_000;
    t.equal(await ask('good too'), 200);
  });

  t.test('good keys don’t count, nor does a table that is away, nor a missing key', async (t) => {
    const accessStore = createMemoryAccessStore();
    const { ask, get } = await slowed(t, accessStore);
    for (let key = 0; key < 10; key += 1) {
      await addKey(accessStore, { value: `good ${key}` });
      t.equal(await ask(`good ${key}`), 200);
    }
    const findBySecret = accessStore.findBySecret;
    accessStore.findBySecret = async () => {
      throw new Error('the table is away');
    };
    for (let key = 0; key < 10; key += 1) t.equal(await ask(`bad ${key}`), '503 2');
    accessStore.findBySecret = findBySecret;
    for (let request = 0; request < 10; request += 1) {
      t.equal((await get('/getpresignedurl', { 'x-forwarded-for': '203.0.113.1' })).statusCode, 403);
    }
    for (const guess of ['a', 'b', 'c']) t.equal(await ask(guess), 403);
    t.equal(await ask('d'), '429 20');
  });

  t.test('mistyped keys are bad keys, and never reach the table', async (t) => {
    const { ask, asked } = await slowed(t);
    const mistyped = `uo_0123456789abcdef_${'0'.repeat(48)}`;
    for (let time = 0; time < 3; time += 1) t.equal(await ask(mistyped), 403);
    t.equal(await ask(mistyped), '429 20');
    t.equal(asked(), 0);
  });

  for (const what of ['disabled', 'expired'] as const) {
    t.test(`good keys are not shut out by a client that goes on with one that is ${what}`, async (t) => {
      const { ask, asked, accessStore, clock } = await slowed(t);
      const keyId = await addKey(accessStore, { value: 'refused', enabled: what === 'expired' });
      const found = await accessStore.getKey(keyId);
      const ended = found.secrets.map((secret) => ({ ...secret, expiresAt: new Date(0) }));
      if (what === 'expired') await accessStore.changeSecrets(found, ended);
      await addKey(accessStore, { value: 'good' });
      const responses: (number | string)[] = [];
      for (let time = 0; time < 33; time += 1)
        responses.push(await ask('refused', `203.0.113.${1 + (time % 2)}`));
      t.strictSame(
        responses.slice(0, 5),
        [403, 403, 403, 403, '429 20'],
        'it is slowed itself, from any address',
      );
      t.equal(responses.filter((response) => response === '429 20').length, 29);
      t.equal(asked(), 1, 'and the table spared');
      t.equal(await ask('good'), 200);
      for (const guess of ['a', 'b', 'c']) t.equal(await ask(guess), 403, 'guesses are counted as ever');
      t.equal(await ask('d'), '429 20');
      clock.ms += 20_000;
      t.equal(await ask('refused'), 403);
      t.equal(asked(), 6, 'it is asked for no more than its own number of times');
      t.equal(await ask('refused'), '429 20');
    });
  }

  t.test('many requests with a disabled key at once ask the table once', async (t) => {
    const { ask, asked, accessStore } = await slowed(t);
    await addKey(accessStore, { value: 'disabled', enabled: false });
    const responses = await Promise.all(Array.from({ length: 50 }, () => ask('disabled')));
    t.equal(responses.filter((response) => response === 403).length, 3);
    t.equal(asked(), 1);
  });

  t.test('a key that is enabled again comes in, however often it was refused', async (t) => {
    const { ask, accessStore, clock } = await slowed(t);
    const keyId = await addKey(accessStore, { value: 'disabled', enabled: false });
    for (let time = 0; time < 10; time += 1) await ask('disabled');
    await accessStore.setEnabled(keyId, true);
    clock.ms += 20_000;
    t.equal(await ask('disabled'), 200);
    for (let time = 0; time < 10; time += 1) t.equal(await ask('disabled'), 200);
  });

  t.test(
    'a mistyped key gets the same response as any other; the log and the metrics call it so',
    async (t) => {
      const { get, metrics, logLines } = await appUnderTest(t);
      const unknown = await get('/getpresignedurl', { 'x-api-key': 'unknown' });
      t.match(metrics.at(-1), { name: 'RequestsRefused', dimensions: { Reason: 'Forbidden' } });
      const mistyped = await get('/getpresignedurl', { 'x-api-key': '"uo_0123456789abcdef_0123"' });
      t.equal(mistyped.statusCode, 403);
      t.equal(mistyped.body, unknown.body);
      t.strictSame(mistyped.json(), { message: 'Forbidden', code: 'Forbidden' });
      t.match(metrics.at(-1), { name: 'RequestsRefused', dimensions: { Reason: 'MistypedApiKey' } });
      t.match(JSON.parse(logLines.at(-1) ?? ''), {
        status: 403,
        outcome: 'refused',
        reason: 'MistypedApiKey',
      });
    },
  );

  t.test('an IPv6 address is as good as its network of 64 bits, IPv4 in IPv6 is IPv4', async (t) => {
    const { ask } = await slowed(t);
    for (const host of ['::1', '::2', 'ffff:ffff:ffff:ffff']) {
      t.equal(await ask('a', `2001:db8:1:2:${host}`.replace(':::', '::')), 403);
    }
    t.equal(await ask('a', '2001:db8:1:2:abcd::'), '429 20');
    t.equal(await ask('a', '2001:db8:1:3::1'), 403);
    for (let time = 0; time < 3; time += 1) await ask('a', '::ffff:203.0.113.9');
    t.equal(await ask('a', '203.0.113.9'), '429 20');
  });

  t.test('who has no address is slowed as well', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'upload-once-'));
    t.teardown(() => rm(folder, { recursive: true }));
    // The peer of such a socket has none; nor has one that hangs up as soon as it has asked.
    const socketPath = join(folder, 'socket');
    const { app, asked } = await slowed(t);
    await app.listen({ path: socketPath });
    const ask = async (value: string) => {
      const asking = request({ socketPath, path: '/getpresignedurl', headers: { 'x-api-key': value } });
      asking.end();
      const [response] = (await once(asking, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    for (const guess of ['a', 'b', 'c']) t.equal(await ask(guess), 403);
    t.equal(await ask('d'), 429);
    t.equal(asked(), 3);
  });

  t.test('0 slows no client', async (t) => {
    const { get } = await appUnderTest(t, { badKeysPerMinute: 0 });
    for (let guess = 0; guess < 100; guess += 1) {
      t.equal((await get('/getpresignedurl', { 'x-api-key': `guess ${guess}` })).statusCode, 403);
    }
  });
});

t.test('the table of keys is away: 503, nothing is issued, and no client gets in', async (t) => {
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
