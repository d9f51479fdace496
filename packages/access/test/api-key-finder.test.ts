import t from 'tap';
import {
  type AccessStore,
  type ApiKeyFinderOptions,
  createApiKey,
  createApiKeyFinder,
  hashApiKey,
} from '../src/index.ts';
import { createMemoryAccessStore } from '../src/testing/index.ts';
import { apiKey, sha256 } from './contract/access-store-contract.ts';

const START = Date.UTC(2030, 0, 1);

/** A finder over a table that counts what it is asked, at a time that the test sets. */
function finding(options: Partial<ApiKeyFinderOptions> = {}, store: AccessStore = createMemoryAccessStore()) {
  const clock = { ms: START };
  const asked: string[] = [];
  const table = {
    /** In the place of the table's response, while it is set. */
    instead: undefined as (() => ReturnType<AccessStore['findBySecret']>) | undefined,
    findBySecret(secretSha256: string) {
      asked.push(secretSha256);
      return table.instead ? table.instead() : store.findBySecret(secretSha256);
    },
  };
  const keys = createApiKeyFinder({
    store: table,
    now: () => new Date(clock.ms),
    resultLifetimeSeconds: 10,
    maxFound: 100,
    maxNotFound: 100,
    ...options,
  });
  return {
    store,
    table,
    asked,
    keys,
    clock,
    add: (value: string, changes: Parameters<typeof apiKey>[1] = {}) =>
      store.addKey(apiKey(value, changes), hashApiKey(value)),
  };
}

t.test(
  'the key of a value that it refuses is known while its result is remembered, that of a guess never',
  async (t) => {
    const { store, keys, add } = finding({ maxNotFound: 1 });
    await add('good');
    await add('disabled');
    await store.setEnabled('disabled', false);
    t.equal(keys.refusedKeyId('disabled'), undefined, 'not asked yet');
    for (const value of ['good', 'disabled']) await keys.find(value);
    t.equal(keys.refusedKeyId('disabled'), 'disabled');
    t.equal(keys.refusedKeyId('good'), undefined, 'it is not refused');
    t.equal(keys.refusedKeyId(''), undefined);
    await keys.find('a guess');
    t.equal(keys.refusedKeyId('a guess'), undefined);
    t.equal(keys.refusedKeyId('disabled'), undefined, 'forgotten');
  },
);

t.test('a value that cannot be a key is refused before the table is asked', async (t) => {
  const { keys, asked, store } = finding();
  const making = { store, now: () => new Date(START), randomBytes: (count: number) => new Uint8Array(count) };
  const { value } = await createApiKey({ name: 'x', ratePerSecond: 1, burst: 1 }, making);
  const mistyped = value.replace('_0', '_1');
  for (const no of ['', 'x'.repeat(4097), '\xfc'.repeat(4097), 'x'.repeat(100_000), mistyped]) {
    t.equal(await keys.find(no), undefined);
    t.notOk(keys.isFamiliar(no));
  }
  t.strictSame(asked, []);
  t.equal(await keys.find('x'.repeat(4096)), undefined);
  t.equal(asked.length, 1);
  t.ok(await keys.find(value));
});

t.test('a disabled key opens nothing', async (t) => {
  const { keys, add } = finding();
  await add('value', { enabled: false });
  t.equal(await keys.find('value'), undefined);
});

t.test('a value opens until it expires, and not from then on, asked anew or remembered', async (t) => {
  const { keys, store, clock, add, asked } = finding();
  await add('k1');
  const found = await store.getKey('k1');
  const expiresAt = new Date(START + 2_000);
  await store.changeSecrets(
    found,
    found.secrets.map((secret) => ({ ...secret, expiresAt })),
  );
  clock.ms = START + 1_999;
  t.match(await keys.find('k1'), { keyId: 'k1' });
  clock.ms = START + 2_000;
  t.equal(await keys.find('k1'), undefined, 'remembered');
  t.equal(asked.length, 1);
  clock.ms = START + 20_000;
  t.equal(await keys.find('k1'), undefined, 'asked anew');
  t.equal(asked.length, 2);
});

t.test('what the table returns is compared, not believed', async (t) => {
  for (const secretSha256 of [sha256('a'), '', 'not hexadecimal', `${hashApiKey('value')}00`]) {
    const { keys, table } = finding();
    table.instead = async () => ({ secretSha256, key: apiKey('k1') });
    t.equal(await keys.find('value'), undefined, secretSha256);
    t.notOk(keys.isFamiliar('value'));
  }
});

t.test('the table is asked once in ten seconds, for good keys and for others', async (t) => {
  const { keys, clock, asked, add } = finding();
  await add('good');
  for (const ms of [0, 5_000, 9_999]) {
    clock.ms = START + ms;
    t.match(await keys.find('good'), { keyId: 'good' });
    t.equal(await keys.find('bad'), undefined);
  }
  t.equal(asked.length, 2);
  clock.ms = START + 10_000;
  await keys.find('good');
  await keys.find('bad');
  t.equal(asked.length, 4);
});

t.test('a key that was disabled stops within ten seconds, one that was changed changes', async (t) => {
  const { keys, clock, store, add } = finding();
  await add('k1');
  t.match(await keys.find('k1'), { enabled: true });
  await store.setEnabled('k1', false);
  clock.ms += 9_999;
  t.ok(await keys.find('k1'), 'the earlier result is good for so long');
  clock.ms += 1;
  t.equal(await keys.find('k1'), undefined);
  await store.setEnabled('k1', true);
  clock.ms += 10_000;
  t.ok(await keys.find('k1'));
});

t.test('the ten seconds begin when the table is asked, not when it responds', async (t) => {
  const { keys, clock, table, add, store } = finding();
  await add('k1');
  const result = await store.findBySecret(hashApiKey('k1'));
  table.instead = async () => {
    clock.ms += 4_000;
    return result;
  };
  t.ok(await keys.find('k1'));
  table.instead = undefined;
  await store.setEnabled('k1', false);
  clock.ms = START + 10_000;
  t.equal(await keys.find('k1'), undefined);
});

t.test('a clock that is set back does not prolong a result', async (t) => {
  const { keys, clock, store, add } = finding();
  await add('k1');
  await keys.find('k1');
  await store.setEnabled('k1', false);
  clock.ms = START - 3_600_000;
  t.equal(await keys.find('k1'), undefined);
});

t.test('one question for all that ask at the same time; another value has its own', async (t) => {
  const { keys, asked, table, add, store } = finding();
  await add('k1');
  const held = Promise.withResolvers<void>();
  table.instead = async () => {
    await held.promise;
    return store.findBySecret(hashApiKey('k1'));
  };
  const waiting = Array.from({ length: 50 }, () => keys.find('k1'));
  const other = keys.find('k2');
  held.resolve();
  const results = await Promise.all(waiting);
  t.ok(results.every((key) => key?.keyId === 'k1'));
  t.equal(await other, undefined);
  t.equal(asked.length, 2);
});

t.test('no request waits for a look-up that is older than its time limit', async (t) => {
  const { keys, asked, clock, table, add, store } = finding();
  await add('k1');
  const held = Promise.withResolvers<void>();
  const enabled = await store.findBySecret(hashApiKey('k1'));
  table.instead = async () => {
    await held.promise;
    return enabled;
  };
  const first = keys.find('k1');
  table.instead = undefined;
  await store.setEnabled('k1', false);
  clock.ms += 10_000;
  t.equal(await keys.find('k1'), undefined);
  t.equal(asked.length, 2);
  held.resolve();
  await first;
  t.equal(await keys.find('k1'), undefined, 'the late result is old when it comes');
});

t.test('a table that does not respond', async (t) => {
  const { keys, asked, clock, table, add } = finding();
  const away = async () => {
    throw new Error('the table is away');
  };
  await add('good');
  await keys.find('good');
  await keys.find('bad');
  table.instead = away;
  clock.ms += 9_999;

  t.ok(await keys.find('good'), 'a good key goes on for as long as its result is good');
  t.equal(await keys.find('bad'), undefined);
  await t.rejects(keys.find('never seen'), { message: 'the table is away' });
  clock.ms += 1;
  await t.rejects(keys.find('good'), { message: 'the table is away' });
  await t.rejects(keys.find('bad'), { message: 'the table is away' });
  t.equal(asked.length, 5, 'a failure is not remembered');

  table.instead = undefined;
  t.ok(await keys.find('good'));
});

t.test('guessing makes no good key forgotten, and the memory for guesses has a bound', async (t) => {
  const { keys, asked, add } = finding({ maxFound: 2, maxNotFound: 3 });
  await add('good');
  await keys.find('good');
  for (let guess = 0; guess < 1_000; guess += 1) await keys.find(`guess ${guess}`);
  t.equal(asked.length, 1_001);
  await keys.find('good');
  t.equal(asked.length, 1_001, 'still known');
  for (const guess of [999, 998, 997]) await keys.find(`guess ${guess}`);
  t.equal(asked.length, 1_001, 'the last three are known');
  await keys.find('guess 996');
  t.equal(asked.length, 1_002, 'the one before is not');
});

t.test('the memory for good keys has a bound: the one that was not used for longest goes', async (t) => {
  const { keys, asked, add } = finding({ maxFound: 2 });
  for (const value of ['a', 'b', 'c']) await add(value);
  for (const value of ['a', 'b', 'a', 'c']) await keys.find(value);
  t.equal(asked.length, 3);
  await keys.find('a');
  t.equal(asked.length, 3);
  await keys.find('b');
  t.equal(asked.length, 4);
});

t.test('a value is familiar once it has opened something, until it is found to open nothing', async (t) => {
  const { keys, clock, store, table, add } = finding();
  await add('good');
  await add('disabled', { enabled: false });
  t.notOk(keys.isFamiliar('good'));
  await keys.find('good');
  await keys.find('disabled');
  await keys.find('unknown');
  t.ok(keys.isFamiliar('good'));
  t.notOk(keys.isFamiliar('disabled'));
  t.notOk(keys.isFamiliar('unknown'));

  clock.ms += 3_600_000;
  table.instead = async () => {
    throw new Error('the table is away');
  };
  await t.rejects(keys.find('good'));
  t.ok(keys.isFamiliar('good'), 'a table that is away says nothing against it');
  table.instead = undefined;
  await store.setEnabled('good', false);
  await keys.find('good');
  t.notOk(keys.isFamiliar('good'));
});

t.test('without a lifetime the table is asked each time', async (t) => {
  const { keys, asked, add } = finding({ resultLifetimeSeconds: 0 });
  await add('good');
  for (let time = 0; time < 3; time += 1) t.ok(await keys.find('good'));
  t.equal(asked.length, 3);
});
