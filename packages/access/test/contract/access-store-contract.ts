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

  t.test('it answers a ping', async (t) => {
    const store = await createStore();
    t.equal(await store.ping(AbortSignal.timeout(60_000)), undefined);
    t.equal(await store.ping(), undefined);
  });
}
