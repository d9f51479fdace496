import {
  type AccessStore,
  ApiKeyIdAlreadyInUse,
  type ApiKeySecret,
  SecretAlreadyInUse,
  UnknownApiKey,
} from './access-store.ts';
import type { ApiKey } from './api-key.ts';
import { keysWithSecrets } from './keys-with-secrets.ts';

/** The twin of the table in memory, for tests. */
export function createMemoryAccessStore(): AccessStore {
  const keys = new Map<string, ApiKey>();
  const secrets = new Map<string, { readonly keyId: string; readonly secret: ApiKeySecret }>();

  function keyOf(keyId: string): ApiKey {
    const key = keys.get(keyId);
    if (!key) throw new UnknownApiKey(keyId);
    return key;
  }

  function putSecret(keyId: string, secret: ApiKeySecret): void {
    secrets.set(secret.sha256, { keyId, secret: structuredClone(secret) });
  }

  function assertUnused(secretSha256: string): void {
    const standing = secrets.get(secretSha256);
    if (standing) throw new SecretAlreadyInUse(`this value is a key already: ${standing.keyId}`);
  }

  return {
    async addKey(key, sha256) {
      if (keys.has(key.keyId))
        throw new ApiKeyIdAlreadyInUse(`there is another key with the id ${key.keyId}`);
      assertUnused(sha256);
      keys.set(key.keyId, structuredClone(key));
      putSecret(key.keyId, { sha256, createdAt: key.createdAt });
    },

    async findBySecret(secretSha256) {
      const { keyId, secret } = secrets.get(secretSha256) ?? {};
      const key = keyId === undefined ? undefined : keys.get(keyId);
      if (!key) return undefined;
      const secretExpiresAt = secret?.expiresAt;
      return structuredClone({ secretSha256, ...(secretExpiresAt && { secretExpiresAt }), key });
    },

    async listKeys() {
      return structuredClone(keysWithSecrets([...keys.values()], [...secrets.values()]));
    },

    async addSecret(keyId, secret) {
      keyOf(keyId);
      assertUnused(secret.sha256);
      putSecret(keyId, secret);
    },

    async expireSecret(secretSha256, expiresAt) {
      const { keyId, secret } = secrets.get(secretSha256) ?? {};
      if (keyId === undefined || !secret) return;
      const { expiresAt: _, ...endless } = secret;
      putSecret(keyId, expiresAt ? { ...endless, expiresAt } : endless);
    },

    async removeSecret(secretSha256) {
      secrets.delete(secretSha256);
    },

    async setEnabled(keyId, enabled) {
      const key = { ...keyOf(keyId), enabled };
      keys.set(keyId, key);
      return structuredClone(key);
    },

    async deleteKey(keyId) {
      const opening = [...secrets].filter(([, secret]) => secret.keyId === keyId);
      if (!keys.delete(keyId) && opening.length === 0) throw new UnknownApiKey(keyId);
      for (const [sha256] of opening) secrets.delete(sha256);
    },

    async ping() {},
  };
}
