import t from 'tap';
import type { Account } from '../src/soak/account.ts';
import { type Counters, counterFindings } from '../src/soak/counters.ts';
import { growthOf, WARM_UP_MINUTES } from '../src/soak/growth.ts';
import type { Sample } from '../src/soak/samples.ts';

/** A sample every two seconds. */
function samples(minutes: number, residentMib: (atMinutes: number) => number): Sample[] {
  return Array.from({ length: minutes * 30 + 1 }, (_, at) => ({
    atMinutes: at / 30,
    residentMib: residentMib(at / 30),
    descriptors: undefined,
  }));
}
const memory = ({ residentMib }: Sample) => residentMib;

t.test('the slope is that of the line, whatever came before the warm-up was over', async (t) => {
  const growth = growthOf(
    samples(10, (at) => (at < WARM_UP_MINUTES ? at * 100 : 200 + 4 * at)),
    memory,
  );
  t.ok(growth?.perMinute !== undefined && Math.abs(growth.perMinute - 4) < 1e-9);
  t.match(growth, { first: 212, last: 240, most: (89 / 30) * 100 }, 'and the most is of the whole run');
});

t.test('a heap that swings and does not grow has next to no slope', async (t) => {
  const growth = growthOf(
    samples(10, (at) => 150 + 20 * ((at * 1.7) % 1)),
    memory,
  );
  t.ok(growth?.perMinute !== undefined && Math.abs(growth.perMinute) < 1);
});

t.test('nor has one whose collections come late when there is little to do', async (t) => {
  const growth = growthOf(
    samples(10, (at) => (at < 8 ? 150 + 40 * ((at * 1.7) % 1) : 150 + 60 * ((at * 1.1) % 1))),
    memory,
  );
  t.ok(growth?.perMinute !== undefined && Math.abs(growth.perMinute) < 1);
});

t.test('a heap that swings and leaks has the slope of the leak', async (t) => {
  const growth = growthOf(
    samples(10, (at) => 150 + 5 * at + 40 * ((at * 1.7) % 1)),
    memory,
  );
  t.ok(growth?.perMinute !== undefined && Math.abs(growth.perMinute - 5) < 1);
});

t.test('no slope of too short a run, nothing of what was not measured', async (t) => {
  t.equal(
    growthOf(
      samples(5, (at) => at),
      memory,
    )?.perMinute,
    undefined,
  );
  t.equal(
    growthOf(
      samples(10, (at) => at),
      ({ descriptors }) => descriptors,
    ),
    undefined,
  );
});

const account: Account = { findings: [], processed: 10, processedBytes: 1000, duplicates: 2, unused: 1 };
const counters: Counters = {
  issued: 11,
  accepted: 10,
  acceptedBytes: 1000,
  processed: 10,
  duplicates: 2,
  orphans: 0,
  failed: 0,
  retried: 3,
};

t.test('counts are what is on record, but for what a crash can leave out or repeat', async (t) => {
  t.strictSame(counterFindings(counters, 11, account), []);
  t.strictSame(
    counterFindings({ ...counters, accepted: 9, acceptedBytes: 900, processed: 9 }, 11, account),
    [],
  );
  t.strictSame(counterFindings({ ...counters, duplicates: 3 }, 11, account), []);
});

for (const wrong of [
  { issued: 12 },
  { accepted: 11 },
  { acceptedBytes: 1001 },
  { processed: 11 },
  { duplicates: 1 },
  { orphans: 1 },
]) {
  t.test(`P4: ${JSON.stringify(wrong)} is found`, async (t) => {
    t.match(counterFindings({ ...counters, ...wrong }, 11, account), [/^P4: /]);
  });
}
