import { ErrorReply } from '@redis/client';
import t from 'tap';
import { createMemoryBuckets } from '../src/rates/memory-buckets.ts';
import { createRedisBuckets } from '../src/rates/redis-buckets.ts';
import { createSharedBuckets } from '../src/rates/shared-buckets.ts';
import type { TokenBuckets } from '../src/rates/token-buckets.ts';

const LIMIT = { burst: 1, ratePerSecond: 0.001 };

/** One task, whose store responds as the test says. */
function task(timeoutMs = 60_000) {
  const clock = { ms: 5_000, monotonicMs: () => clock.ms };
  const memory = () => createMemoryBuckets({ clock, maxBuckets: 100 });
  const shared = memory();
  const store = { asked: 0, respond: (take: () => ReturnType<TokenBuckets['take']>) => take() };
  const logged: string[] = [];
  let countedLocally = 0;
  const buckets = createSharedBuckets({
    store: {
      take(name, limit) {
        store.asked += 1;
        return store.respond(() => shared.take(name, limit));
      },
    },
    localFallback: memory(),
    clock,
    log: {
      warn: (_: unknown, message?: string) => void logged.push(`warn: ${message}`),
      info: (details: unknown, message?: string) =>
        void logged.push(`info: ${message} ${JSON.stringify(details)}`),
    } as Parameters<typeof createSharedBuckets>[0]['log'],
    onCountedLocally: () => {
      countedLocally += 1;
    },
    timeoutMs,
    retryMs: 1_000,
  });
  const take = async (name = 'k') => (await buckets.take(name, LIMIT)).taken;
  return { clock, store, logged, take, countedLocally: () => countedLocally };
}

const away = async () => {
  throw new Error('the store is away');
};

t.test('while the store responds, it alone counts', async (t) => {
  const { take, store, countedLocally, logged } = task();
  t.strictSame([await take(), await take()], [true, false]);
  t.equal(store.asked, 2);
  t.equal(countedLocally(), 0);
  t.strictSame(logged, []);
});

t.test('while it does not, the task counts alone, and says so once', async (t) => {
  const { take, store, countedLocally, logged, clock } = task();
  store.respond = away;
  t.strictSame([await take(), await take(), await take('other')], [true, false, true]);
  t.equal(countedLocally(), 3);
  t.equal(store.asked, 1, 'it is not asked again for a second');
  clock.ms += 1_000;
  await take();
  await take();
  t.equal(store.asked, 2, 'one request tries it again');
  t.strictSame(logged, [
    'warn: the store of the rates does not respond: each task counts alone until it does',
  ]);
});

t.test('it comes back by itself, and the next time it is away is logged again', async (t) => {
  const { take, store, logged, clock, countedLocally } = task();
  store.respond = away;
  await take();
  clock.ms += 5_000;
  store.respond = (take) => take();
  t.equal(await take(), true, 'the store has not counted this key yet');
  t.equal(await take(), false);
  t.equal(countedLocally(), 1);
  t.match(logged[1], /^info: the store of the rates responds again.*"awaySeconds":5/);
  store.respond = away;
  await take();
  t.equal(logged.length, 3);
});

t.test(
  'a store that does not respond in time is as good as none, and its late response is ignored',
  async (t) => {
    // The wait is real, and as short as it can be.
    const { take, store, countedLocally, logged } = task(1);
    const held = Promise.withResolvers<void>();
    store.respond = async (take) => {
      await held.promise;
      return take();
    };
    t.equal(await take(), true);
    t.equal(countedLocally(), 1);
    t.equal(logged.length, 1);
    held.resolve();
  },
);

const unused = async () => {
  throw new Error('nothing else is asked of the store');
};

t.test(
  'of a server that is not the primary leave is taken, of one that responds otherwise none',
  async (t) => {
    const responses: [error: Error, commands: readonly string[][]][] = [
      [new ErrorReply('READONLY You can’t write against a read only replica. script: 0a'), [['QUIT']]],
      [new ErrorReply('ERR Error running script (call to f_0a): -READONLY You can’t write'), [['QUIT']]],
      [new ErrorReply('LOADING Redis is loading the dataset in memory'), [['QUIT']]],
      [
        new ErrorReply('MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to no'),
        [['QUIT']],
      ],
      [new ErrorReply('OOM command not allowed when used memory > maxmemory'), []],
      [new Error('a READONLY that no server said'), []],
    ];
    for (const [error, expected] of responses) {
      const commands: (readonly string[])[] = [];
      const buckets = createRedisBuckets({
        async takeToken() {
          throw error;
        },
        async sendCommand(command) {
          commands.push(command);
          throw new Error('the connection is closed');
        },
      });
      await t.rejects(buckets.take('k', LIMIT), error);
      t.strictSame(commands, expected, error.message);
    }
  },
);

t.test('what the script of the store returns is read as this process says it itself', async (t) => {
  const calls: unknown[] = [];
  const buckets = (response: readonly (string | number)[]) =>
    createRedisBuckets({
      async takeToken(...call) {
        calls.push(call);
        return response;
      },
      sendCommand: unused,
    });
  const limit = { burst: 4, ratePerSecond: 2 };
  t.strictSame(await buckets([1, '0', '500.0000']).take('k', limit), {
    taken: true,
    remaining: 3,
    waitMs: 0,
    fullInMs: 500,
  });
  t.strictSame(await buckets([0, '123.4560', '1623.4560']).take('k', limit), {
    taken: false,
    remaining: 0,
    waitMs: 123.456,
    fullInMs: 1623.456,
  });
  t.strictSame(calls, Array(2).fill(['upload-once:rate:k', 500, 4]));
});
