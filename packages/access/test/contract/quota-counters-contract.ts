import type { Test } from 'tap';
import type { QuotaCounters } from '../../src/index.ts';

/** What every QuotaCounters promises; `createCounters` gives some at nothing. */
export function testQuotaCounters(t: Test, createCounters: () => Promise<QuotaCounters>): void {
  const today = { keyId: 'k1', day: '2030-01-31' };

  t.test('units are added while they fit, all or none', async (t) => {
    const counters = await createCounters();
    t.equal(await counters.used(today), 0);
    t.equal(await counters.add(today, 3, 10), 3);
    t.equal(await counters.add(today, 5, 10), 8);
    t.equal(await counters.add(today, 3, 10), undefined);
    t.equal(await counters.used(today), 8);
    t.equal(await counters.add(today, 2, 10), 10);
    t.equal(await counters.add(today, 1, 10), undefined);
    t.equal(await counters.used(today), 10);
  });

  t.test('a whole quota at once fits, and each key and day has its own count', async (t) => {
    const counters = await createCounters();
    t.equal(await counters.add(today, 10, 10), 10);
    t.equal(await counters.add({ ...today, day: '2030-02-01' }, 10, 10), 10);
    t.equal(await counters.add({ ...today, keyId: 'k2' }, 1, 1), 1);
    t.equal(await counters.used({ ...today, keyId: 'k3' }), 0);
  });

  t.test('a quota that was raised gives more, one that was lowered nothing more', async (t) => {
    const counters = await createCounters();
    await counters.add(today, 5, 5);
    t.equal(await counters.add(today, 1, 4), undefined);
    t.equal(await counters.add(today, 1, 6), 6);
  });

  t.test('of many at once just as many fit as there are units', async (t) => {
    const counters = await createCounters();
    const results = await Promise.all(Array.from({ length: 20 }, () => counters.add(today, 3, 10)));
    t.strictSame(results.filter((used) => used !== undefined).sort(), [3, 6, 9]);
    t.equal(await counters.used(today), 9);
  });

  t.test('no other units than a quota can have', async (t) => {
    const counters = await createCounters();
    for (const units of [0, -1, 1.5, 11]) {
      await t.rejects(counters.add(today, units, 10), {
        name: 'RangeError',
        message: `a counter takes 1 to 10 units at once, not ${units}`,
      });
    }
    t.equal(await counters.used(today), 0);
  });
}
