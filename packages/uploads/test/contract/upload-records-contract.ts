import type { Test } from 'tap';
import {
  ObservedKind,
  repairName,
  type UploadRecords,
  UploadState,
  type UploadStore,
} from '../../src/index.ts';
import { newUpload } from '../../src/testing/index.ts';

export interface RecordsUnderTest {
  readonly store: UploadStore;
  readonly records: UploadRecords;
  /** The clock of both, which only the test moves. */
  readonly clock: { now: Date };
  readonly recordRetentionSeconds: number;
  /** What stands in the table itself; undefined: there is no such item. */
  readonly itemOf: (key: string, item: string) => Promise<Record<string, unknown> | undefined>;
}

const version = { versionId: 'v1', eTag: 'e1', sizeBytes: 5, storedAt: new Date('2026-01-01T00:00:01.234Z') };

/** What the records of every upload store promise, whatever they stand on. */
export function uploadRecordsContract(t: Test, open: (t: Test) => Promise<RecordsUnderTest>): void {
  async function issue(store: UploadStore, key: string, metadata: Record<string, string> = {}) {
    await store.issue(newUpload(key, { metadata }));
  }

  t.test('every item is in exactly one page, as what it is', async (t) => {
    const { store, records } = await open(t);
    // A page of a Scan ends at 1 MB (Amazon DynamoDB Developer Guide, "Paginating table scan results").
    const keys = Array.from({ length: 13 }, (_, at) => `uploads/many Zähler+%-${at}`);
    for (const key of keys) await issue(store, key, { note: 'x'.repeat(100_000) });
    await store.claim(keys[0] ?? '', version);
    await store.recordObservedVersion(keys[0] ?? '', ObservedKind.duplicate, { ...version, versionId: 'v2' });
    await store.recordObservedVersion('uploads/unknown', ObservedKind.orphan, version);
    await store.countSurplus('uploads/unknown', ObservedKind.orphan, 7);

    const pages = await Array.fromAsync(records.pages());
    t.ok(pages.length > 1, 'there are several');
    const found = pages.flat().map((record) => {
      if ('upload' in record) return [record.upload.key, record.upload.state];
      if ('tally' in record) return [record.tally.key, record.tally.kind, record.tally.surplus];
      return [record.observedVersion.key, record.observedVersion.kind, record.observedVersion.versionId];
    });
    t.strictSame(
      found.sort(),
      [
        ...keys.map((key, at) => [key, at === 0 ? UploadState.claimed : UploadState.issued]),
        [keys[0], 'duplicate', 'v2'],
        ['uploads/unknown', 'orphan', 'v1'],
        ['uploads/unknown', 'orphan', 7],
      ].sort(),
    );
  });

  t.test('an empty table has no records', async (t) => {
    const { records } = await open(t);
    t.strictSame((await Array.fromAsync(records.pages())).flat(), []);
  });

  t.test('uploads are found by key, more than fit into one request, each as `get` gives it', async (t) => {
    const { store, records } = await open(t);
    const keys = Array.from({ length: 205 }, (_, at) => `uploads/found-${at}`);
    for (const key of keys) await issue(store, key);
    await store.claim(keys[0] ?? '', version);
    const found = await records.uploads([...keys, 'uploads/none', keys[0] ?? '', keys[204] ?? '']);
    t.strictSame([...found.keys()].sort(), keys.sort());
    t.strictSame(found.get('uploads/found-0'), await store.get('uploads/found-0'));
    t.equal((await records.uploads([])).size, 0);
  });

  t.test('observed versions are found by key, kind and version', async (t) => {
    const { store, records } = await open(t);
    const key = 'uploads/observed';
    const recorded = await store.recordObservedVersion(key, ObservedKind.refused, version);
    t.strictSame(
      await records.observedVersions([
        { key, kind: ObservedKind.refused, versionId: 'v1' },
        { key, kind: ObservedKind.duplicate, versionId: 'v1' },
        { key, kind: ObservedKind.refused, versionId: 'v2' },
        { key: 'uploads/none', kind: ObservedKind.refused, versionId: 'v1' },
      ]),
      [recorded],
    );
  });

  t.test('what is kept longer is deleted later, never earlier, and is the same otherwise', async (t) => {
    const { store, records, clock, recordRetentionSeconds, itemOf } = await open(t);
    const key = 'uploads/kept';
    await issue(store, key);
    await store.claim(key, version);
    await store.recordObservedVersion(key, ObservedKind.duplicate, { ...version, versionId: 'v2' });
    await store.recordObservedVersion(key, ObservedKind.duplicate, { ...version, versionId: 'v3' });
    const before = {
      upload: await itemOf(key, 'upload'),
      v2: await itemOf(key, 'duplicate#v2'),
      v3: await itemOf(key, 'duplicate#v3'),
    };

    clock.now = new Date(clock.now.getTime() + 30 * 86_400_000);
    const deleteAt = clock.now.getTime() / 1000 + recordRetentionSeconds;
    await records.keepLonger(key, 'v2');
    t.strictSame(await itemOf(key, 'upload'), { ...before.upload, deleteAt });
    t.strictSame(await itemOf(key, 'duplicate#v2'), { ...before.v2, deleteAt });
    t.strictSame(await itemOf(key, 'duplicate#v3'), before.v3, 'another version is another matter');

    clock.now = new Date(clock.now.getTime() - 3_600_000);
    await records.keepLonger(key, 'v2');
    t.equal((await itemOf(key, 'upload'))?.['deleteAt'], deleteAt, 'a slow clock takes nothing back');
  });

  t.test('keeping what is not there makes nothing', async (t) => {
    const { records, itemOf } = await open(t);
    await records.keepLonger('uploads/none', 'v1');
    t.equal(await itemOf('uploads/none', 'upload'), undefined);
    t.equal(await itemOf('uploads/none', 'orphan#v1'), undefined);
  });

  t.test('a repair is on record for a version, until its message can’t be there any more', async (t) => {
    const { store, records, clock, itemOf } = await open(t);
    const [first, second] = [
      { key: 'uploads/repaired', versionId: 'v1' },
      { key: 'accepted/repaired', versionId: 'v2' },
    ];
    await issue(store, 'uploads/repaired');
    const before = await itemOf('uploads/repaired', 'upload');
    t.equal((await records.repairs([first, second])).size, 0);
    await records.recordRepair(first);
    const sentAt = clock.now;
    t.strictSame(await records.repairs([first, second, first]), new Map([[repairName(first), sentAt]]));
    t.strictSame(await itemOf('uploads/repaired', 'upload'), before, 'the upload’s own item is as it was');
    t.match((await Array.fromAsync(records.pages())).flat(), { length: 1 }, 'it is no record of its own');
    t.strictSame(
      await store.get('uploads/repaired'),
      (await records.uploads(['uploads/repaired'])).get('uploads/repaired'),
    );

    clock.now = new Date(sentAt.getTime() + 14 * 86_400_000 - 1000);
    await records.recordRepair(second);
    t.strictSame(
      await records.repairs([first, second]),
      new Map([
        [repairName(first), sentAt],
        [repairName(second), clock.now],
      ]),
    );
    clock.now = new Date(sentAt.getTime() + 14 * 86_400_000 + 1000);
    t.strictSame([...(await records.repairs([first, second])).keys()], [repairName(second)]);

    for (const version of [first, second, second]) await records.forgetRepair(version);
    t.equal((await records.repairs([first, second])).size, 0, 'forgotten, also what was not on record');
    await records.recordRepair(second);
    t.equal((await records.repairs([first, second])).size, 1, 'and on record again');
  });

  const word = { by: 'Ada', reason: 'the table was restored' };
  const adopted = (at: Date) => ({ at, ...word });
  const lost = { apiKeyId: 'key-2', filename: 'plan.pdf' };
  const token = '0af7651916cd43dd8448eb211c80319c';

  t.test(
    'P5: an upload whose record is lost is ISSUED again on an operator’s word, and is claimed as any',
    async (t) => {
      const { store, records, clock, recordRetentionSeconds, itemOf } = await open(t);
      const key = 'uploads/lost';
      const adoption = { how: 'expect', key, version, lost } as const;
      t.equal(await records.adopt(adoption, word, token), true);
      t.match(await store.get(key), {
        state: UploadState.issued,
        apiKeyId: 'key-2',
        constraints: { method: 'post', minBytes: 5, maxBytes: 5, filename: 'plan.pdf' },
        issuedAt: version.storedAt,
        adopted: adopted(clock.now),
      });
      const deleteAt = Number((await itemOf(key, 'upload'))?.['deleteAt']);
      t.ok(deleteAt >= clock.now.getTime() / 1000 + recordRetentionSeconds);
      t.equal(await records.adopt(adoption, word, token), true, 'a retry finds its own write');
      t.equal(await records.adopt(adoption, word, token.replace('0', '1')), false, 'another does not');
      t.match(await store.claim(key, version), { applied: true, upload: { adopted: adopted(clock.now) } });
    },
  );

  t.test(
    'P5: a copy whose record is lost is ACCEPTED on an operator’s word, and is processed once',
    async (t) => {
      const { store, records, clock } = await open(t);
      const key = 'uploads/copied';
      const copied = { key, upload: undefined, lost, claimed: version, acceptedVersionId: 'a1' };
      const accept = { how: 'accept', ...copied, isProcessed: false } as const;
      t.equal(await records.adopt(accept, word, token), true);
      t.match(await store.get(key), {
        state: UploadState.accepted,
        acceptedVersionId: 'a1',
        claimed: version,
        adopted: adopted(clock.now),
      });
      const lease = { acceptedVersionId: 'a1', leaseOwner: 'w', leaseSeconds: 60 };
      t.match(await store.startProcessing(key, lease), { applied: true, upload: { attempt: 1 } });
      t.match(await store.finish(key, 1), { applied: true });
      t.match(await store.startProcessing(key, lease), { applied: false });

      const done = { ...accept, key: 'uploads/done', isProcessed: true };
      t.equal(await records.adopt(done, word, token), true);
      t.match(await store.get('uploads/done'), { state: UploadState.processed, processedAt: clock.now });
    },
  );

  t.test(
    'P5: an upload that is on record keeps what it was issued with, and is adopted only as it was read',
    async (t) => {
      const { store, records, clock, recordRetentionSeconds, itemOf } = await open(t);
      const key = 'uploads/issued-before';
      await issue(store, key, { customer: '42' });
      const upload = await store.get(key);
      clock.now = new Date(clock.now.getTime() + 1_800_000);
      const copied = { key, upload, lost, claimed: version, acceptedVersionId: 'a1' };
      const accept = { how: 'accept', ...copied, isProcessed: false } as const;
      t.equal(await records.adopt(accept, word, token), true);
      t.match(await store.get(key), {
        ...{ state: UploadState.accepted, apiKeyId: 'key-1', metadata: { customer: '42' } },
        ...{ constraints: { maxBytes: 10 }, acceptedVersionId: 'a1', adopted: adopted(clock.now) },
      });
      const deleteAt = Number((await itemOf(key, 'upload'))?.['deleteAt']);
      t.ok(deleteAt >= clock.now.getTime() / 1000 + recordRetentionSeconds, 'kept as after any transition');
      t.equal(await records.adopt(accept, word, token.replace('0', '1')), false, 'it is no longer ISSUED');
    },
  );

  t.test('P5: a copy is adopted for the claim that was read, and for no other', async (t) => {
    const { store, records, clock } = await open(t);
    const key = 'uploads/claimed-anew';
    await issue(store, key);
    await store.claim(key, version);
    const upload = await store.get(key);
    if (!upload) throw new Error('it was issued');
    const copied = { how: 'accept', key, lost, acceptedVersionId: 'a1', isProcessed: false } as const;
    const of = (claimed: typeof version) => {
      const asRead = { ...upload, claimed: { ...claimed, claimedAt: clock.now } };
      return { ...copied, upload: asRead, claimed };
    };
    t.equal(await records.adopt(of({ ...version, versionId: 'v0' }), word, token), false);
    t.match(await store.get(key), { state: UploadState.claimed, claimed: version });
    t.equal(await records.adopt(of(version), word, token), true);
  });

  t.test(
    'a file that was put back takes the place of the accepted version, and no state changes',
    async (t) => {
      const { store, records, clock, recordRetentionSeconds, itemOf } = await open(t);
      const key = 'uploads/put-back';
      await issue(store, key);
      await store.claim(key, version);
      await store.accept(key, { claimedVersionId: 'v1', acceptedVersionId: 'a1' });
      clock.now = new Date(clock.now.getTime() + 1_800_000);
      const upload = await store.get(key);
      if (!upload) throw new Error('it was issued');
      const bind = { how: 'bind', key, upload, acceptedVersionId: 'a2' } as const;
      t.equal(await records.adopt(bind, word, token), true);
      t.match(await store.get(key), {
        ...{ state: UploadState.accepted, acceptedVersionId: 'a2', claimed: version },
        adopted: adopted(clock.now),
      });
      const deleteAt = Number((await itemOf(key, 'upload'))?.['deleteAt']);
      t.ok(deleteAt >= clock.now.getTime() / 1000 + recordRetentionSeconds, 'kept as after any transition');
      const other = token.replace('0', '1');
      t.equal(
        await records.adopt({ ...bind, acceptedVersionId: 'a3' }, word, other),
        false,
        'as it was read',
      );
      const lease = { acceptedVersionId: 'a2', leaseOwner: 'w', leaseSeconds: 60 };
      t.match(await store.startProcessing(key, { ...lease, acceptedVersionId: 'a1' }), { applied: false });
      t.match(await store.startProcessing(key, lease), { applied: true });

      await store.fail(key, 1, { failureReason: 'full' });
      const failed = await store.get(key);
      if (!failed) throw new Error('it was issued');
      await store.startProcessing(key, lease);
      await store.fail(key, 2, { failureReason: 'full' });
      const late = { ...bind, upload: failed, acceptedVersionId: 'a4' };
      t.equal(await records.adopt(late, word, other), false, 'another attempt failed meanwhile');
      t.match(await store.get(key), { state: UploadState.failed, attempt: 2, acceptedVersionId: 'a2' });
    },
  );
}
