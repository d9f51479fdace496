import { ItemsRefused, type PreparedItem } from '@upload-once/table';
import t from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { createGroupedIssue } from '../src/domain/grouped-issue.ts';
import type { Item } from '../src/domain/item.ts';
import { type ItemKey, PARTITION_KEY } from '../src/domain/item-key.ts';
import type { NewUpload } from '../src/index.ts';
import { newUpload } from '../src/testing/index.ts';

const SECOND = new Date('2026-01-01T00:00:01.500Z');

function upload(key: string): NewUpload {
  return newUpload(key, { apiKeyId: 'k', issuedAt: SECOND, expiresAt: SECOND });
}

type PutAll = (keys: readonly string[]) => Promise<readonly string[]>;

/** Issued uploads whose table behaves like this; it is given keys, and gives those back that it had no capacity for. */
function issuedOver(putAll: PutAll) {
  const calls: (readonly string[])[] = [];
  const written: number[] = [];
  const items: Item[] = [];
  const clock = new VirtualClock();
  let tokens = 0;
  const keyOf = ({ prepared }: PreparedItem) => (prepared as ItemKey)[PARTITION_KEY];
  const issued = createGroupedIssue({
    table: {
      prepare: (item) => ({ prepared: item }),
      async putAll(given) {
        items.push(...given.map(({ prepared }) => prepared as Item));
        const keys = given.map(keyOf);
        calls.push(keys);
        const unwritten = await putAll(keys);
        return given.filter((item) => unwritten.includes(keyOf(item)));
      },
    },
    newToken: () => `token ${++tokens}`,
    recordRetentionSeconds: 10,
    clock,
    onWrite: (uploads) => written.push(uploads),
  });
  const recordAll = (keys: readonly string[]) =>
    Promise.allSettled(keys.map((key) => issued.record(upload(key))));
  return { issued, recordAll, calls, written, items, clock };
}

const numbered = (count: number) => Array.from({ length: count }, (_, at) => `upload ${at}`);
const statuses = (results: readonly PromiseSettledResult<void>[]) => results.map(({ status }) => status);

t.test('what is recorded in one turn of the event loop is written together, 25 by a call', async (t) => {
  const { recordAll, calls, written } = issuedOver(async () => []);
  const keys = numbered(60);
  t.strictSame(new Set(statuses(await recordAll(keys))), new Set(['fulfilled']));
  t.strictSame(calls, [keys.slice(0, 25), keys.slice(25, 50), keys.slice(50)]);
  t.strictSame(written, [25, 25, 10], 'its metric has the size of each');
});

t.test('P1: nothing resolves before its item is written', async (t) => {
  const written = Promise.withResolvers<readonly string[]>();
  const { issued, calls } = issuedOver(() => written.promise);
  let isRecorded = false;
  const recording = issued.record(upload('a')).then(() => {
    isRecorded = true;
  });
  while (calls.length === 0) await new Promise(setImmediate);
  await new Promise(setImmediate);
  t.equal(isRecorded, false);
  written.resolve([]);
  await recording;
});

t.test(
  'only what the table had no capacity for is written again, and it alone suffers in the end',
  async (t) => {
    const { recordAll, calls, clock } = issuedOver(async (keys) => keys.filter((key) => key !== 'a'));
    const recorded = recordAll(['a', 'b']);
    for (const waitMs of [50, 150, 450]) {
      await clock.advanceWhenSet(waitMs);
    }
    const [a, b] = await recorded;
    t.equal(a?.status, 'fulfilled');
    t.match(b, { status: 'rejected', reason: { code: 'TableBusy' } });
    t.strictSame(calls, [['a', 'b'], ['b'], ['b'], ['b']]);
  },
);

t.test('what waits for capacity holds up no other, and no attempt begins after a second', async (t) => {
  let isBusy = true;
  const { recordAll, calls, clock } = issuedOver(async (keys) => (isBusy ? keys : []));
  const recorded = recordAll(['a']);
  await clock.untilSet(50);
  isBusy = false;
  t.strictSame(statuses(await recordAll(['b'])), ['fulfilled']);
  isBusy = true;
  clock.advance(1_001);
  const [a] = await recorded;
  t.match(a, { status: 'rejected', reason: { code: 'TableBusy', message: /2 times/ } });
  t.strictSame(calls, [['a'], ['b'], ['a']]);
});

t.test('each item has its own writer, and stays for its retention', async (t) => {
  const { recordAll, items } = issuedOver(async () => []);
  await recordAll(['a', 'b']);
  t.match(items, [
    { FullFilename: 'a', state: 'ISSUED', writer: 'token 1', deleteAt: SECOND.getTime() / 1000 + 0.5 + 10 },
    { FullFilename: 'b', writer: 'token 2' },
  ]);
});

t.test('an item that is refused fails alone', async (t) => {
  const { recordAll, calls } = issuedOver(async (keys) => {
    if (keys.includes('bad')) throw new ItemsRefused('too long');
    return [];
  });
  t.strictSame(statuses(await recordAll(['a', 'bad', 'b'])), ['fulfilled', 'rejected', 'fulfilled']);
  t.strictSame(calls, [['a', 'bad', 'b'], ['a'], ['bad'], ['b']]);
});

t.test(
  'P1: after a call without a response nothing of it is written again, and all of it is rejected',
  async (t) => {
    let isAway = true;
    const { recordAll, calls } = issuedOver(async () => {
      if (isAway) throw new Error('no response');
      return [];
    });
    t.strictSame(statuses(await recordAll(['a', 'b'])), ['rejected', 'rejected']);
    t.strictSame(calls, [['a', 'b']]);
    isAway = false;
    t.strictSame(statuses(await recordAll(['c'])), ['fulfilled'], 'what follows does not suffer');
  },
);

t.test('what the table fails with is passed on as it is', async (t) => {
  const failure = new Error('no response');
  const { issued } = issuedOver(() => Promise.reject(failure));
  t.equal(await issued.record(upload('a')).catch((error) => error), failure);
});

t.test('P1: what was not sent, because calls before it took too long, finds the table busy', async (t) => {
  const responded = Promise.withResolvers<readonly string[]>();
  const { recordAll, calls, clock } = issuedOver(() => responded.promise);
  const recorded = recordAll(numbered(8 * 25 + 1));
  while (calls.length < 8) {
    await new Promise(setImmediate);
    if (calls.length >= 2) clock.advance(100);
  }
  clock.advance(1_001);
  responded.resolve([]);
  const last = (await recorded).at(-1);
  t.match(last, {
    status: 'rejected',
    reason: {
      code: 'TableBusy',
      message: 'it waited for more than 1000 ms, and was not sent',
      cause: { code: 'WaitedTooLong' },
    },
  });
  t.equal(calls.length, 8);
});

t.test('what is written before an upload can prevent it', async (t) => {
  const { issued, calls } = issuedOver(async () => []);
  const refusal = new Error('no more today');
  await t.rejects(
    issued.record(upload('a'), () => Promise.reject(refusal)),
    refusal,
  );
  t.strictSame(calls, []);
});
