import type { Test } from 'tap';
import type { AccessStore, ApiKey } from '../../src/index.ts';

export function apiKey(keyId: string, changes: Partial<ApiKey> = {}): ApiKey {
  return {
    keyId,
    name: 'build server – Zürich',
    ratePerSecond: 0.5,
    burst: 20,
    createdAt: new Date('2030-01-01T00:00:00.123Z'),
    enabled: true,
    ...changes,
  };
}

export const sha256 = (digit: string) => digit.repeat(64);

/** What every AccessStore promises; `createStore` gives one with nothing in it. */
export function testAccessStore(t: Test, createStore: () => Promise<AccessStore>): void {
  t.test('a key is found by its secret, with all that was said of it', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    t.strictSame(await store.findBySecret(sha256('a')), { secretSha256: sha256('a'), key: apiKey('k1') });
    t.equal(await store.findBySecret(sha256('b')), undefined);
  });

  t.test('limits beyond rate and burst are kept, and none is made up', async (t) => {
    const store = await createStore();
    const limits = { dailyQuota: 1000, allowedContentTypes: ['image/*', 'application/pdf'], maxBytes: 5_000 };
    await store.addKey(apiKey('k1', limits), sha256('a'));
    await store.addKey(apiKey('k2', { dailyQuota: 1 }), sha256('b'));
    t.strictSame((await store.findBySecret(sha256('a')))?.key, apiKey('k1', limits));
    t.strictSame((await store.findBySecret(sha256('b')))?.key, apiKey('k2', { dailyQuota: 1 }));
  });

  t.test('keys do not touch each other', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    await store.addKey(apiKey('k2', { name: 'other', enabled: false, ratePerSecond: 10_000 }), sha256('b'));
    t.equal((await store.findBySecret(sha256('a')))?.key.name, 'build server – Zürich');
    t.match((await store.findBySecret(sha256('b')))?.key, {
      keyId: 'k2',
      name: 'other',
      enabled: false,
      ratePerSecond: 10_000,
    });
  });

  t.test('a value is one key only: the second attempt is refused and changes nothing', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    await t.rejects(store.addKey(apiKey('k2', { name: 'thief' }), sha256('a')), {
      code: 'SecretAlreadyInUse',
      message: 'this value is a key already: k1',
    });
    t.strictSame((await store.findBySecret(sha256('a')))?.key, apiKey('k1'));
    // The refused key left nothing behind: its id is free.
    await store.addKey(apiKey('k2'), sha256('c'));
    t.strictSame((await store.findBySecret(sha256('c')))?.key, apiKey('k2'));
  });

  t.test('an id is one key only', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    await t.rejects(store.addKey(apiKey('k1', { name: 'another' }), sha256('b')), {
      code: 'ApiKeyIdAlreadyInUse',
      message: 'there is another key with the id k1',
    });
    t.strictSame((await store.findBySecret(sha256('a')))?.key, apiKey('k1'));
    t.equal(await store.findBySecret(sha256('b')), undefined);
  });

  t.test('of many at once with the same value exactly one gets it', async (t) => {
    const store = await createStore();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, at) => store.addKey(apiKey(`k${at}`), sha256('a'))),
    );
    const winners = outcomes.flatMap(({ status }, at) => (status === 'fulfilled' ? [`k${at}`] : []));
    t.equal(winners.length, 1);
    t.equal((await store.findBySecret(sha256('a')))?.key.keyId, winners[0]);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') t.match(outcome.reason, { code: 'SecretAlreadyInUse' });
    }
  });

  t.test('what is handed out is a copy', async (t) => {
    const store = await createStore();
    const given = apiKey('k1');
    await store.addKey(given, sha256('a'));
    given.createdAt.setTime(0);
    (await store.findBySecret(sha256('a')))?.key.createdAt.setTime(0);
    t.equal(
      (await store.findBySecret(sha256('a')))?.key.createdAt.getTime(),
      Date.UTC(2030, 0, 1, 0, 0, 0, 123),
    );
  });

  const at = (second: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, second));

  t.test('a second value opens the same key, until it is removed', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    await store.addSecret('k1', { sha256: sha256('b'), createdAt: at(5) });
    for (const secretSha256 of [sha256('a'), sha256('b')]) {
      t.strictSame(await store.findBySecret(secretSha256), { secretSha256, key: apiKey('k1') });
    }
    await store.removeSecret(sha256('a'));
    await store.removeSecret(sha256('a'));
    t.equal(await store.findBySecret(sha256('a')), undefined);
    t.ok(await store.findBySecret(sha256('b')));
  });

  t.test('a value that is a key, or for a key that is not there, is not added', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    await store.addKey(apiKey('k2'), sha256('b'));
    await t.rejects(store.addSecret('k2', { sha256: sha256('a'), createdAt: at(0) }), {
      code: 'SecretAlreadyInUse',
      message: 'this value is a key already: k1',
    });
    await t.rejects(store.addSecret('k3', { sha256: sha256('c'), createdAt: at(0) }), {
      code: 'UnknownApiKey',
      message: 'there is no key with the id "k3"',
    });
    t.equal((await store.findBySecret(sha256('a')))?.key.keyId, 'k1');
    t.equal(await store.findBySecret(sha256('c')), undefined);
  });

  t.test('the end of a value is kept, and can be moved and taken back; none is made by it', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    await store.expireSecret(sha256('a'), at(30));
    t.strictSame((await store.findBySecret(sha256('a')))?.secretExpiresAt, at(30));
    await store.expireSecret(sha256('a'), at(20));
    t.strictSame((await store.findBySecret(sha256('a')))?.secretExpiresAt, at(20));
    await store.expireSecret(sha256('a'), undefined);
    t.strictSame(await store.findBySecret(sha256('a')), { secretSha256: sha256('a'), key: apiKey('k1') });
    await store.expireSecret(sha256('a'), undefined);
    await store.expireSecret(sha256('f'), at(30));
    t.equal(await store.findBySecret(sha256('f')), undefined);
    t.equal((await store.listKeys())[0]?.secrets.length, 1);
  });

  t.test('all keys are listed with their values, each in the order in which they were made', async (t) => {
    const store = await createStore();
    t.strictSame(await store.listKeys(), []);
    const [younger, older] = [apiKey('k1', { createdAt: at(9) }), apiKey('k2', { createdAt: at(3) })];
    await store.addKey(younger, sha256('a'));
    await store.addKey(older, sha256('b'));
    await store.addSecret('k2', { sha256: sha256('0'), createdAt: at(7) });
    await store.expireSecret(sha256('b'), at(30));
    t.strictSame(await store.listKeys(), [
      {
        key: older,
        secrets: [
          { sha256: sha256('b'), createdAt: at(3), expiresAt: at(30) },
          { sha256: sha256('0'), createdAt: at(7) },
        ],
      },
      { key: younger, secrets: [{ sha256: sha256('a'), createdAt: at(9) }] },
    ]);
  });

  t.test('a key is disabled and enabled again, all else as it was', async (t) => {
    const store = await createStore();
    const key = apiKey('k1', { dailyQuota: 7, allowedContentTypes: ['image/png'] });
    await store.addKey(key, sha256('a'));
    t.strictSame(await store.setEnabled('k1', false), { ...key, enabled: false });
    t.strictSame(await store.setEnabled('k1', false), { ...key, enabled: false });
    t.strictSame((await store.findBySecret(sha256('a')))?.key, { ...key, enabled: false });
    t.strictSame(await store.setEnabled('k1', true), key);
    t.strictSame((await store.findBySecret(sha256('a')))?.key, key);
    await t.rejects(store.setEnabled('k2', true), { code: 'UnknownApiKey' });
    t.equal((await store.listKeys()).length, 1);
  });

  t.test('a key is deleted with all that opens it; its values can be keys again', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    await store.addSecret('k1', { sha256: sha256('b'), createdAt: at(5) });
    await store.addKey(apiKey('k2'), sha256('c'));
    await store.deleteKey('k1');
    t.equal(await store.findBySecret(sha256('a')), undefined);
    t.equal(await store.findBySecret(sha256('b')), undefined);
    t.strictSame(
      (await store.listKeys()).map(({ key }) => key.keyId),
      ['k2'],
    );
    await t.rejects(store.deleteKey('k1'), { code: 'UnknownApiKey' });
    await store.addKey(apiKey('k3'), sha256('a'));
    t.equal((await store.findBySecret(sha256('a')))?.key.keyId, 'k3');
  });

  t.test('it answers a ping', async (t) => {
    const store = await createStore();
    t.equal(await store.ping(AbortSignal.timeout(60_000)), undefined);
    t.equal(await store.ping(), undefined);
  });
}
