import { createFaultScript } from '@upload-once/table/testing';
import t from 'tap';
import { UploadState } from '../src/index.ts';
import { createMemoryObjectStore, createMemoryUploadStore, newUpload } from '../src/testing/index.ts';

const version = { versionId: 'v1', eTag: 'e', sizeBytes: 1, storedAt: new Date(0) };

async function issuedUpload() {
  const faults = createFaultScript();
  let serial = 0;
  const store = createMemoryUploadStore({
    now: () => new Date(0),
    newToken: () => `token-${++serial}`,
    recordRetentionSeconds: 60,
    faults,
  });
  const key = 'uploads/a';
  await store.issue(newUpload(key));
  return { faults, store, key };
}

t.test('a call that fails before it takes effect changes nothing', async (t) => {
  const { faults, store, key } = await issuedUpload();
  faults.failNext('before', 'update', new Error('throttled'));
  await t.rejects(store.claim(key, version), { message: 'throttled' });
  t.equal((await store.get(key))?.state, UploadState.issued);
  t.equal((await store.claim(key, version)).applied, true, 'the next one goes through');
});

t.test('a call that fails after it took effect has changed the item', async (t) => {
  const { faults, store, key } = await issuedUpload();
  faults.failNext('after', 'update', new Error('time-out'));
  await t.rejects(store.claim(key, version), { message: 'time-out' });
  t.equal((await store.get(key))?.state, UploadState.claimed);
});

t.test('stalled calls can be let go in another order than they came', async (t) => {
  const { faults, store, key } = await issuedUpload();
  const first = faults.stallNext('before', 'update');
  const second = faults.stallNext('before', 'update');
  const claims = [store.claim(key, version), store.claim(key, { ...version, versionId: 'v2' })];
  t.strictSame(await first.reached, { operation: 'update', key });
  await second.reached;
  second.release();
  t.equal((await claims[1])?.applied, true);
  first.release();
  t.match(await claims[0], { applied: false, upload: { claimed: { versionId: 'v2' } } });
});

t.test('a stalled call can end in a failure', async (t) => {
  const faults = createFaultScript();
  const objects = createMemoryObjectStore({ now: () => new Date(0), faults });
  const stall = faults.stallNext('after', 'copyIfAbsent');
  const { versionId } = objects.put('uploads/a', new Uint8Array(1));
  const order = {
    sourceKey: 'uploads/a',
    sourceVersionId: versionId,
    sourceSizeBytes: 1,
    targetKey: 'accepted/a',
  };
  const copy = objects.copyIfAbsent(order);
  await stall.reached;
  stall.release(new Error('connection reset'));
  await t.rejects(copy, { message: 'connection reset' });
  t.ok(await objects.head('accepted/a'), 'it had taken effect');
  t.strictSame(
    faults.calls.map((call) => call.operation),
    ['copyIfAbsent', 'head'],
  );
});
