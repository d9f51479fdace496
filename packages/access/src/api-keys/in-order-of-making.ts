import type { KeyWithSecrets } from './access-store.ts';

/** The oldest key first; the id decides between keys of the same moment. */
export function inOrderOfMaking(keys: readonly KeyWithSecrets[]): KeyWithSecrets[] {
  return keys.toSorted(
    ({ key: a }, { key: b }) => a.createdAt.getTime() - b.createdAt.getTime() || (a.keyId < b.keyId ? -1 : 1),
  );
}
