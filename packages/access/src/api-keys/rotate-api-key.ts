import { formatApiKey, SECRET_BYTES } from '@upload-once/text/api-key-format';
import { type AccessStore, type ApiKeySecret, type KeyWithSecrets, SecretsChanged } from './access-store.ts';
import type { KeyMaking } from './add-api-key.ts';
import type { ApiKey } from './api-key.ts';
import { hashApiKey } from './hash-api-key.ts';

/** A rotation has begun already: two values open the key. */
export class RotationUnderWay extends Error {
  readonly code = 'RotationUnderWay';
}

/** No rotation is under way: to remove the one value that opens the key would leave none. */
export class NoRotationUnderWay extends Error {
  readonly code = 'NoRotationUnderWay';
}

/** How many concurrent changes by others are retried before this one gives up; each of those changes has taken effect. */
const ATTEMPTS = 5;

/**
 * Begins a rotation: a second value that opens the same key, with the same limits and the same count of requests. The
 * first goes on as it is; its end is set apart, by `endOlderSecrets`, once the new value is in its holder's hands. Of
 * any number of rotations at once one begins. Values that have expired are forgotten with it.
 *
 * @returns when the new value is durable and works; `old` are the values that worked before
 * @throws UnknownApiKey, RotationUnderWay; rejects when the table does not respond: the table may then have a second value
 *   whose text is lost; `removeSecrets(…, 'new')` takes it back
 */
export async function rotateApiKey(
  keyId: string,
  { store, randomBytes, now }: KeyMaking,
): Promise<{ value: string; old: readonly ApiKeySecret[]; rotated: KeyWithSecrets }> {
  const value = formatApiKey(keyId, randomBytes(SECRET_BYTES));
  return await changing(store, keyId, async (found) => {
    const old = liveSecrets(found.secrets, now());
    if (old.length > 1) {
      throw new RotationUnderWay(
        `the key ${keyId} is being rotated: two values open it, made at ${old.map(({ createdAt }) => createdAt.toISOString()).join(' and ')}`,
      );
    }
    const added = { sha256: hashApiKey(value), createdAt: now() };
    return { value, old, rotated: await store.changeSecrets(found, [...old, added]) };
  });
}

/**
 * Sets an end to what opened a key before it was rotated. A value that was to end earlier keeps its end.
 *
 * @param rotated as `rotateApiKey` gave it
 * @throws SecretsChanged when another command has ended the rotation or taken it back: nothing was changed
 */
export async function endOlderSecrets(
  rotated: KeyWithSecrets,
  expiresAt: Date,
  { store }: Pick<KeyMaking, 'store'>,
): Promise<KeyWithSecrets> {
  const newest = rotated.secrets.at(-1);
  return await store.changeSecrets(
    rotated,
    rotated.secrets.map((secret) =>
      secret === newest || (secret.expiresAt && secret.expiresAt <= expiresAt)
        ? secret
        : { ...secret, expiresAt },
    ),
  );
}

/**
 * Removes what opened a key before it was rotated: at once, whatever any clock says.
 *
 * @param rotated as `rotateApiKey` gave it
 * @throws SecretsChanged as `endOlderSecrets`
 */
export async function removeOlderSecrets(
  rotated: KeyWithSecrets,
  { store }: Pick<KeyMaking, 'store'>,
): Promise<KeyWithSecrets> {
  return await store.changeSecrets(rotated, rotated.secrets.slice(-1));
}

/**
 * Ends a rotation at once, or takes it back: the older values open nothing any more, or the newest opens nothing and the
 * older ones have no end any more. The order in which they were added says which is the newest. The last one is never removed.
 *
 * @returns the secrets that were removed
 * @throws UnknownApiKey, NoRotationUnderWay
 */
export async function removeSecrets(
  keyId: string,
  which: 'old' | 'new',
  { store, now }: Pick<KeyMaking, 'store' | 'now'>,
): Promise<{ key: ApiKey; removed: readonly ApiKeySecret[] }> {
  return await changing(store, keyId, async (found) => {
    const live = liveSecrets(found.secrets, now());
    const newest = live.at(-1);
    if (live.length < 2 || !newest) {
      throw new NoRotationUnderWay(`the key ${keyId} is not being rotated: no more than one value opens it`);
    }
    const older = live.slice(0, -1);
    await store.changeSecrets(found, which === 'old' ? [newest] : older.map(endless));
    return { key: found.key, removed: which === 'old' ? older : [newest] };
  });
}

/** The secrets that open something at this time. */
export function liveSecrets(secrets: readonly ApiKeySecret[], at: Date): ApiKeySecret[] {
  return secrets.filter(({ expiresAt }) => !expiresAt || expiresAt > at);
}

function endless({ expiresAt: _, ...secret }: ApiKeySecret): ApiKeySecret {
  return secret;
}

/** Reads the key, and reads it again when another command was faster: each change is decided by what was read last. */
async function changing<T>(
  store: AccessStore,
  keyId: string,
  change: (found: KeyWithSecrets) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await change(await store.getKey(keyId));
    } catch (error) {
      if (!(error instanceof SecretsChanged) || attempt === ATTEMPTS) throw error;
    }
  }
}
