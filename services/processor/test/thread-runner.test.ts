import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import type { RunEnd } from '../src/handler-runner.ts';
import type { HandlerThread } from '../src/start-handler-thread.ts';
import { createThreadRunner } from '../src/thread-runner.ts';
import { work } from './support/thread-of-handlers.ts';

/** A runner over threads of the test's own, each a number. */
function createThreads(options: { threads: number; aloneThreads: number }) {
  const threads: {
    runs: PromiseWithResolvers<RunEnd>[];
    unanswered: number;
    isSilent: boolean;
    over: number;
    begin: PromiseWithResolvers<boolean>[];
    isBlocked: boolean;
    isEnding: boolean;
    isEnded: boolean;
    loaded: PromiseWithResolvers<void>;
  }[] = [];
  const out = { ofThreads: false };
  function startThread(): HandlerThread {
    if (out.ofThreads) throw new Error('no thread more');
    const state = {
      runs: [] as PromiseWithResolvers<RunEnd>[],
      unanswered: 0,
      isSilent: false,
      over: 0,
      begin: [] as PromiseWithResolvers<boolean>[],
      isBlocked: false,
      isEnding: false,
      isEnded: false,
      loaded: Promise.withResolvers<void>(),
    };
    state.loaded.resolve();
    threads.push(state);
    return {
      get running() {
        return state.runs.length - state.over;
      },
      get unanswered() {
        return state.unanswered;
      },
      get isSilent() {
        return state.isSilent;
      },
      get isEnding() {
        return state.isEnding;
      },
      get loaded() {
        return state.loaded.promise;
      },
      start() {
        const ended = Promise.withResolvers<RunEnd>();
        const begun = Promise.withResolvers<boolean>();
        state.runs.push(ended);
        state.begin.push(begun);
        if (!state.isBlocked) begun.resolve(true);
        void ended.promise.then(() => {
          state.over += 1;
        });
        function withdraw() {
          if (!state.isBlocked) return false;
          state.runs.splice(state.runs.indexOf(ended), 1);
          begun.resolve(false);
          return true;
        }
        return {
          ended: ended.promise,
          begun: begun.promise,
          withdraw,
          isHeldUp: false,
          abort: () => undefined,
          kill: () => undefined,
        };
      },
      async end() {
        state.isEnding = true;
        state.isEnded = true;
      },
    };
  }
  const runner = createThreadRunner({ startThread, ...options });
  const signal = new AbortController().signal;
  return {
    threads,
    out,
    runner,
    start: (isAlone = false) => runner.start(work('any'), { isAlone, signal, assertHeld: () => undefined }),
    load: () => threads.map(({ runs }) => runs.length),
  };
}

t.test('uploads share the threads evenly', async (t) => {
  const { runner, threads, start, load } = createThreads({ threads: 2, aloneThreads: 1 });
  await runner.open();
  t.equal(threads.length, 2);
  for (let count = 0; count < 5; count += 1) await start();
  t.strictSame(load(), [3, 2]);
});

t.test('P8: what could begin elsewhere does not wait for a blocked thread', async (t) => {
  const { runner, threads, start, load } = createThreads({ threads: 2, aloneThreads: 1 });
  await runner.open();
  const [blocked] = threads;
  await start();
  if (blocked) blocked.unanswered = 1;
  for (let count = 0; count < 3; count += 1) await start();
  t.strictSame(load(), [1, 3]);
});

t.test('P8: an upload that has not begun in a thread that falls silent begins in another one', async (t) => {
  const { runner, threads, start, load } = createThreads({ threads: 2, aloneThreads: 2 });
  await runner.open();
  const [first] = threads;
  if (!first) throw new Error('no thread');
  await start();
  await start();
  first.isBlocked = true;
  const waiting = start();
  await setImmediate();
  t.strictSame(load(), [2, 1]);
  first.isSilent = true;
  first.begin.at(-1)?.resolve(false);
  first.runs.pop();
  await waiting;
  t.strictSame(load(), [1, 2]);
});

t.test(
  'P8: where every thread is silent a fresh one begins what waits, as many as there are places',
  async (t) => {
    const { runner, threads, start, load } = createThreads({ threads: 2, aloneThreads: 1 });
    await runner.open();
    await start();
    await start();
    for (const thread of threads) thread.isSilent = true;
    await start();
    t.strictSame(load(), [1, 1, 1], 'in place of the first one, which has an upload in it');
    const alone = start(true);
    await setImmediate();
    t.equal(threads.length, 3, 'it has the place of an upload that is alone');
    if (threads[2]) threads[2].isSilent = true;
    await start();
    t.strictSame(load(), [1, 2, 1], 'there is no other place');
    threads[0]?.runs[0]?.resolve({ how: 'resolved' });
    await alone;
    t.equal(threads[0]?.isEnding, true);
    t.strictSame(load(), [1, 2, 1, 1], 'the place is free again');
  },
);

t.test('P8: a silent thread that nothing runs in is ended and replaced', async (t) => {
  const { runner, threads, start, load } = createThreads({ threads: 1, aloneThreads: 1 });
  await runner.open();
  if (threads[0]) threads[0].isSilent = true;
  await start();
  t.equal(threads[0]?.isEnding, true);
  t.strictSame(load(), [0, 1]);
});

t.test('P3: what is no longer this worker’s while it waits in a blocked thread never begins', async (t) => {
  const { runner, threads, load } = createThreads({ threads: 1, aloneThreads: 1 });
  await runner.open();
  if (threads[0]) threads[0].isBlocked = true;
  const stopping = new AbortController();
  const { signal } = stopping;
  const waiting = runner.start(work('any'), { isAlone: false, signal, assertHeld: () => undefined });
  await setImmediate();
  t.strictSame(load(), [1]);
  stopping.abort(new Error('the service stops'));
  await t.rejects(waiting, { message: 'the service stops' });
  t.strictSame(load(), [0]);
});

t.test('a thread that has ended is replaced when it is needed', async (t) => {
  const { runner, threads, start, load } = createThreads({ threads: 2, aloneThreads: 1 });
  await runner.open();
  const [first] = threads;
  if (first) first.isEnding = true;
  await start();
  t.equal(threads.length, 2, 'the other one is free');
  await start();
  t.strictSame(load(), [0, 1, 1]);
});

t.test('a thread that takes no more uploads is replaced, and closed with the others', async (t) => {
  const { runner, threads, start, load } = createThreads({ threads: 1, aloneThreads: 1 });
  await runner.open();
  await start();
  const [retired] = threads;
  if (retired) retired.isEnding = true;
  await start();
  t.strictSame(load(), [1, 1]);
  await runner.close();
  t.strictSame(
    threads.map(({ isEnded }) => isEnded),
    [true, true],
  );
});

t.test('what must be alone has a fresh thread, and waits for its place', async (t) => {
  const { runner, threads, start, load } = createThreads({ threads: 1, aloneThreads: 1 });
  await runner.open();
  const first = await start(true);
  const second = start(true);
  const gaveUp = new AbortController();
  const third = runner.start(work('any'), {
    isAlone: true,
    signal: gaveUp.signal,
    assertHeld: () => undefined,
  });
  await setImmediate();
  t.strictSame(load(), [0, 1], 'one place');
  gaveUp.abort(new Error('the service stops'));
  await t.rejects(third, { message: 'the service stops' });
  threads[1]?.runs[0]?.resolve({ how: 'resolved' });
  t.strictSame(await first.ended, { how: 'resolved' });
  t.equal(threads[1]?.isEnding, true, 'no other upload comes into that thread');
  await second;
  t.strictSame(load(), [0, 1, 1]);
  threads[2]?.runs[0]?.resolve({ how: 'resolved' });
  await (await second).ended;
  await start(true);
  t.strictSame(load(), [0, 1, 1, 1], 'the place of who gave up is not lost');
});

t.test('closed, every thread is ended', async (t) => {
  const { runner, threads, start } = createThreads({ threads: 2, aloneThreads: 1 });
  await runner.open();
  await start(true);
  await runner.close();
  t.strictSame(
    threads.map(({ isEnding }) => isEnding),
    [true, true, true],
  );
});

t.test('a place for an upload that must be alone is not lost where no thread can be started', async (t) => {
  const { runner, out, start } = createThreads({ threads: 1, aloneThreads: 1 });
  await runner.open();
  out.ofThreads = true;
  await t.rejects(start(true), { message: 'no thread more' });
  out.ofThreads = false;
  await start(true);
});

t.test(
  'P3: what is no longer this worker’s when its place is free does not begin, and leaves the place',
  async (t) => {
    const { runner, start, load } = createThreads({ threads: 1, aloneThreads: 1 });
    await runner.open();
    const { signal } = new AbortController();
    const assertHeld = () => {
      throw new Error('the lease ran out');
    };
    for (const isAlone of [true, false])
      await t.rejects(runner.start(work('any'), { isAlone, signal, assertHeld }), {
        message: 'the lease ran out',
      });
    t.strictSame(load(), [0]);
    await start(true);
  },
);
