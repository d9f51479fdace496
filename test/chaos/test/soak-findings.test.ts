import { ObservedKind, type ObservedVersion, UploadState } from '@upload-once/uploads';
import t from 'tap';
import { type Found, findingsOf } from '../src/soak/findings.ts';
import { type Entry, type Post, PostOutcome } from '../src/soak/ledger.ts';

const KEY = 'uploads/reading-20260301_120000-a';
const first: Post = {
  sizeBytes: 3,
  sha256: 'sha-of-first',
  md5: 'md5-of-first',
  beganAtMs: 0,
  endedAtMs: 10,
  outcome: PostOutcome.stored,
  versionId: 'v1',
};
const second: Post = {
  sizeBytes: 4,
  sha256: 'sha-of-second',
  md5: 'md5-of-second',
  beganAtMs: 20,
  endedAtMs: 30,
  outcome: PostOutcome.stored,
  versionId: 'v2',
};
const lostAnswer: Post = { ...second, outcome: PostOutcome.unknown, versionId: undefined };

function entryOf(...posts: Post[]): Entry {
  const runs = [{ attempt: 1, sizeBytes: 3, sha256: 'sha-of-first' }];
  return { key: KEY, posts, runs, acceptedSha256: 'sha-of-first', isEvicted: false };
}

const claimed = {
  versionId: 'v1',
  eTag: 'md5-of-first',
  sizeBytes: 3,
  storedAt: new Date(1_000),
  claimedAt: new Date(1_100),
};
const duplicate: ObservedVersion = {
  key: KEY,
  kind: ObservedKind.duplicate,
  versionId: 'v2',
  eTag: 'md5-of-second',
  sizeBytes: 4,
  storedAt: new Date(2_000),
  recordedAt: new Date(2_100),
  reported: true,
};

/** As it has to be after two files were sent. */
const good: Found = {
  upload: { state: UploadState.processed, claimed, acceptedVersionId: 'a1', attempt: 1 },
  observedVersions: [duplicate],
  acceptedVersionIds: ['a1'],
  uploadVersionIds: ['v2'],
};
const one: Found = { ...good, observedVersions: [], uploadVersionIds: [] };
const issued: Found = {
  upload: { state: UploadState.issued, attempt: 0 },
  observedVersions: [],
  acceptedVersionIds: [],
  uploadVersionIds: [],
};

t.test('nothing is found where everything is as it should be', async (t) => {
  t.strictSame(findingsOf(entryOf(first, second), good), []);
  t.strictSame(findingsOf(entryOf(first), one), []);
  const unused = { ...first, outcome: PostOutcome.refused, versionId: undefined };
  t.strictSame(findingsOf({ ...entryOf(unused), runs: [] }, issued), [], 'a form that was refused');
  const evicted = { ...entryOf(first, second), isEvicted: true };
  t.strictSame(findingsOf(evicted, { ...good, acceptedVersionIds: [], uploadVersionIds: [] }), []);
});

t.test('a lost response allows both outcomes', async (t) => {
  t.strictSame(findingsOf(entryOf(first, lostAnswer), one), [], 'it was not stored');
  t.strictSame(findingsOf(entryOf(first, lostAnswer), good), [], 'it was stored');
  const alone = { ...first, outcome: PostOutcome.unknown, versionId: undefined };
  t.strictSame(findingsOf(entryOf(alone), one), [], 'it was stored, and accepted');
  t.strictSame(findingsOf({ ...entryOf(alone), runs: [] }, issued), [], 'it was not stored');
  // It may be the oldest as well: the time at which it took effect is unknown.
  const swapped: Found = {
    ...good,
    upload: {
      state: UploadState.processed,
      claimed: { ...claimed, ...version(second) },
      acceptedVersionId: 'a1',
      attempt: 1,
    },
    observedVersions: [{ ...duplicate, ...version(first) }],
    uploadVersionIds: ['v1'],
  };
  const early = { ...first, outcome: PostOutcome.unknown, versionId: undefined };
  const entry = { ...entryOf(early, second), acceptedSha256: 'sha-of-second' };
  const runs = [{ attempt: 1, sizeBytes: 4, sha256: 'sha-of-second' }];
  t.strictSame(findingsOf({ ...entry, runs }, swapped), []);
});

const bad: Readonly<Record<string, { entry?: Entry; found: Found; promise: string; says: RegExp }>> = {
  'an upload that is on no record': {
    found: { ...good, upload: undefined },
    promise: 'P6',
    says: /no upload is on record/,
  },
  'a lost upload': {
    entry: { ...entryOf(first), runs: [] },
    found: issued,
    promise: 'P3',
    says: /v1 was stored, and is neither accepted nor on record/,
  },
  'an upload that is not processed to its end': {
    entry: entryOf(first),
    found: {
      ...one,
      upload: { state: UploadState.processing, claimed, acceptedVersionId: 'a1', attempt: 1 },
    },
    promise: 'P3',
    says: /it is PROCESSING, not PROCESSED/,
  },
  'an upload that no handler has seen': {
    entry: { ...entryOf(first), runs: [] },
    found: one,
    promise: 'P3',
    says: /no handler has finished/,
  },
  'one that was accepted twice': {
    found: { ...good, acceptedVersionIds: ['a1', 'a2'] },
    promise: 'P1',
    says: /a1, a2 lies under accepted\/, where a1 should/,
  },
  'an accepted object that came back after it was removed': {
    entry: { ...entryOf(first, second), isEvicted: true },
    found: { ...good, uploadVersionIds: [] },
    promise: 'P1',
    says: /a1 lies under accepted\/, where nothing should/,
  },
  'one whose accepted object is gone': {
    found: { ...good, acceptedVersionIds: [] },
    promise: 'P1',
    says: /nothing lies under accepted\//,
  },
  'wrong bytes under accepted/': {
    entry: { ...entryOf(first, second), acceptedSha256: 'sha-of-second' },
    found: good,
    promise: 'P2',
    says: /its bytes have SHA-256 sha-of-second/,
  },
  'wrong bytes in the hands of a handler': {
    entry: { ...entryOf(first, second), runs: [{ attempt: 1, sizeBytes: 4, sha256: 'sha-of-second' }] },
    found: good,
    promise: 'P2',
    says: /attempt 1 was handed bytes/,
  },
  'two handlers in one attempt': {
    entry: { ...entryOf(first, second), runs: Array(2).fill(entryOf(first).runs[0]) },
    found: good,
    promise: 'P3',
    says: /two handlers finished/,
  },
  'a duplicate that is not on record': {
    found: { ...good, observedVersions: [] },
    promise: 'P4',
    says: /v2 lies in uploads\//,
  },
  'a duplicate that is neither on record nor in the bucket': {
    found: { ...good, observedVersions: [], uploadVersionIds: [] },
    promise: 'P3',
    says: /v2 was stored, and is neither/,
  },
  'a duplicate that is on record twice': {
    found: { ...good, observedVersions: [duplicate, duplicate] },
    promise: 'P4',
    says: /on record twice: v1,v2,v2/,
  },
  'a redelivery that was taken for a duplicate': {
    found: { ...good, observedVersions: [duplicate, { ...duplicate, ...version(first) }] },
    promise: 'P4',
    says: /on record twice: v1,v2,v1/,
  },
  'a duplicate recorded as an orphan': {
    found: { ...good, observedVersions: [{ ...duplicate, kind: ObservedKind.orphan }] },
    promise: 'P4',
    says: /recorded as orphan/,
  },
  'a duplicate that was not reported': {
    found: { ...good, observedVersions: [{ ...duplicate, reported: false }] },
    promise: 'P4',
    says: /not reported/,
  },
  'a version that no client sent': {
    entry: entryOf(first),
    found: good,
    promise: 'P5',
    says: /v2 is on record, which no client has sent/,
  },
  'a version that was refused': {
    entry: entryOf(first, { ...second, outcome: PostOutcome.refused, versionId: undefined }),
    found: good,
    promise: 'P5',
    says: /v2 is on record, which no client has sent/,
  },
  'a claimed version that was left': {
    found: { ...good, uploadVersionIds: ['v1', 'v2'] },
    promise: 'P3',
    says: /v1 is accepted, but was not removed/,
  },
  'the later of two accepted, by the client’s clock': {
    entry: { ...entryOf(second, { ...first, beganAtMs: 40, endedAtMs: 50 }) },
    found: good,
    promise: 'P1',
    says: /v1 is claimed, which began after v2 had been answered/,
  },
  'the later of two accepted, by S3’s clock': {
    found: { ...good, observedVersions: [{ ...duplicate, storedAt: new Date(900) }] },
    promise: 'P1',
    says: /v2 is kept apart, which is older/,
  },
  'something accepted where nothing was claimed': {
    entry: { ...entryOf({ ...first, outcome: PostOutcome.unknown, versionId: undefined }), runs: [] },
    found: { ...issued, acceptedVersionIds: ['a1'] },
    promise: 'P5',
    says: /something was accepted/,
  },
};

for (const [name, { entry = entryOf(first, second), found, promise, says }] of Object.entries(bad)) {
  t.test(`${promise}: ${name} is found`, async (t) => {
    const findings = findingsOf(entry, found);
    t.ok(
      findings.some((finding) => finding.startsWith(`${promise}: `) && says.test(finding)),
      findings.join('\n') || 'nothing was found',
    );
  });
}

function version(post: Post) {
  return { versionId: post === first ? 'v1' : 'v2', eTag: post.md5, sizeBytes: post.sizeBytes };
}
