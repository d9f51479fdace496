import { isDeepStrictEqual } from 'node:util';
import {
  type AccessStore,
  ApiKeyIdAlreadyInUse,
  ApiKeySettingsChanged,
  type KeyWithSecrets,
  SecretAlreadyInUse,
  SecretsChanged,
  UnknownApiKey,
} from '../api-keys/access-store.ts';
import { inOrderOfMaking } from '../api-keys/in-order-of-making.ts';

/** The fake of the table in memory, for tests. */
export function createMemoryAccessStore(): AccessStore {
  const keys = new Map<string, KeyWithSecrets>();

  function keyOf(keyId: string): KeyWithSecrets {
    const found = keys.get(keyId);
    if (!found) throw new UnknownApiKey(keyId);
    return found;
  }

  function openedBy(secretSha256: string): KeyWithSecrets | undefined {
    return [...keys.values()].find(({ secrets }) => secrets.some(({ sha256 }) => sha256 === secretSha256));
  }

  function assertNotOf(other: (keyId: string) => boolean, secretSha256: string): void {
    const keyId = openedBy(secretSha256)?.key.keyId;
    if (keyId !== undefined && other(keyId))
      throw new SecretAlreadyInUse(`this value is a key already: ${keyId}`);
  }

  return {
    async addKey(key, sha256) {
      if (keys.has(key.keyId))
        throw new ApiKeyIdAlreadyInUse(`there is another key with the id ${key.keyId}`);
      assertNotOf(() => true, sha256);
      const secrets = [{ sha256, createdAt: key.createdAt }];
      keys.set(key.keyId, structuredClone({ key, secrets, secretsVersion: 1 }));
    },

    async findBySecret(secretSha256) {
      const found = openedBy(secretSha256);
      const secret = found?.secrets.find(({ sha256 }) => sha256 === secretSha256);
      if (!found || !secret) return undefined;
      const secretExpiresAt = secret.expiresAt;
      return structuredClone({
        secretSha256,
        ...(secretExpiresAt && { secretExpiresAt }),
        key: found.key,
      });
    },

    async listKeys() {
      return structuredClone(inOrderOfMaking([...keys.values()]));
    },

    async getKey(keyId) {
      return structuredClone(keyOf(keyId));
    },

    async changeSecrets({ key: { keyId }, secretsVersion }, secrets) {
      const standing = keyOf(keyId);
      if (standing.secretsVersion !== secretsVersion) throw new SecretsChanged(keyId);
      for (const { sha256 } of secrets) assertNotOf((other) => other !== keyId, sha256);
      const changed = { key: standing.key, secrets, secretsVersion: secretsVersion + 1 };
      keys.set(keyId, structuredClone(changed));
      return structuredClone(changed);
    },

    async changeSettings(found, settings) {
      const standing = keyOf(found.keyId);
      const { keyId, createdAt, enabled } = standing.key;
      if (!isDeepStrictEqual({ ...found, keyId, createdAt, enabled }, standing.key))
        throw new ApiKeySettingsChanged(keyId);
      const key = { ...settings, keyId, createdAt, enabled };
      keys.set(keyId, structuredClone({ ...standing, key }));
      return structuredClone(key);
    },

    async setEnabled(keyId, enabled) {
      const standing = keyOf(keyId);
      const key = { ...standing.key, enabled };
      keys.set(keyId, { ...standing, key });
      return structuredClone(key);
    },

    async deleteKey(keyId) {
      keyOf(keyId);
      keys.delete(keyId);
    },

    async ping() {},
  };
}
