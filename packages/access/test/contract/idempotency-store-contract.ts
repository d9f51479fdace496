import type { Test } from 'tap';
import { IDEMPOTENCY_SECONDS, type IdempotencyRecord, type IdempotencyStore } from '../../src/index.ts';

export interface IdempotencyStoreUnderTest {
  readonly store: IdempotencyStore;
  /** The store's clock, which only the test moves. */
  readonly clock: { now: Date };
}

export const KEY = { apiKeyId: 'k1', sha256: 'a'.repeat(64) };
const ISSUED_AT = new Date('2030-01-01T00:00:00.123Z');

export function record(upload: number, changes: Partial<IdempotencyRecord> = {}): IdempotencyRecord {
  return {
    requestSha256: 'b'.repeat(64),
    uploadKey: `uploads/Zähler 1+1-${upload}`,
    issuedAt: ISSUED_AT,
    expiresAt: new Date('2030-01-01T00:00:30.000Z'),
    writer: `writer ${upload}`,
    ...changes,
  };
}

/** What every IdempotencyStore promises; `open` gives one with nothing in it, its clock at the first record's issue. */
export function testIdempotencyStore(
  t: Test,
  open: (clock: { now: Date }) => Promise<IdempotencyStore>,
): void {
  async function openStore(): Promise<IdempotencyStoreUnderTest> {
    const clock = { now: ISSUED_AT };
    return { clock, store: await open(clock) };
  }

  t.test('the first record stays, and later calls return it', async (t) => {
    const { store } = await openStore();
    t.strictSame(await store.reserve(KEY, record(1)), record(1));
    t.strictSame(await store.reserve(KEY, record(2, { requestSha256: 'c'.repeat(64) })), record(1));
    t.strictSame(await store.reserve(KEY, record(1)), record(1));
  });

  t.test('of many at once one records its own, and all get that', async (t) => {
    const { store } = await openStore();
    const records = await Promise.all(Array.from({ length: 8 }, (_, at) => store.reserve(KEY, record(at))));
    t.equal(new Set(records.map(({ uploadKey }) => uploadKey)).size, 1);
  });

  t.test('each API key has idempotency keys of its own, and each of those a record', async (t) => {
    const { store } = await openStore();
    await store.reserve(KEY, record(1));
    t.strictSame(await store.reserve({ ...KEY, apiKeyId: 'k2' }, record(2)), record(2));
    t.strictSame(await store.reserve({ ...KEY, sha256: 'd'.repeat(64) }, record(3)), record(3));
    t.strictSame(await store.reserve(KEY, record(4)), record(1));
  });

  t.test('after a day it is forgotten, whether or not the table has removed it', async (t) => {
    const { store, clock } = await openStore();
    await store.reserve(KEY, record(1));
    const forgottenAt = ISSUED_AT.getTime() + (IDEMPOTENCY_SECONDS + 1) * 1000;
    clock.now = new Date(forgottenAt - 1000);
    t.strictSame(await store.reserve(KEY, record(2, { issuedAt: clock.now })), record(1));
    clock.now = new Date(forgottenAt);
    const later = record(3, { issuedAt: clock.now });
    t.strictSame(await store.reserve(KEY, later), later);
    t.strictSame(await store.reserve(KEY, record(4)), later);
  });

  t.test('a record without an outcome is replaced once, by a writer that has read it', async (t) => {
    const { store } = await openStore();
    await store.reserve(KEY, record(1));
    t.strictSame(await store.reserve(KEY, record(2), record(1).writer), record(2));
    t.strictSame(await store.reserve(KEY, record(3), record(1).writer), record(2));
    t.strictSame(await store.reserve(KEY, record(2)), record(2), 'by its writer it can be told');
  });

  t.test('of many at once that take a record over one does, and all get that', async (t) => {
    const { store } = await openStore();
    await store.reserve(KEY, record(0));
    const records = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        store.reserve(KEY, { ...record(0), writer: `taker ${at}` }, record(0).writer),
      ),
    );
    t.equal(new Set(records.map(({ writer }) => writer)).size, 1);
    t.not(records[0]?.writer, record(0).writer);
  });

  t.test('until when a record is its writer’s is kept, and can be taken back', async (t) => {
    const { store } = await openStore();
    const owned = record(1, { ownedUntil: new Date('2030-01-01T00:00:10.123Z') });
    t.strictSame(await store.reserve(KEY, owned), owned);
    t.strictSame(await store.reserve(KEY, record(2)), owned);
    t.strictSame(await store.reserve(KEY, record(3), owned.writer), record(3));
    t.strictSame(await store.reserve(KEY, record(4)), record(3));
  });
}
