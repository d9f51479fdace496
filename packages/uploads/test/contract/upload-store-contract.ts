import type { Test } from 'tap';
import { type NewUpload, ObservedKind, UploadState, type UploadStore } from '../../src/index.ts';
import { newUpload } from '../../src/testing/index.ts';

export interface StoreUnderTest {
  readonly store: UploadStore;
  /** The store's clock, which only the test moves. */
  readonly clock: { now: Date };
}

const holder = { attempt: 1, leaseOwner: 'worker-1' };
const lease = { acceptedVersionId: 'copy-1', leaseOwner: 'worker-1', leaseSeconds: 60 };
const acceptance = { claimedVersionId: 'v1', acceptedVersionId: 'copy-1' };
const version = { versionId: 'v1', eTag: 'e1', sizeBytes: 5, storedAt: new Date('2026-01-01T00:00:01.234Z') };

/** What every upload store promises, whatever it stands on. */
export function uploadStoreContract(t: Test, open: (t: Test) => Promise<StoreUnderTest>): void {
  let serial = 0;

  function nextUpload(changes: Partial<NewUpload> = {}): NewUpload {
    serial += 1;
    const metadata = { customer: 'Müller & Söhne' };
    return newUpload(`uploads/Zähler 1+1 100%-20260101_000000-${serial}`, { metadata, ...changes });
  }

  async function issued(store: UploadStore): Promise<string> {
    const upload = nextUpload();
    await store.issue(upload);
    return upload.key;
  }

  async function claimed(store: UploadStore): Promise<string> {
    const key = await issued(store);
    await store.claim(key, version);
    return key;
  }

  async function accepted(store: UploadStore): Promise<string> {
    const key = await claimed(store);
    await store.accept(key, acceptance);
    return key;
  }

  async function processing(store: UploadStore): Promise<string> {
    const key = await accepted(store);
    await store.startProcessing(key, lease);
    return key;
  }

  t.test('an issued upload reads back as it was given', async (t) => {
    const { store } = await open(t);
    const upload = nextUpload();
    await store.issue(upload);
    t.strictSame(await store.get(upload.key), { ...upload, state: UploadState.issued, attempt: 0 });
    t.equal(await store.get('uploads/none'), undefined);
  });

  t.test('metadata keeps any name, also one that every object has', async (t) => {
    const { store } = await open(t);
    // An object whose prototype was set by such a name would be none that JSON can say.
    const names = Object.getOwnPropertyNames(Object.prototype).filter((name) => name !== '__proto__');
    for (const name of names) {
      const upload = nextUpload({ metadata: { [name]: 'x', customer: '7' } });
      await store.issue(upload);
      const found = await store.get(upload.key);
      t.strictSame(
        new Map(Object.entries(found?.metadata ?? {})),
        new Map(Object.entries(upload.metadata)),
        name,
      );
    }
  });

  t.test('what comes before the write is done when the write is ready, and once', async (t) => {
    const { store } = await open(t);
    const done: string[] = [];
    const before = async () => void done.push('before');
    const unwritable = nextUpload({ metadata: { customer: Symbol('x') as unknown as string } });
    await t.rejects(store.issue(unwritable, before));
    t.strictSame(done, [], 'what can’t be written never gets there');
    const upload = nextUpload();
    const refused = async () => {
      throw new RangeError('no more');
    };
    await t.rejects(store.issue(upload, refused), { message: 'no more' });
    t.equal(await store.get(upload.key), undefined, 'and nothing is written where it fails');
    await store.issue(upload, before);
    t.strictSame(done, ['before']);
    t.match(await store.get(upload.key), { state: UploadState.issued });
  });

  t.test('a key is issued once', async (t) => {
    const { store } = await open(t);
    const upload = nextUpload();
    await store.issue(upload);
    await t.rejects(store.issue({ ...upload, apiKeyId: 'key-2' }), {
      code: 'UploadAlreadyIssued',
      message: `${upload.key} was issued before`,
    });
    t.equal((await store.get(upload.key))?.apiKeyId, 'key-1');
  });

  t.test('of many claims at once exactly one is applied, and all see its version', async (t) => {
    const { store } = await open(t);
    const key = await issued(store);
    const versions = Array.from({ length: 8 }, (_, at) => ({ ...version, versionId: `v${at}` }));
    const outcomes = await Promise.all(versions.map((each) => store.claim(key, each)));
    const winners = outcomes.filter((outcome) => outcome.applied);
    t.equal(winners.length, 1);
    const won = winners[0]?.upload?.claimed?.versionId;
    t.strictSame(new Set(outcomes.map((outcome) => outcome.upload?.claimed?.versionId)), new Set([won]));
  });

  t.test('a claim keeps the version and the moment', async (t) => {
    const { store, clock } = await open(t);
    const key = await claimed(store);
    const upload = await store.get(key);
    t.equal(upload?.state, UploadState.claimed);
    t.strictSame(upload?.claimed, { ...version, claimedAt: clock.now });
  });

  t.test('a transition on a key that was never issued changes nothing', async (t) => {
    const { store } = await open(t);
    const key = 'uploads/never-issued';
    const outcomes = [
      await store.claim(key, version),
      await store.accept(key, acceptance),
      await store.revoke(key),
      await store.startProcessing(key, lease),
      await store.finish(key, 1),
    ];
    for (const outcome of outcomes) t.strictSame(outcome, { applied: false, upload: undefined });
    await store.markReported(key, ObservedKind.orphan, 'v1');
    t.equal(await store.get(key), undefined);
    t.strictSame(await store.listObservedVersions(key), []);
  });

  t.test('the end of an upload is changed while it is ISSUED, and ends as it was read', async (t) => {
    const { store } = await open(t);
    const upload = nextUpload({ signatureSeconds: 60 });
    await store.issue(upload);
    const later = new Date('2026-01-20T00:00:00.000Z');
    t.match(await store.changeExpiry(upload, later), { applied: true, upload: { expiresAt: later } });
    t.strictSame(await store.get(upload.key), {
      ...upload,
      expiresAt: later,
      state: UploadState.issued,
      attempt: 0,
    });
    t.match(await store.changeExpiry(upload, new Date(0)), { applied: false, upload: { expiresAt: later } });
    await store.claim(upload.key, version);
    t.match(await store.changeExpiry({ ...upload, expiresAt: later }, upload.expiresAt), {
      applied: false,
      upload: { state: UploadState.claimed, expiresAt: later },
    });
    t.strictSame(await store.changeExpiry({ ...upload, key: 'uploads/none' }, later), {
      applied: false,
      upload: undefined,
    });
  });

  t.test('only ISSUED can be claimed or revoked', async (t) => {
    const { store } = await open(t);
    const revoked = await issued(store);
    t.equal((await store.revoke(revoked)).applied, true);
    t.match(await store.claim(revoked, version), { applied: false, upload: { state: UploadState.revoked } });
    const taken = await claimed(store);
    t.match(await store.revoke(taken), { applied: false, upload: { state: UploadState.claimed } });
    t.match(await store.claim(taken, { ...version, versionId: 'v2' }), {
      applied: false,
      upload: { claimed: { versionId: 'v1' } },
    });
  });

  t.test('acceptedVersionId is set once', async (t) => {
    const { store } = await open(t);
    const key = await claimed(store);
    t.match(await store.accept(key, acceptance), {
      applied: true,
      upload: { state: UploadState.accepted, acceptedVersionId: 'copy-1' },
    });
    const second = { ...acceptance, acceptedVersionId: 'copy-2' };
    t.match(await store.accept(key, second), { applied: false, upload: { acceptedVersionId: 'copy-1' } });
    await store.startProcessing(key, lease);
    t.match(await store.accept(key, second), {
      applied: false,
      upload: { state: UploadState.processing, acceptedVersionId: 'copy-1' },
    });
  });

  t.test('the name of the accepted file is set with it', async (t) => {
    const { store } = await open(t);
    const key = await claimed(store);
    t.match(await store.accept(key, { ...acceptance, filename: 'Zähler.pdf' }), {
      applied: true,
      upload: { filename: 'Zähler.pdf' },
    });
    t.match(await store.accept(key, { ...acceptance, filename: 'other.pdf' }), { applied: false });
    t.equal((await store.get(key))?.filename, 'Zähler.pdf');
  });

  t.test('P1: a copy is accepted only for the claim that it was made for', async (t) => {
    const { store } = await open(t);
    const key = await claimed(store);
    t.match(await store.accept(key, { ...acceptance, claimedVersionId: 'v2' }), {
      applied: false,
      upload: { state: UploadState.claimed, claimed: { versionId: 'v1' }, acceptedVersionId: undefined },
    });
  });

  t.test('an ISSUED or REVOKED upload is not processed', async (t) => {
    const { store } = await open(t);
    const key = await issued(store);
    t.match(await store.startProcessing(key, lease), {
      applied: false,
      upload: { state: UploadState.issued },
    });
    await store.revoke(key);
    t.match(await store.startProcessing(key, lease), {
      applied: false,
      upload: { state: UploadState.revoked },
    });
  });

  t.test('processing starts only for the version that was accepted', async (t) => {
    const { store } = await open(t);
    const key = await claimed(store);
    await store.accept(key, acceptance);
    const other = { ...lease, acceptedVersionId: 'copy-2' };
    t.match(await store.startProcessing(key, other), {
      applied: false,
      upload: { state: UploadState.accepted, acceptedVersionId: 'copy-1', attempt: 0 },
    });
    t.match(await store.startProcessing(key, lease), {
      applied: true,
      upload: { attempt: 1 },
      lastLeaseRanOut: false,
    });
  });

  t.test('P2, P5: from CLAIMED no processing starts, whatever lies under accepted/', async (t) => {
    const { store } = await open(t);
    const key = await claimed(store);
    t.match(await store.startProcessing(key, lease), {
      applied: false,
      upload: { state: UploadState.claimed, attempt: 0 },
    });
  });

  t.test('of many that want the lease at once exactly one gets it', async (t) => {
    const { store } = await open(t);
    const key = await accepted(store);
    const owners = Array.from({ length: 8 }, (_, at) => ({ ...lease, leaseOwner: `worker-${at}` }));
    const outcomes = await Promise.all(owners.map((each) => store.startProcessing(key, each)));
    t.equal(outcomes.filter((outcome) => outcome.applied).length, 1);
    t.equal((await store.get(key))?.attempt, 1);
  });

  t.test('a lease is held until it ends, and prolonged by its holder alone', async (t) => {
    const { store, clock } = await open(t);
    const key = await processing(store);
    const start = clock.now;
    const next = { ...lease, leaseOwner: 'worker-2' };

    clock.now = new Date(start.getTime() + 59_999);
    t.equal((await store.startProcessing(key, next)).applied, false, 'one millisecond too early');
    t.equal((await store.renewLease(key, holder, 60)).applied, true);
    t.strictSame((await store.get(key))?.leaseExpiresAt, new Date(start.getTime() + 119_999));

    clock.now = new Date(start.getTime() + 119_998);
    t.equal((await store.startProcessing(key, next)).applied, false, 'it was prolonged');
    clock.now = new Date(start.getTime() + 119_999);
    t.match(await store.startProcessing(key, next), {
      applied: true,
      upload: { attempt: 2 },
      lastLeaseRanOut: true,
    });
    t.equal((await store.renewLease(key, holder, 60)).applied, false, 'the first holder has lost it');
  });

  t.test('who asks before a takeover can leave it, and nothing is written', async (t) => {
    const { store, clock } = await open(t);
    const key = await processing(store);
    const before = await store.get(key);
    const next = { ...lease, leaseOwner: 'worker-2' };
    const refuse = () => {
      throw new Error('no place');
    };
    t.equal((await store.startProcessing(key, next, refuse)).applied, false, 'the lease is held');
    clock.now = new Date(clock.now.getTime() + 60_000);
    await t.rejects(store.startProcessing(key, next, refuse), { message: 'no place' });
    t.strictSame(await store.get(key), before);
    await store.releaseLease(key, 1);
    t.equal((await store.startProcessing(key, next, refuse)).applied, true, 'it was given up');
  });

  t.test('a lease is never shortened', async (t) => {
    const { store, clock } = await open(t);
    const key = await processing(store);
    t.equal((await store.renewLease(key, holder, 10)).applied, false);
    t.strictSame((await store.get(key))?.leaseExpiresAt, new Date(clock.now.getTime() + 60_000));
  });

  t.test('a released lease can be taken at once', async (t) => {
    const { store } = await open(t);
    const key = await processing(store);
    t.equal((await store.releaseLease(key, 1)).applied, true);
    t.equal(
      (await store.renewLease(key, holder, 600)).applied,
      false,
      'a late renewal does not bring it back',
    );
    t.match(await store.startProcessing(key, { ...lease, leaseOwner: 'worker-2' }), {
      applied: true,
      upload: { attempt: 2, leaseOwner: 'worker-2' },
      lastLeaseRanOut: false,
    });
    t.equal((await store.releaseLease(key, 1)).applied, false, 'only by its holder');
  });

  t.test('a released lease can be taken at once by a worker whose clock is behind as well', async (t) => {
    const { store, clock } = await open(t);
    const key = await processing(store);
    await store.releaseLease(key, 1);
    clock.now = new Date(clock.now.getTime() - 5_000);
    t.match(await store.startProcessing(key, { ...lease, leaseOwner: 'worker-2' }), {
      applied: true,
      upload: { attempt: 2, leaseOwner: 'worker-2' },
    });
    t.equal(
      (await store.startProcessing(key, { ...lease, leaseOwner: 'worker-3' })).applied,
      false,
      'the new one is held',
    );
  });

  t.test('fencing: who was taken over can neither finish nor fail', async (t) => {
    const { store, clock } = await open(t);
    const key = await processing(store);
    clock.now = new Date(clock.now.getTime() + 60_000);
    await store.startProcessing(key, { ...lease, leaseOwner: 'worker-2' });
    t.equal((await store.finish(key, 1)).applied, false);
    t.equal((await store.fail(key, 1, { failureReason: 'late' })).applied, false);
    t.match(await store.finish(key, 2), { applied: true, upload: { state: UploadState.processed } });
    t.strictSame((await store.get(key))?.processedAt, clock.now);
  });

  t.test('PROCESSED is the end', async (t) => {
    const { store, clock } = await open(t);
    const key = await processing(store);
    await store.finish(key, 1);
    clock.now = new Date(clock.now.getTime() + 3_600_000);
    t.equal((await store.startProcessing(key, lease)).applied, false);
    t.equal((await store.fail(key, 1, { failureReason: 'no' })).applied, false);
    t.equal((await store.finish(key, 1)).applied, false);
    t.equal((await store.get(key))?.state, UploadState.processed);
  });

  t.test('FAILED keeps its time and the reasons, and can be started again', async (t) => {
    const { store, clock } = await open(t);
    const key = await processing(store);
    const reasons = { failureReason: 'disk full', clientFailureReason: 'Send it again tomorrow' };
    const failed = await store.fail(key, 1, reasons);
    t.match(failed, { applied: true, upload: { state: UploadState.failed, ...reasons } });
    t.strictSame(failed.upload?.failedAt, clock.now);
    t.match(await store.startProcessing(key, lease), {
      applied: true,
      upload: { state: UploadState.processing, attempt: 2 },
    });
  });

  t.test('a later failure does not keep the words of an earlier one', async (t) => {
    const { store, clock } = await open(t);
    const key = await processing(store);
    await store.fail(key, 1, { failureReason: 'first', clientFailureReason: 'No table' });
    await store.startProcessing(key, lease);
    clock.now = new Date(clock.now.getTime() + 1_000);
    const failed = await store.fail(key, 2, { failureReason: 'second' });
    t.match(failed, { upload: { failureReason: 'second', clientFailureReason: undefined } });
    t.strictSame(failed.upload?.failedAt, clock.now);
  });

  t.test('a version is recorded once per kind, and reported once', async (t) => {
    const { store, clock } = await open(t);
    const key = await claimed(store);
    const second = { ...version, versionId: 'v2' };
    const first = await store.recordObservedVersion(key, ObservedKind.duplicate, second);
    t.strictSame(first, { ...second, key, kind: 'duplicate', recordedAt: clock.now, reported: false });
    clock.now = new Date(clock.now.getTime() + 1000);
    t.strictSame(
      await store.recordObservedVersion(key, ObservedKind.duplicate, second),
      first,
      'a redelivery',
    );
    await store.markReported(key, ObservedKind.duplicate, 'v2');
    t.strictSame(await store.recordObservedVersion(key, ObservedKind.duplicate, second), {
      ...first,
      reported: true,
    });
    await store.recordObservedVersion(key, ObservedKind.duplicate, { ...version, versionId: 'v3' });
    const found = await store.listObservedVersions(key);
    t.strictSame(
      found.map((each) => [each.kind, each.versionId, each.reported]),
      [
        ['duplicate', 'v2', true],
        ['duplicate', 'v3', false],
      ],
    );
  });

  t.test('whether a version is on record as something can be asked', async (t) => {
    const { store } = await open(t);
    const key = await claimed(store);
    await store.recordObservedVersion(key, ObservedKind.orphan, version);
    t.equal(await store.isObserved(key, ObservedKind.orphan, 'v1'), true);
    t.equal(await store.isObserved(key, ObservedKind.duplicate, 'v1'), false, 'not as something else');
    t.equal(await store.isObserved(key, ObservedKind.orphan, 'v2'), false);
    t.equal(await store.isObserved(`${key}x`, ObservedKind.orphan, 'v1'), false);
  });

  t.test('an upload is read together with all that was recorded under its key', async (t) => {
    const { store } = await open(t);
    const key = await claimed(store);
    const alone = { upload: await store.get(key), observedVersions: [], tallies: [] };
    t.strictSame(await store.getWithObservedVersions(key, 10), alone);
    await store.recordObservedVersion(key, ObservedKind.duplicate, { ...version, versionId: 'v2' });
    await store.recordObservedVersion(`${key}x`, ObservedKind.duplicate, { ...version, versionId: 'v3' });
    t.match(await store.getWithObservedVersions(key, 10), {
      upload: { key, state: UploadState.claimed },
      observedVersions: [{ key, kind: 'duplicate', versionId: 'v2' }],
    });
    t.equal((await store.getWithObservedVersions(key, 10))?.observedVersions.length, 1);
    await store.recordObservedVersion('uploads/orphan', ObservedKind.orphan, version);
    t.equal(
      await store.getWithObservedVersions('uploads/orphan', 10),
      undefined,
      'an orphan alone is no upload',
    );
    t.equal(await store.getWithObservedVersions('uploads/none', 10), undefined);
  });

  t.test('of what was recorded under a key no more is read than was asked for', async (t) => {
    const { store } = await open(t);
    const key = await claimed(store);
    for (const versionId of ['v2', 'v3', 'v4'])
      await store.recordObservedVersion(key, ObservedKind.duplicate, { ...version, versionId });
    const idsOf = async (most: number) =>
      (await store.getWithObservedVersions(key, most))?.observedVersions.map(({ versionId }) => versionId);
    t.strictSame(await idsOf(3), ['v2', 'v3', 'v4']);
    t.strictSame(await idsOf(2), ['v3', 'v4']);
    t.match(await store.getWithObservedVersions(key, 0), { upload: { key }, observedVersions: [] });
  });

  t.test('the first versions of a kind get a place, and keep it', async (t) => {
    const { store } = await open(t);
    const key = await claimed(store);
    const reserve = async (versionId: string, limit = 2) =>
      (await store.reserveEvidence(key, ObservedKind.duplicate, versionId, limit)).isKept;
    t.equal(await store.getTally(key, ObservedKind.duplicate), undefined);
    t.strictSame([await reserve('v2'), await reserve('v3'), await reserve('v4')], [true, true, false]);
    t.strictSame([await reserve('v2'), await reserve('v3')], [true, true], 'again');
    t.equal(await reserve('v3', 1), true, 'under a lower limit too');
    t.equal(await reserve('v4', 3), true, 'a higher limit has room as long as nothing was counted');
    const refused = await store.reserveEvidence(key, ObservedKind.refused, 'v5', 2);
    t.strictSame(
      [refused.isKept, [...refused.tally.keptVersionIds]],
      [true, ['v5']],
      'each kind has its own',
    );
    t.match(await store.getTally(key, ObservedKind.duplicate), {
      key,
      kind: 'duplicate',
      keptVersionIds: new Set(['v2', 'v3', 'v4']),
      surplus: 0,
      surplusReported: 0,
    });
    t.strictSame(await store.listObservedVersions(key), [], 'a place is no record');
  });

  t.test('P4: of many versions at once exactly as many get a place as there are', async (t) => {
    const { store } = await open(t);
    const key = await claimed(store);
    const ids = Array.from({ length: 12 }, (_, at) => `v${at}`);
    const kept = await Promise.all(
      [...ids, ...ids].map(async (versionId) => {
        const { isKept } = await store.reserveEvidence(key, ObservedKind.duplicate, versionId, 5);
        return isKept ? versionId : undefined;
      }),
    );
    const places = (await store.getTally(key, ObservedKind.duplicate))?.keptVersionIds;
    t.equal(places?.size, 5);
    t.strictSame(new Set(kept.filter((versionId) => versionId !== undefined)), places);
  });

  t.test('surplus is counted, and from then on no version gets a place', async (t) => {
    const { store, clock } = await open(t);
    const key = await claimed(store);
    const { duplicate } = ObservedKind;
    await store.reserveEvidence(key, duplicate, 'v2', 1);
    t.match(await store.countSurplus(key, duplicate, 1), { surplus: 1, surplusReported: 0 });
    t.match(await store.countSurplus(key, duplicate, 11), {
      keptVersionIds: new Set(['v2']),
      surplus: 12,
      countedAt: clock.now,
    });
    t.equal((await store.reserveEvidence(key, duplicate, 'v3', 100)).isKept, false);
    t.equal((await store.reserveEvidence(key, duplicate, 'v2', 100)).isKept, true);
    await store.markSurplusReported(key, duplicate, 100);
    await store.markSurplusReported(key, duplicate, 10);
    t.match(await store.getTally(key, duplicate), { surplus: 12, surplusReported: 100 }, 'never back');
    const { tallies, observedVersions } = (await store.getWithObservedVersions(key, 10)) ?? {};
    t.match(tallies, [{ kind: 'duplicate', surplus: 12 }]);
    t.strictSame(observedVersions, []);
  });

  t.test('tallies take no place of what is read with an upload', async (t) => {
    const { store } = await open(t);
    const key = await claimed(store);
    const { duplicate, refused, orphan } = ObservedKind;
    await store.recordObservedVersion(key, duplicate, { ...version, versionId: 'v2' });
    for (const kind of [duplicate, refused, orphan]) await store.countSurplus(key, kind, 1);
    const found = await store.getWithObservedVersions(key, 1);
    t.match(found?.observedVersions, [{ versionId: 'v2' }]);
    t.equal(found?.tallies.length, 3);
    t.strictSame((await store.getWithObservedVersions(key, 0))?.observedVersions, []);
  });

  t.test('a revoked upload knows when', async (t) => {
    const { store, clock } = await open(t);
    const key = await issued(store);
    const revokedAt = clock.now;
    t.match(await store.revoke(key), { applied: true, upload: { revokedAt } });
    clock.now = new Date(clock.now.getTime() + 1000);
    t.match(await store.revoke(key), { applied: false, upload: { state: UploadState.revoked, revokedAt } });
  });

  t.test('an orphan needs no upload', async (t) => {
    const { store } = await open(t);
    await store.recordObservedVersion('uploads/unknown', ObservedKind.orphan, version);
    t.equal((await store.listObservedVersions('uploads/unknown')).length, 1);
    t.equal(await store.get('uploads/unknown'), undefined);
  });

  t.test('the table responds', async (t) => {
    const { store } = await open(t);
    await t.resolves(store.ping());
    await t.resolves(store.ping(AbortSignal.timeout(10_000)));
  });
}
