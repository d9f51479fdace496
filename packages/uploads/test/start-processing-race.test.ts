import { createFaultScript } from '@upload-once/table/testing';
import t from 'tap';
import { UploadState } from '../src/index.ts';
import { createMemoryUploadStore, newUpload } from '../src/testing/index.ts';

const version = { versionId: 'v1', eTag: 'e1', sizeBytes: 5, storedAt: new Date('2026-01-01T00:00:01.234Z') };
const lease = { acceptedVersionId: 'copy-1', leaseOwner: 'worker-1', leaseSeconds: 60 };
const key = 'uploads/race';

async function claimedUpload() {
  const faults = createFaultScript();
  let now = new Date('2026-01-01T00:00:02.000Z');
  let serial = 0;
  const store = createMemoryUploadStore({
    now: () => now,
    newToken: () => `token-${++serial}`,
    recordRetentionSeconds: 3600,
    faults,
  });
  await store.issue(newUpload(key));
  await store.claim(key, version);
  const pass = (seconds: number) => {
    now = new Date(now.getTime() + seconds * 1000);
  };
  return { store, faults, pass };
}

async function acceptedUpload() {
  const harness = await claimedUpload();
  await harness.store.accept(key, { claimedVersionId: 'v1', acceptedVersionId: lease.acceptedVersionId });
  return harness;
}

/** An accepted upload, and a worker whose write for the lease is held back until `goOn`. */
async function workerBeforeItsWrite() {
  const { store, faults } = await acceptedUpload();
  const stall = faults.stallNext('before', 'update');
  const starting = store.startProcessing(key, lease);
  await stall.reached;
  const goOn = () => {
    stall.release();
    return starting;
  };
  return { store, goOn };
}

t.test('a lease that another worker took in between stays with it', async (t) => {
  const { store, goOn } = await workerBeforeItsWrite();
  await store.startProcessing(key, { ...lease, leaseOwner: 'worker-2' });
  t.match(await goOn(), {
    applied: false,
    upload: { state: UploadState.processing, attempt: 1, leaseOwner: 'worker-2' },
  });
});

/** A worker that has found no first attempt to make, and whose write for the lease is held back until `goOn`. */
async function takerOf(harness: Awaited<ReturnType<typeof acceptedUpload>>) {
  harness.faults.stallNext('before', 'update').release();
  const stall = harness.faults.stallNext('before', 'update');
  const starting = harness.store.startProcessing(key, { ...lease, leaseOwner: 'taker' });
  await stall.reached;
  return () => {
    stall.release();
    return starting;
  };
}

t.test('fencing: what was finished between read and write is not processed again', async (t) => {
  const harness = await acceptedUpload();
  await harness.store.startProcessing(key, lease);
  harness.pass(lease.leaseSeconds);
  const goOn = await takerOf(harness);
  await harness.store.finish(key, 1);
  t.match(await goOn(), { applied: false, upload: { state: UploadState.processed, attempt: 1 } });
});

t.test('fencing: a lease that was renewed between read and write is not taken', async (t) => {
  const harness = await acceptedUpload();
  await harness.store.startProcessing(key, lease);
  harness.pass(lease.leaseSeconds);
  const goOn = await takerOf(harness);
  t.match(await harness.store.renewLease(key, { attempt: 1, leaseOwner: 'worker-1' }, 60), { applied: true });
  t.match(await goOn(), { applied: false, upload: { leaseOwner: 'worker-1', attempt: 1 } });
});

t.test('fencing: an attempt’s number is never given out twice', async (t) => {
  const harness = await acceptedUpload();
  await harness.store.startProcessing(key, lease);
  await harness.store.fail(key, 1, { failureReason: 'first' });
  const goOn = await takerOf(harness);
  await harness.store.startProcessing(key, { ...lease, leaseOwner: 'second' });
  await harness.store.fail(key, 2, { failureReason: 'second' });
  const taken = await goOn();
  t.not(taken.applied && taken.upload.attempt, 2);
});

t.test('a first attempt costs one write, and any other one two', async (t) => {
  const { store, faults, pass } = await acceptedUpload();
  const callsOf = async (work: () => Promise<unknown>) => {
    const before = faults.calls.length;
    await work();
    return faults.calls.slice(before).map(({ operation }) => operation);
  };
  t.strictSame(await callsOf(() => store.startProcessing(key, lease)), ['update']);
  t.strictSame(await callsOf(() => store.startProcessing(key, lease)), ['update'], 'the lease is held');
  pass(lease.leaseSeconds);
  t.strictSame(await callsOf(() => store.startProcessing(key, lease)), ['update', 'update']);
  t.strictSame(await callsOf(() => store.finish(key, 2)), ['update']);
  t.strictSame(await callsOf(() => store.startProcessing(key, lease)), ['update'], 'a redelivery');
  t.strictSame(await callsOf(() => store.finish(key, 2)), ['update'], 'refused, and the state is known');
  t.strictSame(await callsOf(() => store.startProcessing('uploads/none', lease)), ['update', 'get']);
});
