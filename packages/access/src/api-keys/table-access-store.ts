import { isDeepStrictEqual } from 'node:util';
import type { Change, Table } from '@upload-once/table';
import {
  assertReadable,
  type ItemKey,
  type KeyItem,
  keyItem,
  keyItemKey,
  keyWithSecretsFrom,
  listedSecrets,
  SETTINGS,
  type SecretItem,
  secretItem,
  secretItemKey,
} from '../item.ts';
import {
  type AccessStore,
  ApiKeyIdAlreadyInUse,
  ApiKeySettingsChanged,
  type KeyWithSecrets,
  SecretAlreadyInUse,
  SecretsChanged,
  UnknownApiKey,
} from './access-store.ts';

type Item = KeyItem | SecretItem;

/**
 * The store of keys over any table: DynamoDB's, or the one in memory.
 *
 * A key is its own item, which lists what opens it, and an item for each value that leads to it. A value opens a key only
 * while both are there, so no transaction is needed: a value is first listed and its item comes last, under the condition
 * that there is none that counts; it is first struck from the list and its item goes last. A crash in between leaves a
 * value that opens nothing and can still be imported.
 *
 * The client's own retries may repeat a write whose response was lost; the second attempt then finds its own item.
 */
export function createTableAccessStore(table: Table<ItemKey, Item>): AccessStore {
  async function get<T extends Item>(key: ItemKey): Promise<T | undefined> {
    const item = await table.get(key);
    return item && (assertReadable(item) as T);
  }

  /** Gives the item that stands there after the call: the given one, or the one that was there before. */
  async function putIfAbsent<T extends Item>(item: T): Promise<T | undefined> {
    return (await table.putIfAbsent(item)) ? item : get<T>({ id: item.id, item: item.item });
  }

  /** Gives the item as it is after the write; undefined when a condition did not hold. */
  async function update(keyId: string, change: Change<ItemKey, Item>): Promise<KeyItem | undefined> {
    const { isWritten, item } = await table.update(keyItemKey(keyId), change);
    return isWritten ? (assertReadable(item) as KeyItem) : undefined;
  }

  /** Does nothing where the value leads to another key by now, or was removed by an attempt whose response was lost. */
  async function removeSecretItem(sha256: string, keyId: string): Promise<void> {
    await table.delete(secretItemKey(sha256), [{ attribute: 'keyId', equals: keyId, orAbsent: true }]);
  }

  /** Lets a value lead to a key that lists it. */
  async function putSecretItem(sha256: string, keyId: string): Promise<void> {
    const wanted = secretItem(keyId, sha256);
    const standing = await putIfAbsent(wanted);
    if (standing?.keyId === keyId) return;
    const inUse = new SecretAlreadyInUse(`this value is a key already: ${standing?.keyId}`);
    const other = standing && (await get<KeyItem>(keyItemKey(standing.keyId)));
    if (!standing || other?.secrets.some((listed) => listed.sha256 === sha256)) throw inUse;
    // What a crash has left. It may be gone by now, and then the value is free as well.
    const orReplace = [{ attribute: 'keyId', in: [standing.keyId, keyId] }] as const;
    if (!(await table.putIfAbsent(wanted, { orReplace }))) throw inUse;
  }

  async function getKey(keyId: string): Promise<KeyWithSecrets> {
    const item = await get<KeyItem>(keyItemKey(keyId));
    if (!item) throw new UnknownApiKey(keyId);
    return keyWithSecretsFrom(item);
  }

  /** The one write that decides. */
  async function putSecrets(
    { key: { keyId }, secretsVersion }: KeyWithSecrets,
    secrets: KeyWithSecrets['secrets'],
  ): Promise<KeyWithSecrets> {
    const written = await update(keyId, {
      when: [{ attribute: 'secretsVersion', equals: secretsVersion }],
      set: { secrets: listedSecrets(secrets), secretsVersion: secretsVersion + 1 },
    });
    if (written) return keyWithSecretsFrom(written);
    const standing = await getKey(keyId);
    const isOwn =
      standing.secretsVersion === secretsVersion + 1 && isDeepStrictEqual(standing.secrets, secrets);
    if (!isOwn) throw new SecretsChanged(keyId);
    return standing;
  }

  async function changeSecrets(found: KeyWithSecrets, secrets: KeyWithSecrets['secrets']) {
    const { keyId } = found.key;
    const changed = await putSecrets(found, secrets);
    for (const { sha256 } of without(found.secrets, secrets)) await removeSecretItem(sha256, keyId);
    try {
      for (const { sha256 } of without(secrets, found.secrets)) await putSecretItem(sha256, keyId);
    } catch (error) {
      if (error instanceof SecretAlreadyInUse) await putSecrets(changed, found.secrets);
      throw error;
    }
    return changed;
  }

  return {
    async addKey(key, sha256) {
      const { keyId, createdAt } = key;
      const wanted = keyItem({ key, secrets: [{ sha256, createdAt }], secretsVersion: 1 });
      if (!isDeepStrictEqual(await putIfAbsent(wanted), wanted)) {
        throw new ApiKeyIdAlreadyInUse(`there is another key with the id ${keyId}`);
      }
      try {
        await putSecretItem(sha256, keyId);
      } catch (error) {
        if (error instanceof SecretAlreadyInUse) await table.delete(keyItemKey(keyId));
        throw error;
      }
    },

    async findBySecret(secretSha256) {
      const secret = await get<SecretItem>(secretItemKey(secretSha256));
      const item = secret && (await get<KeyItem>(keyItemKey(secret.keyId)));
      if (!item) return undefined;
      const { key, secrets } = keyWithSecretsFrom(item);
      const listed = secrets.find(({ sha256 }) => sha256 === secretSha256);
      if (!listed) return undefined;
      const { sha256, expiresAt } = listed;
      return { secretSha256: sha256, ...(expiresAt && { secretExpiresAt: expiresAt }), key };
    },

    async listKeys() {
      const keys: KeyWithSecrets[] = [];
      for await (const items of table.scan([{ attribute: 'item', equals: keyItemKey('').item }])) {
        keys.push(...items.map((item) => keyWithSecretsFrom(assertReadable(item) as KeyItem)));
      }
      return inOrderOfMaking(keys);
    },

    getKey,
    changeSecrets,

    async changeSettings(found, settings) {
      const isGiven = (name: (typeof SETTINGS)[number]) => settings[name] !== undefined;
      const item = await update(found.keyId, {
        when: SETTINGS.map((attribute) => {
          const value = found[attribute];
          return value === undefined ? { attribute, absent: true } : { attribute, equals: value };
        }),
        set: Object.fromEntries(SETTINGS.filter(isGiven).map((name) => [name, settings[name]])),
        remove: SETTINGS.filter((name) => !isGiven(name)),
      });
      if (item) return keyWithSecretsFrom(item).key;
      const { key } = await getKey(found.keyId);
      // The client's own retry found what its first attempt had written.
      const isOwn = SETTINGS.every((name) => isDeepStrictEqual(key[name], settings[name]));
      if (!isOwn) throw new ApiKeySettingsChanged(found.keyId);
      return key;
    },

    async setEnabled(keyId, enabled) {
      const item = await update(keyId, { when: [], set: { enabled } });
      if (!item) throw new UnknownApiKey(keyId);
      return keyWithSecretsFrom(item).key;
    },

    async deleteKey(keyId) {
      for (;;) {
        const item = await update(keyId, { when: [], set: { enabled: false } });
        if (!item) throw new UnknownApiKey(keyId);
        const { secrets, secretsVersion: equals } = item;
        for (const { sha256 } of secrets) await removeSecretItem(sha256, keyId);
        const unchanged = [{ attribute: 'secretsVersion', equals, orAbsent: true }] as const;
        if (await table.delete(keyItemKey(keyId), unchanged)) return;
        // Another operator has changed the key in between.
      }
    },

    ping: (signal) => table.ping(signal),
  };
}

/** The oldest key first; the id decides between keys of the same moment. */
function inOrderOfMaking(keys: readonly KeyWithSecrets[]): KeyWithSecrets[] {
  return keys.toSorted(
    ({ key: a }, { key: b }) => a.createdAt.getTime() - b.createdAt.getTime() || (a.keyId < b.keyId ? -1 : 1),
  );
}

function without(secrets: KeyWithSecrets['secrets'], others: KeyWithSecrets['secrets']) {
  return secrets.filter(({ sha256 }) => !others.some((other) => other.sha256 === sha256));
}
