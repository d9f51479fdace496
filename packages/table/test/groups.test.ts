import t from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { createGroups } from '../src/index.ts';

/** Groups whose calls end when the test says so, in time that it moves. A number's outcome is its text. */
function groupsOf(most: number) {
  const clock = new VirtualClock();
  const calls: (readonly number[])[] = [];
  const ends: PromiseWithResolvers<readonly string[]>[] = [];
  const outcomes = new Map<number, string>();
  const groups = createGroups<number, string>({
    most,
    call(group) {
      calls.push(group);
      const end = Promise.withResolvers<readonly string[]>();
      ends.push(end);
      return end.promise;
    },
    clock,
  });

  function add(number: number): void {
    groups.add(number).then(
      (outcome) => outcomes.set(number, outcome),
      (error) => outcomes.set(number, error.code ?? error.message),
    );
  }

  return {
    calls,
    outcomes,
    /** The next before the turn is over in which the one before it was looked at. */
    async addInEachTurn(numbers: readonly number[]) {
      for (const number of numbers) {
        const nextTurn = new Promise(setImmediate);
        add(number);
        await nextTurn;
      }
    },
    /** Each after all turns that the one before it could wait for. */
    async addOneByOne(...numbers: number[]) {
      for (const number of numbers) {
        add(number);
        await turns();
      }
    },
    addTogether(...numbers: number[]) {
      for (const number of numbers) add(number);
      return turns();
    },
    endCall(at: number) {
      ends[at]?.resolve((calls[at] ?? []).map(String));
      return turns();
    },
    failCall(at: number) {
      ends[at]?.reject(new Error('no'));
      return turns();
    },
    pass(ms: number) {
      clock.advance(ms);
      return turns();
    },
    pendingTimers: () => clock.pendingCount,
  };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);

t.test('what comes in one turn of the event loop goes together, and each gets its own outcome', async (t) => {
  const { addTogether, endCall, calls, outcomes, pendingTimers } = groupsOf(25);
  await addTogether(1, 2, 3);
  t.strictSame(calls, [[1, 2, 3]]);
  t.equal(outcomes.size, 0);
  await endCall(0);
  t.strictSame(
    [...outcomes],
    [
      [1, '1'],
      [2, '2'],
      [3, '3'],
    ],
  );
  t.equal(pendingTimers(), 0);
});

t.test('a group waits while each turn of the event loop brings more, and no longer', async (t) => {
  const { addInEachTurn, addTogether, calls } = groupsOf(25);
  await addInEachTurn([1, 2, 3]);
  t.strictSame(calls, []);
  await addTogether();
  t.strictSame(calls, [[1, 2, 3]]);
});

t.test('a group that grows without an end goes after 32 turns, or when it is full', async (t) => {
  const grown = groupsOf(1_000);
  await grown.addInEachTurn(upTo(40));
  t.strictSame(grown.calls, [upTo(33)]);
  const full = groupsOf(3);
  await full.addInEachTurn(upTo(5));
  t.strictSame(full.calls, [upTo(3)]);
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
  await addOneByOne(...upTo(20));
  t.strictSame(calls.slice(0, 3), [[0], [1], [2, 3]]);
  t.equal(calls.length, 8);
  await endCall(4);
  t.strictSame(calls.slice(8), [[14, 15]]);
});

t.test('calls that are slow hold nothing up', async (t) => {
  const { addOneByOne, pass, endCall, calls } = groupsOf(25);
  await addOneByOne(1, 2, 3);
  await pass(99);
  t.strictSame(calls, [[1], [2]]);
  await pass(1);
  t.strictSame(calls, [[1], [2], [3]]);
  await addOneByOne(4, 5);
  t.strictSame(calls, [[1], [2], [3], [4]], 'the slow ones count no more, the others do');
  await endCall(0);
  t.equal(calls.length, 4, 'the end of a slow call makes room for nothing');
  await endCall(2);
  t.strictSame(calls, [[1], [2], [3], [4], [5]]);
});

t.test('the time of a call that has ended is over', async (t) => {
  const { addOneByOne, pass, endCall, calls } = groupsOf(25);
  await addOneByOne(1);
  await endCall(0);
  await pass(100);
  await addOneByOne(2, 3, 4);
  t.strictSame(calls, [[1], [2], [3]]);
});

t.test('a call that fails fails its own group alone', async (t) => {
  const { addOneByOne, addTogether, failCall, endCall, calls, outcomes } = groupsOf(25);
  await addTogether(1, 2);
  await addOneByOne(3, 4);
  await failCall(0);
  t.strictSame(Object.fromEntries(outcomes), { 1: 'no', 2: 'no' });
  t.strictSame(calls, [[1, 2], [3], [4]]);
  await endCall(1);
  t.equal(outcomes.get(3), '3');
});

t.test('calls that never end hold nothing up for longer than two seconds', async (t) => {
  const { addOneByOne, pass, endCall, calls, outcomes } = groupsOf(1);
  await addOneByOne(...upTo(8));
  t.equal(calls.length, 8);
  await pass(1_500);
  await addOneByOne(8);
  t.equal(calls.length, 8);
  await pass(500);
  t.strictSame([...outcomes.values()], Array(8).fill('NoResponse'));
  t.strictSame(calls.slice(8), [[8]]);
  await endCall(0);
  await endCall(8);
  t.equal(outcomes.get(0), 'NoResponse', 'what comes later changes nothing');
  t.equal(outcomes.get(8), '8');
});

t.test('what has waited for more than a second is not sent, what came later is', async (t) => {
  const { addOneByOne, pass, endCall, calls, outcomes } = groupsOf(1);
  await addOneByOne(...upTo(9));
  await pass(600);
  await addOneByOne(9);
  await pass(600);
  await endCall(0);
  t.equal(outcomes.get(8), 'WaitedTooLong');
  t.strictSame(calls.slice(8), [[9]]);
});

t.test('a call that throws at once is a call that fails', async (t) => {
  const groups = createGroups<number, string>({
    most: 2,
    call() {
      throw new Error('thrown');
    },
  });
  for (const number of upTo(20)) await t.rejects(groups.add(number), { message: 'thrown' });
});

t.test('calls that are to begin apart do, full groups too', async (t) => {
  const clock = new VirtualClock();
  const calls: (readonly number[])[] = [];
  let apartMs = 0;
  const groups = createGroups<number, number>({
    most: 2,
    async call(group) {
      calls.push(group);
      return group;
    },
    apartMs: () => apartMs,
    clock,
  });
  const added: Promise<number>[] = [];
  async function add(...numbers: number[]) {
    added.push(...numbers.map((number) => groups.add(number)));
    await turns();
  }
  await add(1);
  apartMs = 50;
  await add(2);
  t.strictSame(calls, [[1], [2]], 'after none');
  await add(3, 4, 5);
  t.equal(calls.length, 2);
  clock.advance(49);
  await turns();
  t.equal(calls.length, 2);
  clock.advance(1);
  await turns();
  t.strictSame(calls.slice(2), [[3, 4]], 'one at a time');
  clock.advance(50);
  await turns();
  t.strictSame(calls.slice(3), [[5]]);
  clock.advance(1_000);
  await add(6);
  t.strictSame(calls.slice(4), [[6]], 'what comes later waits for nothing');
  t.strictSame(await Promise.all(added), [1, 2, 3, 4, 5, 6], 'each has its own outcome');
});

t.test('a group that had to begin later gathers what the turns after that bring', async (t) => {
  const clock = new VirtualClock();
  const calls: (readonly number[])[] = [];
  const groups = createGroups<number, number>({
    most: 25,
    async call(group) {
      calls.push(group);
      return group;
    },
    apartMs: () => 50,
    clock,
  });
  void groups.add(1);
  await turns();
  void groups.add(2);
  clock.advance(50);
  for (const number of [3, 4]) {
    void groups.add(number);
    await new Promise(setImmediate);
  }
  await turns();
  t.strictSame(calls, [[1], [2, 3, 4]]);
});
