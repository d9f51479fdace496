// A million items and a million versions. None is ever held: bucket and table are made up page by page while the audit asks for them.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type ObjectListing,
  ObservedKind,
  type ObservedVersion,
  type StoredVersion,
  type Upload,
  type UploadRecord,
  type UploadRecords,
  UploadState,
} from '@upload-once/uploads';
import t from 'tap';
import { createAudit } from '../src/repair/index.ts';

/** Each has two items and two versions. */
const MANY = 500_000;
const SMALL = 10_000;
const PAGE = 1_000;
/**
 * One upload in so many has lost an event, each in its turn: the upload's own, the copy's, a duplicate's, and the copy's after a
 * second attempt at its processing, whose lease has run out.
 */
const LOST_EVERY = 10_000;
const LOST = ['upload', 'copy', 'duplicate', 'attempt'] as const;
const MIB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const at = new Date('2026-01-01T00:00:00.000Z');
const idOf = (number: number) => `file-${String(number).padStart(7, '0')}`;
const numberOf = (key: string) => Number(key.slice(-7));
const lostOf = (number: number) =>
  number % LOST_EVERY === 7 ? LOST[Math.floor(number / LOST_EVERY) % LOST.length] : undefined;

/** Every upload was processed and used a second time, the duplicate recorded; but for those whose event was lost. */
function uploadOf(number: number): Upload {
  const key = `uploads/${idOf(number)}`;
  const issued = {
    key,
    state: UploadState.issued,
    apiKeyId: 'key-1',
    issuedAt: at,
    expiresAt: at,
    constraints: { method: 'post', minBytes: 0, maxBytes: 100 } as const,
    metadata: {},
    traceparent: '',
    attempt: 0,
  };
  const lost = lostOf(number);
  if (lost === 'upload') return issued;
  const claimed = { versionId: `first-${number}`, eTag: 'e', sizeBytes: 5, storedAt: at, claimedAt: at };
  const accepted = { ...issued, claimed, acceptedVersionId: `copy-${number}`, acceptedAt: at };
  if (lost === 'copy') return { ...accepted, state: UploadState.accepted };
  return lost === 'attempt'
    ? { ...accepted, state: UploadState.processing, attempt: 2, leaseOwner: 'w', leaseExpiresAt: at }
    : { ...accepted, state: UploadState.processed, processedAt: at, attempt: 1 };
}

function versionsOf(prefix: string, number: number): StoredVersion[] {
  const version = (versionId: string) => ({
    key: prefix + idOf(number),
    versionId: `${versionId}-${number}`,
    eTag: 'e',
    sizeBytes: 5,
    storedAt: at,
  });
  if (lostOf(number) === 'upload') return prefix === 'uploads/' ? [version('first')] : [];
  return [prefix === 'uploads/' ? version('second') : version('copy')];
}

function duplicateOf(number: number): ObservedVersion | undefined {
  const [version] = versionsOf('uploads/', number);
  const lost = lostOf(number);
  if (!version || (lost && lost !== 'attempt')) return undefined;
  return { ...version, kind: ObservedKind.duplicate, recordedAt: at, reported: true };
}

/** @param watch called before each page */
function harness(uploads: number, watch: () => void): { listing: ObjectListing; records: UploadRecords } {
  async function* pages<T>(make: (number: number) => readonly T[]): AsyncIterable<T[]> {
    for (let from = 0; from < uploads; from += PAGE) {
      watch();
      yield Array.from({ length: PAGE }, (_, offset) => make(from + offset)).flat();
    }
  }
  return {
    listing: {
      pages: (prefix) => pages((number) => versionsOf(prefix, number)),
      now: async () => at,
    },
    records: {
      pages: () =>
        pages((number): UploadRecord[] => {
          const observedVersion = duplicateOf(number);
          return [{ upload: uploadOf(number) }, ...(observedVersion ? [{ observedVersion }] : [])];
        }),
      uploads: async (keys) => new Map(keys.map((key) => [key, uploadOf(numberOf(key))])),
      observedVersions: async (names) =>
        names.flatMap(({ key, kind }) =>
          kind === ObservedKind.duplicate && key.startsWith('uploads/')
            ? (duplicateOf(numberOf(key)) ?? [])
            : [],
        ),
      tallies: async () => new Map(),
      keepLonger: async () => undefined,
      repairs: async () => new Map(),
      recordRepair: async () => undefined,
      adopt: async () => false,
      forgetRepair: async () => undefined,
    },
  };
}

/** Audits so many uploads; the heap is measured at fifty places, each time behind a collection of garbage. */
async function audit(uploads: number) {
  let pages = 0;
  let peakBytes = 0;
  const everyPages = Math.ceil((3 * uploads) / PAGE / 50);
  const watch = () => {
    pages += 1;
    if (pages % everyPages !== 0) return;
    collectGarbage();
    peakBytes = Math.max(peakBytes, process.memoryUsage().heapUsed);
  };
  const { counts, findings } = createAudit({
    ...harness(uploads, watch),
    startedAt: new Date(at.getTime() + 3_600_000),
    olderThanSeconds: 900,
    recordRetentionSeconds: 30 * 86_400,
  });
  const found = new Map<string, number>();
  for await (const { kind, key, state } of findings()) {
    const number = numberOf(key);
    const place = `${kind} ${state} ${lostOf(number)}`;
    found.set(place, (found.get(place) ?? 0) + 1);
  }
  return { found, counts, peakBytes };
}

t.test(
  'a million items and versions take no more memory than twenty thousand, and none of the lost is missed',
  async (t) => {
    const baseline = await audit(SMALL);
    const startedMs = performance.now();
    const { found, counts, peakBytes } = await audit(MANY);
    const seconds = (performance.now() - startedMs) / 1000;
    const grownMib = (peakBytes - baseline.peakBytes) / MIB;
    t.comment(
      `${counts.items} items and ${counts.uploadedVersions + counts.acceptedVersions} versions in ${seconds.toFixed(1)} s; ` +
        `heap ${(peakBytes / MIB).toFixed(1)} MiB at its most, ${grownMib.toFixed(1)} more than for ${SMALL} uploads`,
    );

    const lostUploads = MANY / LOST_EVERY;
    const ofEach = (index: number) => Math.ceil((lostUploads - index) / LOST.length);
    t.strictSame(
      found,
      new Map([
        ['no-outcome ISSUED upload', ofEach(0)],
        ['no-outcome ACCEPTED copy', ofEach(1)],
        ['no-outcome PROCESSED duplicate', ofEach(2)],
        ['stuck ACCEPTED copy', ofEach(1)],
        ['stuck PROCESSING attempt', ofEach(3)],
      ]),
    );
    t.strictSame(counts, {
      uploadedVersions: MANY,
      acceptedVersions: MANY - ofEach(0),
      forgottenVersions: 0,
      items: 2 * MANY - lostUploads + ofEach(3),
      tooYoung: 0,
      tooYoungSince: undefined,
      leased: 0,
      leasedUntil: undefined,
    });
    t.ok(grownMib < 8, `the heap grew by ${grownMib.toFixed(1)} MiB`);
  },
);
