import type { ApiKeySecret, KeyWithSecrets } from './access-store.ts';
import type { ApiKey } from './api-key.ts';

/** Brings keys and the secrets that open them together, each in the order in which they were made. */
export function keysWithSecrets(
  keys: readonly ApiKey[],
  secrets: readonly { readonly keyId: string; readonly secret: ApiKeySecret }[],
): KeyWithSecrets[] {
  const secretsOf = Map.groupBy(secrets, ({ keyId }) => keyId);
  return keys
    .toSorted((a, b) => byAge(a, b) || (a.keyId < b.keyId ? -1 : 1))
    .map((key) => ({
      key,
      secrets: (secretsOf.get(key.keyId) ?? []).map(({ secret }) => secret).toSorted(byAge),
    }));
}

function byAge(a: { readonly createdAt: Date }, b: { readonly createdAt: Date }): number {
  return a.createdAt.getTime() - b.createdAt.getTime();
}
