import type { Test } from 'tap';
import { type AccessStore, type ApiKey, hashApiKey, removeSecrets, rotateApiKey } from '../../src/index.ts';

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

  /** Adds a value to a key as it stands. */
  async function addSecret(store: AccessStore, keyId: string, digit: string, createdAt = at(5)) {
    const found = await store.getKey(keyId);
    return await store.changeSecrets(found, [...found.secrets, { sha256: sha256(digit), createdAt }]);
  }

  t.test('a second value opens the same key, until it is removed', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    const found = await store.getKey('k1');
    t.match(found, { key: apiKey('k1'), secrets: [{ sha256: sha256('a') }] });
    const both = await addSecret(store, 'k1', 'b');
    t.strictSame(await store.getKey('k1'), both);
    t.not(both.secretsVersion, found.secretsVersion);
    for (const secretSha256 of [sha256('a'), sha256('b')]) {
      t.strictSame(await store.findBySecret(secretSha256), { secretSha256, key: apiKey('k1') });
    }
    await store.changeSecrets(both, both.secrets.slice(1));
    t.equal(await store.findBySecret(sha256('a')), undefined);
    t.ok(await store.findBySecret(sha256('b')));
  });

  t.test('a value that is a key, or for a key that is not there, is not added', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    await store.addKey(apiKey('k2'), sha256('b'));
    await t.rejects(addSecret(store, 'k2', 'a'), {
      code: 'SecretAlreadyInUse',
      message: 'this value is a key already: k1',
    });
    t.strictSame(
      (await store.getKey('k2')).secrets.map((secret) => secret.sha256),
      [sha256('b')],
    );
    const missing = { code: 'UnknownApiKey', message: 'there is no key with the id "k3"' };
    await t.rejects(store.getKey('k3'), missing);
    const secrets = [{ sha256: sha256('c'), createdAt: at(0) }];
    await t.rejects(store.changeSecrets({ key: apiKey('k3'), secrets, secretsVersion: 1 }, secrets), missing);
    t.equal((await store.findBySecret(sha256('a')))?.key.keyId, 'k1');
    t.equal(await store.findBySecret(sha256('c')), undefined);
  });

  t.test('the end of a value is kept, and can be moved and taken back', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    const secret = { sha256: sha256('a'), createdAt: apiKey('k1').createdAt };
    for (const expiresAt of [at(30), at(20)]) {
      await store.changeSecrets(await store.getKey('k1'), [{ ...secret, expiresAt }]);
      t.strictSame((await store.findBySecret(sha256('a')))?.secretExpiresAt, expiresAt);
    }
    await store.changeSecrets(await store.getKey('k1'), [secret]);
    t.strictSame(await store.findBySecret(sha256('a')), { secretSha256: sha256('a'), key: apiKey('k1') });
  });

  t.test('of many changes of what was read one takes effect, and the others are refused', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    const found = await store.getKey('k1');
    const digits = [...'01234567'];
    const outcomes = await Promise.allSettled(
      digits.map((digit) =>
        store.changeSecrets(found, [...found.secrets, { sha256: sha256(digit), createdAt: at(5) }]),
      ),
    );
    const [winner, ...more] = outcomes.flatMap((outcome) =>
      outcome.status === 'fulfilled' ? [outcome.value] : [],
    );
    t.strictSame(more, []);
    t.strictSame(await store.getKey('k1'), winner);
    const opening = await Promise.all(digits.map((digit) => store.findBySecret(sha256(digit))));
    t.equal(opening.filter((opened) => opened).length, 1, 'what was refused opens nothing');
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') t.match(outcome.reason, { code: 'SecretsChanged' });
    }
  });

  t.test('many rotations at once: one wins, the others are refused', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('0123456789abcdef'), sha256('a'));
    let drawn = 0;
    const randomBytes = (count: number) => Uint8Array.from({ length: count }, () => drawn++ % 256);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, () =>
        rotateApiKey('0123456789abcdef', { store, randomBytes, now: () => at(9) }),
      ),
    );
    const values = outcomes.flatMap((outcome) =>
      outcome.status === 'fulfilled' ? [outcome.value.value] : [],
    );
    t.equal(values.length, 1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') t.match(outcome.reason, { code: 'RotationUnderWay' });
    }
    t.strictSame(
      (await store.getKey('0123456789abcdef')).secrets.map((secret) => secret.sha256),
      [sha256('a'), hashApiKey(values[0] ?? '')],
    );
    t.ok(await store.findBySecret(hashApiKey(values[0] ?? '')));
  });

  t.test('old and new removed at once: one stays', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    await addSecret(store, 'k1', 'b');
    const outcomes = await Promise.allSettled(
      (['old', 'new'] as const).map((which) => removeSecrets('k1', which, { store, now: () => at(9) })),
    );
    const [removal, refusal] = outcomes[0]?.status === 'fulfilled' ? outcomes : [outcomes[1], outcomes[0]];
    t.match(removal, { status: 'fulfilled' });
    t.match(refusal, { status: 'rejected', reason: { code: 'NoRotationUnderWay' } });
    const opened = await Promise.all(['a', 'b'].map((digit) => store.findBySecret(sha256(digit))));
    t.equal(opened.filter((opens) => opens).length, 1);
    t.equal((await store.getKey('k1')).secrets.length, 1);
  });

  t.test('a key that is deleted while it is rotated leaves nothing that opens', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    await Promise.allSettled([addSecret(store, 'k1', 'b'), store.deleteKey('k1')]);
    for (const digit of ['a', 'b']) t.equal(await store.findBySecret(sha256(digit)), undefined);
    t.strictSame(await store.listKeys(), []);
    await store.addKey(apiKey('k2'), sha256('b'));
    t.equal((await store.findBySecret(sha256('b')))?.key.keyId, 'k2');
  });

  t.test(
    'keys are listed in the order in which they were made, values in that of their adding',
    async (t) => {
      const store = await createStore();
      t.strictSame(await store.listKeys(), []);
      const [younger, older] = [apiKey('k1', { createdAt: at(9) }), apiKey('k2', { createdAt: at(3) })];
      await store.addKey(younger, sha256('a'));
      await store.addKey(older, sha256('b'));
      // By a clock that is behind.
      const { secrets, secretsVersion } = await addSecret(store, 'k2', '0', at(1));
      t.strictSame(secrets, [
        { sha256: sha256('b'), createdAt: at(3) },
        { sha256: sha256('0'), createdAt: at(1) },
      ]);
      t.strictSame(await store.listKeys(), [
        { key: older, secrets, secretsVersion },
        await store.getKey('k1'),
      ]);
    },
  );

  t.test('the settings of a key are changed as they were read, all else as it was', async (t) => {
    const store = await createStore();
    const key = apiKey('k1', { dailyQuota: 7, allowedContentTypes: ['image/png'] });
    await store.addKey(key, sha256('a'));
    const found = (await store.getKey('k1')).key;
    const { name, burst } = found;
    const settings = { name, burst, ratePerSecond: 0.5, maxBytes: 9, allowedContentTypes: ['a/b', 'c/*'] };
    const { keyId, createdAt, enabled } = key;
    const changed = { ...settings, keyId, createdAt, enabled };
    t.strictSame(await store.changeSettings(found, settings), changed, 'the quota is gone');
    t.strictSame((await store.findBySecret(sha256('a')))?.key, changed);
    await t.rejects(store.changeSettings(found, { ...settings, burst: 1 }), {
      code: 'ApiKeySettingsChanged',
    });
    t.strictSame((await store.getKey('k1')).key, changed);
    await store.setEnabled('k1', false);
    t.strictSame(await store.changeSettings(changed, { name, burst, ratePerSecond: 2 }), {
      name,
      burst,
      ratePerSecond: 2,
      keyId,
      createdAt,
      enabled: false,
    });
    await t.rejects(store.changeSettings(apiKey('k2'), settings), { code: 'UnknownApiKey' });
    t.equal((await store.listKeys()).length, 1);
  });

  t.test('of many changes at once to what was read one takes effect', async (t) => {
    const store = await createStore();
    await store.addKey(apiKey('k1'), sha256('a'));
    const found = (await store.getKey('k1')).key;
    const changes = await Promise.allSettled(
      [2, 3, 4, 5].map((burst) => store.changeSettings(found, { name: 'n', ratePerSecond: 1, burst })),
    );
    t.equal(changes.filter(({ status }) => status === 'fulfilled').length, 1);
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
    await addSecret(store, 'k1', 'b');
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

  t.test('it responds to a ping', async (t) => {
    const store = await createStore();
    t.equal(await store.ping(AbortSignal.timeout(60_000)), undefined);
    t.equal(await store.ping(), undefined);
  });
}
