import t from 'tap';
import { createFaultScript, createMemoryUploadStore, UploadState } from '../src/index.ts';

const version = { versionId: 'v1', eTag: 'e1', sizeBytes: 5, storedAt: new Date('2026-01-01T00:00:01.234Z') };
const lease = { acceptedVersionId: 'copy-1', leaseOwner: 'worker-1', leaseSeconds: 60 };
const key = 'uploads/race';

/** A claimed upload, read by a worker whose write for the lease is held back until `goOn`. */
async function workerBetweenReadAndWrite() {
  const faults = createFaultScript();
  let serial = 0;
  const store = createMemoryUploadStore({
    now: () => new Date('2026-01-01T00:00:02.000Z'),
    newToken: () => `token-${++serial}`,
    tombstoneSeconds: 3600,
    faults,
  });
  await store.issue({
    key,
    apiKeyId: 'key-1',
    issuedAt: new Date('2026-01-01T00:00:00.123Z'),
    expiresAt: new Date('2026-01-01T00:00:30.000Z'),
    constraints: { method: 'post', minBytes: 0, maxBytes: 10 },
    metadata: {},
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  });
  await store.claim(key, version);
  const stall = faults.stallNext('before', 'update');
  const starting = store.startProcessing(key, lease);
  await stall.reached;
  const goOn = () => {
    stall.release();
    return starting;
  };
  return { store, goOn };
}

t.test(
  'an ACCEPTED that is recorded between read and write does not cost the worker its lease',
  async (t) => {
    const { store, goOn } = await workerBetweenReadAndWrite();
    t.match(await store.accept(key, lease.acceptedVersionId), { applied: true });
    t.match(await goOn(), {
      applied: true,
      recordedAcceptance: false,
      upload: {
        state: UploadState.processing,
        attempt: 1,
        leaseOwner: 'worker-1',
        acceptedVersionId: 'copy-1',
      },
    });
  },
);

t.test('another version that was accepted in between is not processed', async (t) => {
  const { store, goOn } = await workerBetweenReadAndWrite();
  await store.accept(key, 'copy-2');
  t.match(await goOn(), {
    applied: false,
    upload: { state: UploadState.accepted, acceptedVersionId: 'copy-2', attempt: 0 },
  });
});

t.test('a lease that another worker took in between stays with it', async (t) => {
  const { store, goOn } = await workerBetweenReadAndWrite();
  await store.startProcessing(key, { ...lease, leaseOwner: 'worker-2' });
  t.match(await goOn(), {
    applied: false,
    upload: { state: UploadState.processing, attempt: 1, leaseOwner: 'worker-2' },
  });
});
