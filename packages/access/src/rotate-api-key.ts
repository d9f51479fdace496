import { type AccessStore, type ApiKeySecret, type KeyWithSecrets, UnknownApiKey } from './access-store.ts';
import type { KeyMaking } from './add-api-key.ts';
import type { ApiKey } from './api-key.ts';
import { formatApiKey, SECRET_BYTES } from './api-key-format.ts';
import { hashApiKey } from './hash-api-key.ts';

/** A rotation has begun already: two values open the key. */
export class RotationUnderWay extends Error {
  readonly code = 'RotationUnderWay';
}

/** No rotation is under way: to remove the one value that opens the key would leave none. */
export class NoRotationUnderWay extends Error {
  readonly code = 'NoRotationUnderWay';
}

/**
 * Begins a rotation: a second value that opens the same key, with the same limits and the same count of requests. The
 * first goes on as it is; its end is set apart, once the new value is in its holder's hands.
 *
 * @returns when the new value is durable and works; `old` are the values that worked before
 * @throws UnknownApiKey, RotationUnderWay; rejects when the table does not answer: a second value may then be there that
 *   nobody has, which `removeSecrets(…, 'new')` takes back
 */
export async function rotateApiKey(
  keyId: string,
  { store, randomBytes, now }: KeyMaking,
): Promise<{ value: string; key: ApiKey; old: readonly ApiKeySecret[] }> {
  const { key, secrets } = await keyWithSecrets(store, keyId);
  const old = liveSecrets(secrets, now());
  if (old.length > 1) {
    throw new RotationUnderWay(
      `the key ${keyId} is being rotated: two values open it, made at ${old.map(({ createdAt }) => createdAt.toISOString()).join(' and ')}`,
    );
  }
  const value = formatApiKey(keyId, randomBytes(SECRET_BYTES));
  await store.addSecret(keyId, { sha256: hashApiKey(value), createdAt: now() });
  return { value, key, old };
}

/**
 * Ends a rotation at once, or takes it back: the older values open nothing any more, or the newest opens nothing and the
 * older ones have no end any more.
 *
 * @returns the secrets that were removed
 * @throws UnknownApiKey, NoRotationUnderWay
 */
export async function removeSecrets(
  keyId: string,
  which: 'old' | 'new',
  { store, now }: Pick<KeyMaking, 'store' | 'now'>,
): Promise<{ key: ApiKey; removed: readonly ApiKeySecret[] }> {
  const { key, secrets } = await keyWithSecrets(store, keyId);
  const live = liveSecrets(secrets, now());
  const newest = live.at(-1);
  if (live.length < 2 || !newest) {
    throw new NoRotationUnderWay(`the key ${keyId} is not being rotated: no more than one value opens it`);
  }
  const older = live.slice(0, -1);
  if (which === 'new') {
    for (const { sha256 } of older) await store.expireSecret(sha256, undefined);
  }
  const removed = which === 'new' ? [newest] : older;
  for (const { sha256 } of removed) await store.removeSecret(sha256);
  return { key, removed };
}

/** The secrets that open something at this time. */
export function liveSecrets(secrets: readonly ApiKeySecret[], at: Date): ApiKeySecret[] {
  return secrets.filter(({ expiresAt }) => !expiresAt || expiresAt > at);
}

async function keyWithSecrets(store: AccessStore, keyId: string): Promise<KeyWithSecrets> {
  const found = (await store.listKeys()).find(({ key }) => key.keyId === keyId);
  if (!found) throw new UnknownApiKey(keyId);
  return found;
}
