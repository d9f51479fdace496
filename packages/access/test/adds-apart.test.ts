import t from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { createDailyQuota } from '../src/index.ts';
import { createMemoryQuotaCounters } from '../src/testing/index.ts';

const NOON = new Date('2030-01-31T12:00:00Z');
/** What an item of DynamoDB takes. */
const ADDS_A_SECOND = 1_000;

/** Tasks that share a counter, and requests that come evenly to each of them. */
async function underLoad({
  tasks,
  perSecond,
  quota = 1e9,
}: {
  tasks: number;
  perSecond: number;
  quota?: number;
}) {
  const clock = new VirtualClock();
  const memory = createMemoryQuotaCounters();
  const adds: number[] = [];
  const counters = {
    ...memory,
    add(...args: Parameters<typeof memory.add>) {
      adds.push(clock.monotonicMs());
      return memory.add(...args);
    },
  };
  const quotas = Array.from({ length: tasks }, () => createDailyQuota({ counters, now: () => NOON, clock }));
  const beganMs = clock.monotonicMs();
  const requests: Promise<{ isGranted: boolean; waitedMs: number }>[] = [];
  for (let ms = 0; ms < 4_000; ms += 1) {
    for (const [task, taker] of quotas.entries()) {
      const [before, after] = [ms, ms + 1].map((at) =>
        Math.floor((at * perSecond) / 1000 / tasks + task / tasks),
      );
      for (let count = before ?? 0; count < (after ?? 0); count += 1) {
        const cameMs = clock.monotonicMs();
        requests.push(
          taker.take({ keyId: 'k', dailyQuota: quota }).then((result) => ({
            isGranted: result?.granted === true,
            waitedMs: clock.monotonicMs() - cameMs,
          })),
        );
      }
    }
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    clock.advance(1);
  }
  for (let ms = 0; ms < 300; ms += 1) {
    await new Promise(setImmediate);
    clock.advance(1);
  }
  const results = await Promise.all(requests);
  const used = await memory.used({ keyId: 'k', day: '2030-01-31' });
  /** In the last two seconds of the load. */
  const addsASecond = adds.filter((at) => at >= beganMs + 2_000 && at < beganMs + 4_000).length / 2;
  const granted = results.filter(({ isGranted }) => isGranted).length;
  return { requests: results.length, granted, used, addsASecond, results };
}

t.test(
  'P7: ten thousand requests a second over many tasks are fewer writes than an item takes, each counted',
  async (t) => {
    const { requests, granted, used, addsASecond } = await underLoad({ tasks: 25, perSecond: 10_000 });
    t.ok(addsASecond <= ADDS_A_SECOND, `${addsASecond} writes a second`);
    t.ok(addsASecond > ADDS_A_SECOND / 2, 'and no fewer than needed');
    t.ok(requests > 39_000);
    t.equal(granted, requests);
    t.equal(used, granted);
  },
);

t.test('P7: so too the quota is granted to the last unit, and no further', async (t) => {
  const { granted, used, results } = await underLoad({ tasks: 10, perSecond: 5_000, quota: 15_000 });
  t.equal(granted, 15_000);
  t.equal(used, 15_000);
  t.ok(results.length > 19_000);
});

t.test('a key whose requests an item can take waits for nothing', async (t) => {
  const { results, granted } = await underLoad({ tasks: 5, perSecond: 700 });
  t.ok(results.every(({ waitedMs }) => waitedMs === 0));
  t.equal(granted, results.length);
});

t.test('a task that has a key to itself may make all of its writes', async (t) => {
  const { results } = await underLoad({ tasks: 1, perSecond: 2_000 });
  t.ok(results.every(({ waitedMs }) => waitedMs <= 2));
});
