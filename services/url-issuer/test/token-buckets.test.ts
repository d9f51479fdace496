import fc from 'fast-check';
import t from 'tap';
import { createMemoryBuckets } from '../src/rates/memory-buckets.ts';
import { takeToken } from '../src/rates/token-buckets.ts';

const START = Date.UTC(2030, 0, 1);

/** Buckets at a time that the test sets. */
function memoryBuckets(maxBuckets = 100) {
  const clock = { ms: START };
  return { clock, buckets: createMemoryBuckets({ clock: { monotonicMs: () => clock.ms }, maxBuckets }) };
}

t.test('a result says what is left, how long to wait, and when the bucket is full again', async (t) => {
  const { clock, buckets } = memoryBuckets();
  const take = () => buckets.take('a', { burst: 2, ratePerSecond: 10 });
  t.strictSame(await take(), { taken: true, remaining: 1, waitMs: 0, fullInMs: 100 });
  t.strictSame(await take(), { taken: true, remaining: 0, waitMs: 0, fullInMs: 200 });
  t.strictSame(await take(), { taken: false, remaining: 0, waitMs: 100, fullInMs: 200 });
  clock.ms += 60;
  t.strictSame(await take(), { taken: false, remaining: 0, waitMs: 40, fullInMs: 140 });
  clock.ms += 40;
  t.strictSame(await take(), { taken: true, remaining: 0, waitMs: 0, fullInMs: 200 });
});

t.test(
  'in any stretch of time a bucket gives its burst and what has come back, and not one more',
  async () => {
    await fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0.01, max: 10_000, noNaN: true }),
        fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 300 }),
        (burst, ratePerSecond, waits) => {
          let now = START;
          let fullAt: number | undefined;
          let tokens = burst;
          for (const wait of waits) {
            now += wait;
            tokens = Math.min(burst, tokens + (wait * ratePerSecond) / 1000);
            const { result, fullAt: after } = takeToken(fullAt, now, { burst, ratePerSecond });
            fullAt = after;
            // A double holds the time to a fraction of a microsecond: right at the edge either result is right.
            if (Math.abs(tokens - 1) < 0.02 * Math.max(1, ratePerSecond / 100)) {
              if (result.taken) tokens -= 1;
              continue;
            }
            if (result.taken !== tokens >= 1) return false;
            if (result.taken) tokens -= 1;
            if (result.remaining < 0 || result.remaining > burst) return false;
          }
          return true;
        },
      ),
      { numRuns: 500 },
    );
  },
);

t.test('a clock that is set back, or a smaller burst, leaves no bucket emptier than empty', async (t) => {
  const { clock, buckets } = memoryBuckets();
  const limit = { burst: 10, ratePerSecond: 1 };
  for (let token = 0; token < 10; token += 1) await buckets.take('a', limit);
  clock.ms -= 86_400_000;
  t.match(await buckets.take('a', limit), { taken: false, waitMs: 1_000 });
  t.match(await buckets.take('a', { burst: 2, ratePerSecond: 1 }), { taken: false, waitMs: 1_000 });
});

t.test('a token that was given back can be taken again, and none is made by it', async (t) => {
  const { buckets } = memoryBuckets();
  const limit = { burst: 1, ratePerSecond: 1 };
  buckets.giveBack('a', 1);
  t.ok((await buckets.take('a', limit)).taken);
  t.notOk((await buckets.take('a', limit)).taken);
  buckets.giveBack('a', 1);
  t.ok((await buckets.take('a', limit)).taken);
  buckets.giveBack('a', 1);
  buckets.giveBack('a', 1);
  t.ok((await buckets.take('a', limit)).taken);
  t.notOk((await buckets.take('a', limit)).taken, 'a full bucket does not overflow');
});

t.test(
  'no more buckets are remembered than are allowed; the one that was not used for longest goes',
  async (t) => {
    const { buckets } = memoryBuckets(2);
    const limit = { burst: 1, ratePerSecond: 1 };
    const take = async (name: string) => (await buckets.take(name, limit)).taken;
    t.strictSame([await take('a'), await take('b'), await take('a')], [true, true, false]);
    t.equal(await take('c'), true);
    t.strictSame([await take('a'), await take('b')], [false, true]);
  },
);
