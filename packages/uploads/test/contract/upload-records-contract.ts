import type { Test } from 'tap';
import {
  ObservedKind,
  repairName,
  type UploadRecords,
  UploadState,
  type UploadStore,
} from '../../src/index.ts';

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
    await store.issue({
      key,
      apiKeyId: 'key-1',
      issuedAt: new Date('2026-01-01T00:00:00.123Z'),
      expiresAt: new Date('2026-01-01T00:00:30.000Z'),
      constraints: { method: 'post', minBytes: 0, maxBytes: 10 },
      metadata,
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
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
}
