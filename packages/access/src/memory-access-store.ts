import { type AccessStore, ApiKeyIdAlreadyInUse, SecretAlreadyInUse } from './access-store.ts';
import type { ApiKey } from './api-key.ts';

/** The twin of the table in memory, for tests. */
export function createMemoryAccessStore(): AccessStore {
  const keys = new Map<string, ApiKey>();
  const keyIdsBySecret = new Map<string, string>();
  return {
    async addKey(key, secretSha256) {
      if (keys.has(key.keyId))
        throw new ApiKeyIdAlreadyInUse(`there is another key with the id ${key.keyId}`);
      const keyId = keyIdsBySecret.get(secretSha256);
      if (keyId !== undefined) throw new SecretAlreadyInUse(`this value is a key already: ${keyId}`);
      keys.set(key.keyId, structuredClone(key));
      keyIdsBySecret.set(secretSha256, key.keyId);
    },

    async findBySecret(secretSha256) {
      const keyId = keyIdsBySecret.get(secretSha256);
      const key = keyId === undefined ? undefined : keys.get(keyId);
      return key && { secretSha256, key: structuredClone(key) };
    },

    async ping() {},
  };
}
