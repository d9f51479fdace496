import t from 'tap';
import { createMemoryUploadStore } from '../src/testing/index.ts';
import { uploadStoreContract } from './contract/upload-store-contract.ts';

uploadStoreContract(t, async () => {
  const clock = { now: new Date('2026-01-01T00:00:02.000Z') };
  let serial = 0;
  const store = createMemoryUploadStore({
    now: () => clock.now,
    newToken: () => `token-${++serial}`,
    recordRetentionSeconds: 3600,
  });
  return { store, clock };
});
