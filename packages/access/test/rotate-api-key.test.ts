import t from 'tap';
import {
  createApiKey,
  endOlderSecrets,
  hashApiKey,
  importApiKey,
  removeSecrets,
  rotateApiKey,
  SecretsChanged,
} from '../src/index.ts';
import { createMemoryAccessStore } from '../src/testing/index.ts';

const START = Date.UTC(2030, 0, 1);
const HOUR = 3_600_000;

function harness() {
  const clock = { ms: START };
  const store = createMemoryAccessStore();
  let drawn = 0;
  const making = {
    store,
    now: () => new Date(clock.ms),
    randomBytes: (count: number) => Uint8Array.from({ length: count }, () => drawn++ % 256),
  };
  const opens = async (value: string) => (await store.findBySecret(hashApiKey(value)))?.key.keyId;
  return { clock, store, making, opens };
}

const settings = { name: 'build server', ratePerSecond: 1, burst: 1, dailyQuota: 5 };

t.test('a rotated key has two values, and one id, name and set of limits', async (t) => {
  const { clock, making, opens } = harness();
  const { value: first, key } = await createApiKey(settings, making);
  clock.ms += HOUR;
  const { value: second, old, rotated } = await rotateApiKey(key.keyId, making);
  t.not(second, first);
  t.match(second, new RegExp(`^uo_${key.keyId}_[0-9a-f]{48}$`));
  t.strictSame(rotated.key, key);
  t.strictSame(old, [{ sha256: hashApiKey(first), createdAt: new Date(START) }]);
  t.equal(await opens(first), key.keyId);
  t.equal(await opens(second), key.keyId);
});

t.test('an imported key is rotated to one of the form that is made here', async (t) => {
  const { making, opens } = harness();
  const { keyId } = await importApiKey('an old value', settings, making);
  const { value } = await rotateApiKey(keyId, making);
  t.match(value, `uo_${keyId}_`);
  t.equal(await opens('an old value'), keyId);
  t.equal(await opens(value), keyId);
});

t.test('no third value, until one of the two has expired or was removed', async (t) => {
  const { clock, making } = harness();
  const { key } = await createApiKey(settings, making);
  clock.ms += HOUR;
  const { rotated } = await rotateApiKey(key.keyId, making);
  await t.rejects(rotateApiKey(key.keyId, making), {
    code: 'RotationUnderWay',
    message: /two values open it, made at 2030-01-01T00:00:00.000Z and 2030-01-01T01:00:00.000Z/,
  });
  await endOlderSecrets(rotated, new Date(clock.ms + 1), making);
  await t.rejects(rotateApiKey(key.keyId, making), { code: 'RotationUnderWay' });
  clock.ms += 1;
  t.match(await rotateApiKey(key.keyId, making), { old: [{ createdAt: new Date(START + HOUR) }] });
});

t.test('a rotation is ended, or taken back; the one value that is left is never removed', async (t) => {
  for (const [which, left] of [
    ['old', 'second'],
    ['new', 'first'],
  ] as const) {
    const { clock, making, opens } = harness();
    const { value: first, key } = await createApiKey(settings, making);
    await t.rejects(removeSecrets(key.keyId, which, making), { code: 'NoRotationUnderWay' });
    clock.ms += HOUR;
    const { value: second } = await rotateApiKey(key.keyId, making);
    const { removed } = await removeSecrets(key.keyId, which, making);
    t.strictSame(
      removed.map(({ sha256 }) => sha256),
      [hashApiKey(which === 'old' ? first : second)],
    );
    t.equal(await opens(first), left === 'first' ? key.keyId : undefined);
    t.equal(await opens(second), left === 'second' ? key.keyId : undefined);
    await t.rejects(removeSecrets(key.keyId, which, making), { code: 'NoRotationUnderWay' });
  }
});

t.test('an old value that has expired does not make the new one removable', async (t) => {
  const { clock, making, opens } = harness();
  const { key } = await createApiKey(settings, making);
  clock.ms += HOUR;
  const { value, rotated } = await rotateApiKey(key.keyId, making);
  await endOlderSecrets(rotated, new Date(clock.ms), making);
  await t.rejects(removeSecrets(key.keyId, 'new', making), { code: 'NoRotationUnderWay' });
  t.equal(await opens(value), key.keyId);
});

t.test('the newest is the one that was added last, whatever the operators’ clocks say', async (t) => {
  const { clock, making, opens } = harness();
  const { value: first, key } = await createApiKey(settings, making);
  clock.ms -= HOUR;
  const { value: second, rotated } = await rotateApiKey(key.keyId, making);
  await endOlderSecrets(rotated, new Date(START + HOUR), making);
  const { removed } = await removeSecrets(key.keyId, 'old', making);
  t.match(removed, [{ sha256: hashApiKey(first) }]);
  t.equal(await opens(second), key.keyId);
});

t.test(
  'an end is set to older values alone, never later than it was, and taken back with the new one',
  async (t) => {
    const { making, store } = harness();
    const { key } = await createApiKey(settings, making);
    const { rotated } = await rotateApiKey(key.keyId, making);
    const sooner = await endOlderSecrets(rotated, new Date(START + HOUR), making);
    const later = await endOlderSecrets(sooner, new Date(START + 2 * HOUR), making);
    t.strictSame(
      later.secrets.map(({ expiresAt }) => expiresAt),
      [new Date(START + HOUR), undefined],
    );
    await removeSecrets(key.keyId, 'new', making);
    const [only, ...others] = (await store.getKey(key.keyId)).secrets;
    t.strictSame(others, []);
    t.notOk(only && 'expiresAt' in only);
  },
);

t.test('no end is set after another command has ended the rotation or taken it back', async (t) => {
  for (const which of ['old', 'new'] as const) {
    const { making, store } = harness();
    const { key } = await createApiKey(settings, making);
    const { rotated } = await rotateApiKey(key.keyId, making);
    await removeSecrets(key.keyId, which, making);
    await t.rejects(endOlderSecrets(rotated, new Date(START + HOUR), making), { code: 'SecretsChanged' });
    t.notOk((await store.getKey(key.keyId)).secrets.some(({ expiresAt }) => expiresAt));
  }
});

t.test('changes that come in between again and again are reported, not waited for without end', async (t) => {
  const { making, store } = harness();
  const { key } = await createApiKey(settings, making);
  store.changeSecrets = async () => {
    throw new SecretsChanged(key.keyId);
  };
  await t.rejects(rotateApiKey(key.keyId, making), {
    code: 'SecretsChanged',
    message: `the values of the key ${key.keyId} were changed by another command at the same time`,
  });
});

t.test('there is nothing to rotate where there is no key', async (t) => {
  const { making } = harness();
  const missing = { code: 'UnknownApiKey', message: 'there is no key with the id "0123"' };
  await t.rejects(rotateApiKey('0123', making), missing);
  await t.rejects(removeSecrets('0123', 'old', making), missing);
});
