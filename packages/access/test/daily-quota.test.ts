import fc from 'fast-check';
import t from 'tap';
import { startDynamoDb } from '../../../test/support/start-access-table.ts';
import {
  createDailyQuota,
  createDynamoDbQuotaCounters,
  type QuotaCounters,
  type QuotaResult,
} from '../src/index.ts';
import { createMemoryQuotaCounters } from '../src/testing/index.ts';

const NOON = new Date('2030-01-31T12:00:00Z');
const RESETS_AT = new Date('2030-02-01T00:00:00Z');
const TODAY = { keyId: 'k1', day: '2030-01-31' };

/** Counters that note what they are asked. */
function watched(counters: QuotaCounters = createMemoryQuotaCounters()) {
  const calls: string[] = [];
  const watching: QuotaCounters = {
    add(counter, units, quota) {
      calls.push(`add ${units} to ${counter.keyId} on ${counter.day}`);
      return counters.add(counter, units, quota);
    },
    used(counter) {
      calls.push(`used of ${counter.keyId}`);
      return counters.used(counter);
    },
  };
  return { calls, counters: watching };
}

function grantedOf(results: readonly (QuotaResult | undefined)[]): boolean[] {
  return results.map((result) => result?.granted === true);
}

const many = <T>(count: number, make: () => Promise<T>) =>
  Promise.all(Array.from({ length: count }, () => make()));

t.test('a key without a quota is not counted', async (t) => {
  const { calls, counters } = watched();
  const quota = createDailyQuota({ counters, now: () => NOON });
  t.equal(await quota.take({ keyId: 'k1' }), undefined);
  t.strictSame(calls, []);
});

t.test('units are granted to the last one, with what is left, and then no more', async (t) => {
  const { calls, counters } = watched();
  const quota = createDailyQuota({ counters, now: () => NOON });
  const take = () => quota.take({ keyId: 'k1', dailyQuota: 2 });
  t.strictSame(await take(), { granted: true, quota: 2, remaining: 1, resetsAt: RESETS_AT });
  t.strictSame(await take(), { granted: true, quota: 2, remaining: 0, resetsAt: RESETS_AT });
  const refused = { granted: false, quota: 2, remaining: 0, resetsAt: RESETS_AT };
  t.strictSame(await take(), refused);
  t.equal(calls.length, 2, 'a quota that is used up is not asked for again');
});

t.test('what comes in one turn is one write for each key, in the order in which it came', async (t) => {
  const { calls, counters } = watched();
  const quota = createDailyQuota({ counters, now: () => NOON });
  const results = await Promise.all([
    ...Array.from({ length: 5 }, () => quota.take({ keyId: 'k1', dailyQuota: 10 })),
    quota.take({ keyId: 'k2', dailyQuota: 10 }),
    quota.take({ keyId: 'k1', dailyQuota: 10 }),
  ]);
  t.strictSame(calls.toSorted(), ['add 1 to k2 on 2030-01-31', 'add 6 to k1 on 2030-01-31']);
  t.strictSame(
    results.map((result) => result?.remaining),
    [9, 8, 7, 6, 5, 9, 4],
  );
  await quota.take({ keyId: 'k1', dailyQuota: 10 });
  t.equal(calls.at(-1), 'add 1 to k1 on 2030-01-31', 'the next turn is another write');
});

t.test('a group that does not fit is granted up to the last unit, the first come first', async (t) => {
  const { calls, counters } = watched();
  await counters.add(TODAY, 7, 10);
  const quota = createDailyQuota({ counters, now: () => NOON });
  const results = await many(5, () => quota.take({ keyId: 'k1', dailyQuota: 10 }));
  t.strictSame(grantedOf(results), [true, true, true, false, false]);
  t.equal(await counters.used(TODAY), 10);
  t.strictSame(calls.slice(1, 4), ['add 5 to k1 on 2030-01-31', 'used of k1', 'add 3 to k1 on 2030-01-31']);
});

t.test('a group larger than the whole quota', async (t) => {
  const quota = createDailyQuota({ counters: createMemoryQuotaCounters(), now: () => NOON });
  const results = await many(30, () => quota.take({ keyId: 'k1', dailyQuota: 10 }));
  t.equal(grantedOf(results).filter(Boolean).length, 10);
});

t.test('what another task takes in between is not granted here as well', async (t) => {
  const memory = createMemoryQuotaCounters();
  const counters: QuotaCounters = {
    ...memory,
    async used(counter) {
      const used = await memory.used(counter);
      // Between the look and the next try.
      if (used < 9) await memory.add(counter, 1, 10);
      return used;
    },
  };
  await memory.add(TODAY, 6, 10);
  const quota = createDailyQuota({ counters, now: () => NOON });
  const results = await many(5, () => quota.take({ keyId: 'k1', dailyQuota: 10 }));
  t.strictSame(grantedOf(results), [true, false, false, false, false]);
  t.equal(await memory.used(TODAY), 10);
});

t.test('the count begins anew at 00:00 UTC, for keys that had nothing left too', async (t) => {
  let now = new Date('2030-01-31T23:59:59.999Z');
  const quota = createDailyQuota({ counters: createMemoryQuotaCounters(), now: () => now });
  const take = () => quota.take({ keyId: 'k1', dailyQuota: 1 });
  t.match(await take(), { granted: true, resetsAt: RESETS_AT });
  t.match(await take(), { granted: false, resetsAt: RESETS_AT });
  now = new Date('2030-02-01T00:00:00.000Z');
  t.match(await take(), { granted: true, resetsAt: new Date('2030-02-02T00:00:00Z') });
});

t.test('a quota that is raised during the day is at once higher', async (t) => {
  const quota = createDailyQuota({ counters: createMemoryQuotaCounters(), now: () => NOON });
  const take = (dailyQuota: number) => quota.take({ keyId: 'k1', dailyQuota });
  t.match(await take(1), { granted: true });
  t.match(await take(1), { granted: false });
  t.match(await take(2), { granted: true, remaining: 0 });
  t.match(await take(2), { granted: false });
});

t.test(
  'no response: no request of the group gets a unit, nothing is sent again, the next group is another',
  async (t) => {
    const memory = createMemoryQuotaCounters();
    const { calls, counters } = watched({
      ...memory,
      async add(counter, units, quota) {
        const used = await memory.add(counter, units, quota);
        if (calls.length === 1) throw new Error('the response was lost');
        return used;
      },
    });
    const quota = createDailyQuota({ counters, now: () => NOON });
    const take = () => quota.take({ keyId: 'k1', dailyQuota: 10 });
    const outcomes = await Promise.allSettled([take(), take(), take()]);
    t.ok(outcomes.every(({ status }) => status === 'rejected'));
    t.strictSame(calls, ['add 3 to k1 on 2030-01-31']);
    t.match(await take(), { granted: true, remaining: 6 });
  },
);

t.test('no request is refused for the quota while a failure leaves open whether it is used up', async (t) => {
  const counters: QuotaCounters = {
    ...createMemoryQuotaCounters(),
    async add() {
      throw new Error('no response');
    },
  };
  const quota = createDailyQuota({ counters, now: () => NOON });
  const take = () => quota.take({ keyId: 'k1', dailyQuota: 1 });
  const outcomes = await Promise.allSettled([take(), take()]);
  t.strictSame(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});

t.test('what another task has used up is asked for once', async (t) => {
  const { calls, counters } = watched();
  await counters.add(TODAY, 10, 10);
  calls.length = 0;
  const quota = createDailyQuota({ counters, now: () => NOON });
  for (let time = 0; time < 3; time += 1) {
    t.match(await quota.take({ keyId: 'k1', dailyQuota: 10 }), { granted: false });
  }
  t.strictSame(calls, ['add 1 to k1 on 2030-01-31', 'used of k1']);
});

t.test('a count that went back is not tried for ever', async (t) => {
  const counters: QuotaCounters = { add: async () => undefined, used: async () => 0 };
  const quota = createDailyQuota({ counters, now: () => NOON });
  await t.rejects(quota.take({ keyId: 'k1', dailyQuota: 10 }), {
    code: 'QuotaCounterWentBack',
    message: 'the count of k1 on 2030-01-31 went back to 0',
  });
});

const Failure = { none: 'none', before: 'before', after: 'after' } as const;
type Failure = (typeof Failure)[keyof typeof Failure];

/** Counters whose calls fail by a script: before they have taken effect, or after, the response lost. */
function failing(counters: QuotaCounters, script: readonly Failure[]) {
  const calls = [...script];
  /** Units of increments that were sent and whose response was lost. */
  let unknownUnits = 0;
  async function under<T>(units: number, call: () => Promise<T>): Promise<T> {
    const failure = calls.shift() ?? Failure.none;
    if (failure !== Failure.none) unknownUnits += units;
    if (failure === Failure.before) throw new Error('not sent');
    const result = await call();
    if (failure === Failure.after) throw new Error('the response was lost');
    return result;
  }
  return {
    unknownUnits: () => unknownUnits,
    counters: {
      add: (counter, units, quota) => under(units, () => counters.add(counter, units, quota)),
      used: (counter) => under(0, () => counters.used(counter)),
    } satisfies QuotaCounters,
  };
}

/**
 * Several tasks on the same counters, groups of requests at each in each turn, calls that fail. What holds: never more than
 * the quota is granted, and no request is refused while units are left; less is granted only by failures.
 */
async function tryTasks(
  counters: QuotaCounters,
  quota: number,
  tasks: readonly { readonly groups: readonly number[]; readonly failures: readonly Failure[] }[],
): Promise<string | undefined> {
  const outcomes: PromiseSettledResult<QuotaResult | undefined>[] = [];
  const failingTasks = tasks.map(({ failures }) => failing(counters, failures));
  await Promise.all(
    tasks.map(async ({ groups }, at) => {
      const task = createDailyQuota({ counters: failingTasks[at]?.counters ?? counters, now: () => NOON });
      for (const size of groups) {
        const take = () => task.take({ keyId: 'k1', dailyQuota: quota });
        outcomes.push(...(await Promise.allSettled(Array.from({ length: size }, take))));
      }
    }),
  );
  const fulfilled = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const granted = fulfilled.filter((result) => result?.granted).length;
  const refused = fulfilled.length - granted;
  const unknown = failingTasks.reduce((sum, { unknownUnits }) => sum + unknownUnits(), 0);
  const used = await counters.used(TODAY);
  if (used > quota) return `${used} counted, quota ${quota}`;
  if (granted > used) return `${granted} granted, ${used} counted`;
  if (used - granted > unknown) return `${used - granted} lost, ${unknown} unknown`;
  if (refused > 0 && used < quota) return `${refused} refused, ${quota - used} left`;
  return undefined;
}

const someTasks = fc.array(
  fc.record({
    groups: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
    failures: fc.array(fc.constantFrom(Failure.none, Failure.none, Failure.before, Failure.after), {
      maxLength: 8,
    }),
  }),
  { minLength: 1, maxLength: 4 },
);

t.test('P7: never more than the quota, less only by what a failure left unknown', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 60 }), someTasks, async (quota, tasks) => {
      const fault = await tryTasks(createMemoryQuotaCounters(), quota, tasks);
      if (fault) throw new Error(fault);
    }),
    { numRuns: 400 },
  );
  t.pass('400 histories');
});

t.test('P7: so too on a table', async (t) => {
  const db = await startDynamoDb(t);
  const client = db.createClient({ maxAttempts: 1 });
  t.teardown(() => client.destroy());
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 60 }), someTasks, async (quota, tasks) => {
      const counters = createDynamoDbQuotaCounters({ client, tableName: await db.createTable() });
      const fault = await tryTasks(counters, quota, tasks);
      if (fault) throw new Error(fault);
    }),
    { numRuns: 40 },
  );
  t.pass('40 histories');
});
