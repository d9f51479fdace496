import t from 'tap';
import { createMemoryObjectStore } from '../src/testing/index.ts';
import { objectStoreContract } from './contract/object-store-contract.ts';

objectStoreContract(t, async () => {
  const objects = createMemoryObjectStore({ now: () => new Date('2026-01-01T00:00:00.000Z') });
  return {
    objects,
    put: async (key, bytes, attributes) => objects.put(key, bytes, attributes).versionId,
    putDeleteMarker: async (key) => objects.putDeleteMarker(key),
  };
});
