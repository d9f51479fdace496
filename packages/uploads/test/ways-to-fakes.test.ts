import { createFaultScript, type Faults } from '@upload-once/table/testing';
import t from 'tap';
import { type Item, UploadState } from '../src/index.ts';
import {
  type BucketChange,
  createMemoryObjectStore,
  createMemoryUploadStore,
  newUpload,
} from '../src/testing/index.ts';

const key = 'uploads/a';
const version = { versionId: 'v1', eTag: 'e', sizeBytes: 1, storedAt: new Date(0) };

/** The client's own retry: the first attempt's response is lost, the second's is given. */
const retried: Faults = {
  async carry(_call, act) {
    act();
    return act();
  },
};

function createTable(stream?: (item: Item) => void) {
  let serial = 0;
  return createMemoryUploadStore({
    now: () => new Date(0),
    newToken: () => `token-${++serial}`,
    recordRetentionSeconds: 60,
    ...(stream && { stream }),
  });
}

async function issuedUpload(stream?: (item: Item) => void) {
  const store = createTable(stream);
  await store.issue(newUpload(key));
  return store;
}

const copyOf = (sourceVersionId: string) => ({
  sourceKey: key,
  sourceVersionId,
  sourceSizeBytes: 1,
  targetKey: 'accepted/a',
});

t.test('two callers of one table see the same items, and each its own faults', async (t) => {
  const store = await issuedUpload();
  const faults = createFaultScript();
  faults.failNext('before', 'get', new Error('throttled'));
  const other = store.over(faults);
  t.equal((await store.claim(key, version)).applied, true);
  await t.rejects(other.get(key), { message: 'throttled' });
  t.equal((await other.get(key))?.state, UploadState.claimed);
});

t.test('a write that the client itself has repeated is known by its token', async (t) => {
  const store = await issuedUpload();
  t.match(await store.over(retried).claim(key, version), {
    applied: true,
    upload: { claimed: { versionId: 'v1' } },
  });
  t.equal((await store.over(retried).claim(key, version)).applied, false, 'another call is no retry of it');
});

t.test('a copy that the client itself has repeated finds its own copy', async (t) => {
  const objects = createMemoryObjectStore({ now: () => new Date(0) });
  const { versionId } = objects.put(key, new Uint8Array(1));
  t.strictSame(await objects.over(retried).copyIfAbsent(copyOf(versionId)), { outcome: 'target-exists' });
  t.equal((await objects.listVersions('accepted/a')).length, 1);
});

t.test('an attempt that lands late takes effect then', async (t) => {
  const objects = createMemoryObjectStore({ now: () => new Date(0) });
  const { versionId } = objects.put(key, new Uint8Array(1));
  let land: () => void = () => t.fail('nothing was sent');
  const slow = objects.over({
    async carry(_call, act) {
      land = act;
      throw new Error('time-out');
    },
  });
  await t.rejects(slow.deleteVersions([{ key, versionId }]), { message: 'time-out' });
  t.equal((await objects.listVersions(key)).length, 1);
  land();
  t.strictSame(await objects.listVersions(key), []);
});

t.test('the way knows the signal with which a call can be broken off', async (t) => {
  const faults = createFaultScript();
  const objects = createMemoryObjectStore({ now: () => new Date(0), faults });
  const { versionId } = objects.put(key, new Uint8Array(1));
  const abort = new AbortController();
  const stall = faults.stallNext('before', 'copyIfAbsent');
  const copying = objects.copyIfAbsent(copyOf(versionId), abort.signal);
  t.equal((await stall.reached).signal, abort.signal);
  abort.abort(new Error('stop'));
  stall.release();
  await t.rejects(copying, { message: 'stop' });
  t.equal(await objects.head('accepted/a'), undefined, 'it did not take effect');
});

t.test('the bucket reports what is stored and what is removed', async (t) => {
  const told: BucketChange[] = [];
  const objects = createMemoryObjectStore({ now: () => new Date(0), notify: (change) => told.push(change) });
  const { versionId } = objects.put(key, new Uint8Array(1));
  await objects.copyIfAbsent(copyOf(versionId));
  await objects.copyIfAbsent(copyOf(versionId));
  await objects.deleteVersion(key, versionId);
  await objects.deleteVersion(key, versionId);
  objects.putDeleteMarker(key);
  t.strictSame(
    told.map((change) => `${change.what} ${change.key}`),
    [`stored ${key}`, 'stored accepted/a', `removed ${key}`],
    'once each; what changed nothing is not reported',
  );
});

t.test('the table reports every item as a write left it', async (t) => {
  const told: Item[] = [];
  const store = await issuedUpload((item) => told.push(item));
  await store.claim(key, version);
  await store.claim(key, version);
  await store.recordObservedVersion(key, 'duplicate', { ...version, versionId: 'v2' });
  await store.markReported(key, 'duplicate', 'v2');
  t.match(told, [
    { item: 'upload', state: UploadState.issued },
    { item: 'upload', state: UploadState.claimed, versionId: 'v1' },
    { item: 'duplicate#v2', reported: false },
    { item: 'duplicate#v2', reported: true },
  ]);
  t.equal(told.length, 4, 'what changed nothing is not told');
});
