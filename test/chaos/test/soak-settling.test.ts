import { createHash } from 'node:crypto';
import { acceptedKeyOf, ObservedKind } from '@upload-once/uploads';
import { createMemoryObjectStore, createMemoryUploadStore } from '@upload-once/uploads/testing';
import t, { type Test } from 'tap';
import { type Entry, PostOutcome } from '../src/soak/ledger.ts';
import { startSettling } from '../src/soak/settling.ts';

const now = () => new Date('2026-03-01T12:00:00Z');
const FIRST = Buffer.from('first');
const SECOND = Buffer.from('second');
const FOR_EVER = new AbortController().signal;

function startHarness(t: Test) {
  const objects = createMemoryObjectStore({ now });
  let token = 0;
  const uploads = createMemoryUploadStore({
    now,
    newToken: () => String(++token),
    recordRetentionSeconds: 1,
  });
  const settling = startSettling({ uploads, objects, listing: objects.listing });
  t.teardown(() => settling.stop());

  /** Two files sent with one form: the entry, and what services do about it. */
  async function upload(key: string) {
    await uploads.issue({
      key,
      apiKeyId: 'key-1',
      issuedAt: now(),
      expiresAt: now(),
      constraints: { method: 'post', minBytes: 0, maxBytes: 100 },
      metadata: {},
      traceparent: '',
    });
    const first = objects.put(key, FIRST);
    const second = objects.put(key, SECOND);
    const entry: Entry = {
      key,
      posts: [
        {
          ...hashes(FIRST),
          beganAtMs: 0,
          endedAtMs: 1,
          outcome: PostOutcome.stored,
          versionId: first.versionId,
        },
        {
          ...hashes(SECOND),
          beganAtMs: 2,
          endedAtMs: 3,
          outcome: PostOutcome.stored,
          versionId: second.versionId,
        },
      ],
      runs: [],
      acceptedSha256: undefined,
      isEvicted: false,
    };
    return {
      entry,
      async process(acceptedBytes = FIRST) {
        const copy = objects.put(acceptedKeyOf(key), acceptedBytes);
        await uploads.claim(key, first);
        await uploads.accept(key, { claimedVersionId: first.versionId, acceptedVersionId: copy.versionId });
        await objects.deleteVersion(key, first.versionId);
        const lease = { acceptedVersionId: copy.versionId, leaseOwner: 'one', leaseSeconds: 10 };
        await uploads.startProcessing(key, lease);
        await uploads.finish(key, 1);
        entry.runs.push({ attempt: 1, sizeBytes: FIRST.length, sha256: hashes(FIRST).sha256 });
      },
      async report() {
        await uploads.recordObservedVersion(key, ObservedKind.duplicate, second);
        await uploads.markReported(key, ObservedKind.duplicate, second.versionId);
      },
    };
  }
  return { objects, settling, upload };
}

t.test('an upload is followed until nothing is wrong with it, then it makes room', async (t) => {
  const { objects, settling, upload } = startHarness(t);
  const { entry, process, report } = await upload('uploads/a');
  settling.follow(entry);
  t.strictSame(settling.waiting, { uploads: 1, bytes: FIRST.length + SECOND.length });
  await process();
  await report();
  await settling.whenAtMost(0, 0, FOR_EVER);
  t.equal(settling.settled, 1);
  t.strictSame(settling.waiting, { uploads: 0, bytes: 0 });
  t.equal(entry.acceptedSha256, hashes(FIRST).sha256);
  t.equal(entry.isEvicted, true);
  t.strictSame(await objects.listVersions('accepted/a'), []);
  t.strictSame(await objects.listVersions('uploads/a'), []);
});

t.test('wrong bytes, and a duplicate on no record, are never taken for settled', async (t) => {
  const { settling, upload } = startHarness(t);
  const wrong = await upload('uploads/wrong');
  const unrecorded = await upload('uploads/unrecorded');
  const good = await upload('uploads/good');
  await Promise.all([wrong.process(SECOND), unrecorded.process(), good.process()]);
  await Promise.all([wrong.report(), good.report()]);
  for (const { entry } of [wrong, unrecorded, good]) settling.follow(entry);
  // A round that has looked at the last has looked at those before it.
  await settling.whenAtMost(2, 100, FOR_EVER);
  t.strictSame(
    [wrong, unrecorded, good].map(({ entry }) => entry.isEvicted),
    [false, false, true],
  );
  t.equal(settling.settled, 1);
});

t.test('who waits for room goes on when the soak is over', async (t) => {
  const { settling, upload } = startHarness(t);
  settling.follow((await upload('uploads/a')).entry);
  const over = new AbortController();
  const waiting = settling.whenAtMost(0, 0, over.signal);
  over.abort();
  await waiting;
  t.equal(settling.waiting.uploads, 1);
});

function hashes(bytes: Uint8Array) {
  const hash = (algorithm: string) => createHash(algorithm).update(bytes).digest('hex');
  return { sizeBytes: bytes.length, sha256: hash('sha256'), md5: hash('md5') };
}
