import t from 'tap';
import { createMemoryObjectStore } from '../src/testing/index.ts';
import { objectListingContract } from './contract/object-listing-contract.ts';

objectListingContract(t, async () => {
  const objects = createMemoryObjectStore({ now: () => new Date('2026-01-01T00:00:00.000Z') });
  return {
    listing: objects.listing,
    put: async (key, bytes) => objects.put(key, bytes).versionId,
    putDeleteMarker: async (key) => objects.putDeleteMarker(key),
  };
});
