import t from 'tap';
import { createGroups } from '../src/index.ts';

/** Groups whose calls end when the test says so, and whose time passes when it says so. */
function groupsOf(most: number) {
  const calls: (readonly number[])[] = [];
  const ends: (() => void)[] = [];
  const pauses: (() => void)[] = [];
  const groups = createGroups<number>({
    most,
    call(group) {
      calls.push(group);
      return new Promise<void>((resolve) => ends.push(resolve));
    },
    pause: () => new Promise<void>((resolve) => pauses.push(resolve)),
  });
  return {
    calls,
    /** The next before the turn is over in which the one before it was looked at. */
    async addInEachTurn(numbers: readonly number[]) {
      for (const number of numbers) {
        const nextTurn = new Promise(setImmediate);
        groups.add(number);
        await nextTurn;
      }
    },
    /** Each after all turns that the one before it could wait for. */
    async addOneByOne(...numbers: number[]) {
      for (const number of numbers) {
        groups.add(number);
        await turns();
      }
    },
    addTogether(...numbers: number[]) {
      for (const number of numbers) groups.add(number);
      return turns();
    },
    endCall(at: number) {
      ends[at]?.();
      return turns();
    },
    letTimePass() {
      for (const resolve of pauses.splice(0)) resolve();
      return turns();
    },
  };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
}

t.test('what comes in one turn of the event loop goes together, in order', async (t) => {
  const { addTogether, calls } = groupsOf(25);
  await addTogether(1, 2, 3);
  t.strictSame(calls, [[1, 2, 3]]);
});

t.test('a group waits while each turn of the event loop brings more, and no longer', async (t) => {
  const { addInEachTurn, addTogether, calls } = groupsOf(25);
  await addInEachTurn([1, 2, 3]);
  t.strictSame(calls, []);
  await addTogether();
  t.strictSame(calls, [[1, 2, 3]]);
});

t.test('a group that grows without an end goes after 32 turns', async (t) => {
  const { addInEachTurn, calls } = groupsOf(1_000);
  const numbers = Array.from({ length: 40 }, (_, at) => at);
  await addInEachTurn(numbers);
  t.strictSame(calls, [numbers.slice(0, 33)]);
});

t.test('no group is larger than a call can take', async (t) => {
  const { addTogether, calls } = groupsOf(2);
  await addTogether(1, 2, 3, 4, 5);
  t.strictSame(calls, [
    [1, 2],
    [3, 4],
  ]);
});

t.test('while two calls are under way what comes waits, and goes in the next', async (t) => {
  const { addOneByOne, endCall, calls } = groupsOf(25);
  await addOneByOne(1, 2, 3, 4, 5);
  t.strictSame(calls, [[1], [2]]);
  await endCall(1);
  t.strictSame(calls, [[1], [2], [3, 4, 5]]);
});

t.test('a full group waits for none, eight calls are the most', async (t) => {
  const { addOneByOne, endCall, calls } = groupsOf(2);
  await addOneByOne(...Array.from({ length: 20 }, (_, at) => at));
  t.strictSame(calls.slice(0, 3), [[0], [1], [2, 3]]);
  t.equal(calls.length, 8);
  await endCall(4);
  t.strictSame(calls.slice(8), [[14, 15]]);
});

t.test('calls that are slow hold nothing up', async (t) => {
  const { addOneByOne, letTimePass, endCall, calls } = groupsOf(25);
  await addOneByOne(1, 2, 3);
  t.strictSame(calls, [[1], [2]]);
  await letTimePass();
  t.strictSame(calls, [[1], [2], [3]]);
  await addOneByOne(4, 5);
  t.strictSame(calls, [[1], [2], [3], [4]], 'the slow ones count no more, the others do');
  await endCall(0);
  t.strictSame(calls.length, 4, 'the end of a slow call makes room for nothing');
  await endCall(2);
  t.strictSame(calls, [[1], [2], [3], [4], [5]]);
});

t.test('the time of a call that has ended is over', async (t) => {
  const { addOneByOne, letTimePass, endCall, calls } = groupsOf(25);
  await addOneByOne(1);
  await endCall(0);
  await letTimePass();
  await addOneByOne(2, 3, 4);
  t.strictSame(calls, [[1], [2], [3]]);
});
