import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import type { HandlerWork, Hold, RunEnd } from '../src/handler-runner.ts';
import type { HandlerThread } from '../src/start-handler-thread.ts';
import { createThreadRunner } from '../src/thread-runner.ts';
import { work } from './support/thread-of-handlers.ts';

/** A thread of the test's own. What is posted to a blocked one does not begin. */
class ScriptedThread implements HandlerThread {
  readonly runs: PromiseWithResolvers<RunEnd>[] = [];
  readonly #unbegun = new Set<PromiseWithResolvers<boolean>>();
  readonly #loaded = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<void>();
  readonly loaded = this.#loaded.promise;
  readonly exited = this.#exited.promise;
  readonly #onAnswer: () => void;
  /** Of all that was posted. */
  readonly ids: string[] = [];
  unanswered = 0;
  isSilent = false;
  isEnding = false;
  isRetired = false;
  isBlocked = false;
  /** It goes on for a while when it is told to end. */
  isSlow = false;
  hasExited = false;
  /** How often it was told to end. */
  ends = 0;
  load = () => this.#loaded.resolve();
  failToLoad = (error: Error) => this.#loaded.reject(error);

  constructor(onAnswer: () => void) {
    this.#onAnswer = onAnswer;
    this.loaded.catch(() => undefined);
  }

  get running(): number {
    return this.runs.length;
  }

  get posted(): number {
    return this.ids.length;
  }

  start({ upload }: HandlerWork, isMovable = false) {
    this.ids.push(upload.id);
    const ended = Promise.withResolvers<RunEnd>();
    const begun = Promise.withResolvers<boolean>();
    this.runs.push(ended);
    if (this.isBlocked) this.#unbegun.add(begun);
    else begun.resolve(true);
    const leave = () => {
      this.runs.splice(this.runs.indexOf(ended), 1);
      if (this.isRetired && this.running === 0) void this.end();
    };
    void ended.promise.then(leave);
    const withdraw = () => {
      if (!this.#unbegun.delete(begun)) return false;
      leave();
      begun.resolve(false);
      return true;
    };
    if (isMovable) this.#withdrawals.push(withdraw);
    const act = () => undefined;
    return { ended: ended.promise, begun: begun.promise, withdraw, isHeldUp: false, abort: act, kill: act };
  }

  readonly #withdrawals: (() => boolean)[] = [];

  fallSilent(): void {
    this.isBlocked = true;
    this.isSilent = true;
    for (const withdraw of this.#withdrawals) withdraw();
  }

  answer(): void {
    this.isBlocked = false;
    this.isSilent = false;
    this.#onAnswer();
  }

  retire(): void {
    this.isRetired = true;
    if (this.running === 0) void this.end();
  }

  exit(): void {
    this.isEnding = true;
    this.hasExited = true;
    this.#exited.resolve();
  }

  async end(): Promise<void> {
    this.ends += 1;
    this.isEnding = true;
    if (!this.isSlow) this.exit();
    await this.exited;
  }
}

const HELD: Hold = { signal: new AbortController().signal, assertHeld: () => undefined };

/** A runner over scripted threads: one that is shared, and a place for one alone, unless more are asked for. */
function createThreads({ threads: shared = 1, aloneThreads = 1 } = {}) {
  const threads: ScriptedThread[] = [];
  const out = { ofThreads: false, isSlowToLoad: false };
  const runner = createThreadRunner({
    startThread(onAnswer) {
      if (out.ofThreads) throw new Error('no thread more');
      const thread = new ScriptedThread(onAnswer);
      if (!out.isSlowToLoad) thread.load();
      threads.push(thread);
      return thread;
    },
    threads: shared,
    aloneThreads,
  });
  return {
    threads,
    out,
    runner,
    startOne: (id: string) => runner.start(work(id), { isAlone: false, ...HELD }),
    start: (isAlone = false, hold = HELD) => runner.start(work('any'), { isAlone, ...hold }),
    load: () => threads.map(({ running }) => running),
    alive: () => threads.filter(({ hasExited }) => !hasExited).length,
    thread(number: number): ScriptedThread {
      const thread = threads[number - 1];
      if (!thread) throw new Error(`there is no thread ${number}`);
      return thread;
    },
  };
}

/** As `createThreads`, and opened. */
async function openThreads(options?: Parameters<typeof createThreads>[0]) {
  const all = createThreads(options);
  await all.runner.open();
  return all;
}

t.test('uploads share the threads evenly', async (t) => {
  const { threads, start, load } = await openThreads({ threads: 2 });
  t.equal(threads.length, 2);
  for (let count = 0; count < 5; count += 1) await start();
  t.strictSame(load(), [3, 2]);
});

t.test('P8: what could begin elsewhere does not wait for a blocked thread', async (t) => {
  const { threads, start, load } = await openThreads({ threads: 2 });
  const [blocked] = threads;
  await start();
  if (blocked) blocked.unanswered = 1;
  for (let count = 0; count < 3; count += 1) await start();
  t.strictSame(load(), [1, 3]);
});

t.test('P8: an upload that has not begun in a thread that falls silent begins in another one', async (t) => {
  const { thread, start, load } = await openThreads({ threads: 2, aloneThreads: 2 });
  await start();
  await start();
  thread(1).isBlocked = true;
  const waiting = start();
  await setImmediate();
  t.strictSame(load(), [2, 1]);
  thread(1).fallSilent();
  await waiting;
  t.strictSame(load(), [1, 2]);
});

t.test('P8: what waits for a blocked thread is posted to it when it answers, and once', async (t) => {
  const { threads, thread, start } = await openThreads();
  await start();
  const alone = await start(true);
  thread(1).isBlocked = true;
  const waiting = [start(), start()];
  await setImmediate();
  t.equal(thread(1).posted, 3, 'it was not known to be blocked');
  thread(1).fallSilent();
  waiting.push(start());
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  t.equal(thread(1).posted, 3);
  thread(1).answer();
  await Promise.all(waiting);
  t.equal(thread(1).posted, 6);
  t.equal(threads.length, 2);
  thread(2).runs[0]?.resolve({ how: 'resolved' });
  await alone.ended;
});

t.test(
  'P8: where every thread is silent a fresh one begins what waits, as many as there are places',
  async (t) => {
    const { threads, thread, start, load, alive } = await openThreads({ threads: 2 });
    await start();
    await start();
    for (const silent of threads) silent.fallSilent();
    await start();
    t.strictSame(load(), [1, 1, 1], 'in place of the first one, which has an upload in it');
    const alone = start(true);
    await setImmediate();
    t.equal(threads.length, 3, 'it has the place of an upload that is alone');
    thread(3).fallSilent();
    const waiting = start();
    await setImmediate();
    t.strictSame(load(), [1, 1, 1], 'there is no other place');
    thread(1).runs[0]?.resolve({ how: 'resolved' });
    await alone;
    t.equal(thread(1).hasExited, true);
    t.equal(alive(), 3);
    thread(4).runs[0]?.resolve({ how: 'resolved' });
    await waiting;
    t.strictSame(load(), [0, 1, 1, 0, 1], 'the place is free again');
    t.equal(alive(), 3);
  },
);

t.test('P8: what waits for a blocked thread begins in the order in which it came', async (t) => {
  const { thread, start, startOne } = await openThreads();
  await start();
  await start(true);
  thread(1).isBlocked = true;
  const waiting = ['a', 'b'].map(startOne);
  await setImmediate();
  thread(1).fallSilent();
  await setImmediate();
  waiting.push(startOne('c'));
  thread(1).answer();
  await Promise.all(waiting);
  t.strictSame(thread(1).ids.slice(-3), ['a', 'b', 'c']);
});

t.test('P8: a silent thread that nothing runs in is ended and replaced', async (t) => {
  const { thread, start, load } = await openThreads();
  thread(1).isSilent = true;
  await start();
  t.equal(thread(1).isEnding, true);
  t.strictSame(load(), [0, 1]);
});

t.test('P8: all silent threads that nothing runs in are ended', async (t) => {
  const { runner, thread, start, load } = createThreads({ threads: 2, aloneThreads: 2 });
  await runner.open();
  for (const silent of [thread(1), thread(2)]) silent.isSilent = true;
  await start();
  t.strictSame([thread(1).isEnding, thread(2).isEnding], [true, true]);
  t.strictSame(load(), [0, 0, 1]);
});

t.test('P8: a silent thread that is replaced takes one place until it has ended', async (t) => {
  const { runner, thread, start, load } = createThreads({ threads: 1, aloneThreads: 2 });
  await runner.open();
  thread(1).isSilent = true;
  thread(1).isSlow = true;
  await start();
  void start(true);
  await setImmediate();
  t.strictSame(load(), [0, 1, 1]);
});

t.test('P3: an upload begins in a retired thread only where there is no other', async (t) => {
  const { thread, start, load } = await openThreads({ threads: 2 });
  await start();
  await start();
  await start(true);
  thread(1).isRetired = true;
  await start();
  t.strictSame(load(), [1, 2, 1]);
});

t.test('P3: what is no longer this worker’s while it waits for a blocked thread never begins', async (t) => {
  for (const isSilent of [false, true]) {
    const { thread, start, load } = await openThreads();
    await start();
    const alone = start(true);
    await alone;
    thread(1).isBlocked = true;
    const stopping = new AbortController();
    const waiting = start(false, { ...HELD, signal: stopping.signal });
    await setImmediate();
    if (isSilent) thread(1).fallSilent();
    await setImmediate();
    t.strictSame(load(), [isSilent ? 1 : 2, 1]);
    stopping.abort(new Error('the service stops'));
    await t.rejects(waiting, { message: 'the service stops' });
    t.strictSame(load(), [1, 1]);
  }
});

t.test(
  'P3: a lease that ran out while an upload waited for a blocked thread is noticed before it begins',
  async (t) => {
    const { thread, start } = await openThreads();
    await start();
    await start(true);
    thread(1).fallSilent();
    let isHeld = true;
    const assertHeld = () => {
      if (!isHeld) throw new Error('the lease ran out');
    };
    const waiting = start(false, { ...HELD, assertHeld });
    await setImmediate();
    isHeld = false;
    thread(1).answer();
    await t.rejects(waiting, { message: 'the lease ran out' });
    t.equal(thread(1).posted, 1);
  },
);

t.test('a thread that has ended is replaced when it is needed', async (t) => {
  const { threads, thread, start, load } = await openThreads({ threads: 2 });
  thread(1).exit();
  await start();
  t.equal(threads.length, 2, 'the other one is free');
  await start();
  t.strictSame(load(), [0, 1, 1]);
});

t.test('a retired thread is replaced, and closed with the others', async (t) => {
  const { runner, threads, thread, start, load } = await openThreads();
  await start();
  thread(1).isRetired = true;
  await start();
  t.strictSame(load(), [1, 1]);
  await runner.close();
  t.strictSame(
    threads.map(({ hasExited }) => hasExited),
    [true, true],
  );
});

t.test('P8: there are never more threads than those that are shared, and as many places', async (t) => {
  const { threads, thread, start, load, alive } = await openThreads({ threads: 2, aloneThreads: 2 });
  const most = 4;
  // Each thread that an upload comes into is retired, and its upload stays in it.
  for (let count = 0; count < 8; count += 1) {
    await start();
    for (const each of threads.filter(({ running }) => running > 0)) each.isRetired = true;
    t.ok(alive() <= most, `${alive()} threads`);
  }
  t.equal(alive(), most);
  const alone = start(true);
  await setImmediate();
  t.equal(alive(), most, 'it waits for a place');
  t.equal(
    load().reduce((sum, running) => sum + running),
    8,
    'where there is no place, a retired thread goes on',
  );
  for (const { runs } of [thread(1), thread(2)]) runs[0]?.resolve({ how: 'resolved' });
  await alone;
  await start();
  t.strictSame(load().slice(0, 2), [0, 0]);
  t.equal(alive(), most);
});

t.test('P8: a thread that is slow to end counts until it has ended', async (t) => {
  const { thread, start, load, alive } = await openThreads();
  const alone = await start(true);
  thread(1).isSlow = true;
  void thread(1).end();
  const waiting = start();
  await setImmediate();
  t.equal(alive(), 2, 'the only place is taken');
  thread(1).exit();
  await waiting;
  t.strictSame(load(), [0, 1, 1]);
  thread(2).isSlow = true;
  thread(2).runs[0]?.resolve({ how: 'resolved' });
  const next = start(true);
  await setImmediate();
  t.equal(alive(), 2);
  thread(2).exit();
  await alone.ended;
  await next;
  t.equal(alive(), 2);
});

t.test('what must be alone has a fresh thread, and waits for its place', async (t) => {
  const { thread, start, load } = await openThreads();
  const first = await start(true);
  const second = start(true);
  const gaveUp = new AbortController();
  const third = start(true, { ...HELD, signal: gaveUp.signal });
  await setImmediate();
  t.strictSame(load(), [0, 1], 'one place');
  gaveUp.abort(new Error('the service stops'));
  await t.rejects(third, { message: 'the service stops' });
  thread(2).runs[0]?.resolve({ how: 'resolved' });
  t.strictSame(await first.ended, { how: 'resolved' });
  t.equal(thread(2).hasExited, true, 'no other upload comes into that thread');
  await second;
  t.strictSame(load(), [0, 0, 1]);
  thread(3).runs[0]?.resolve({ how: 'resolved' });
  await (await second).ended;
  await start(true);
  t.strictSame(load(), [0, 0, 0, 1], 'the place of who gave up is not lost');
});

t.test(
  'P3: what must be alone begins only where it is still this worker’s when its thread is loaded',
  async (t) => {
    for (const [how, message] of [
      ['its lease is lost', 'the lease is lost'],
      ['its lease has run out, which no timer has told', 'the lease ran out'],
      ['its handler can’t be loaded', 'not loaded'],
    ] as const) {
      const { out, thread, start, alive } = await openThreads();
      out.isSlowToLoad = true;
      const lost = new AbortController();
      let isHeld = true;
      const starting = start(true, {
        signal: lost.signal,
        assertHeld() {
          if (!isHeld) throw new Error('the lease ran out');
        },
      });
      await setImmediate();
      t.equal(thread(2).posted, 0, 'nothing begins before its thread is loaded');
      if (message === 'the lease ran out') isHeld = false;
      if (message === 'not loaded') thread(2).failToLoad(new Error(message));
      else if (message === 'the lease is lost') lost.abort(new Error(message));
      else thread(2).load();
      await t.rejects(starting, { message }, how);
      t.equal(thread(2).posted, 0, how);
      t.equal(alive(), 1, 'its thread is ended');
      out.isSlowToLoad = false;
      await start(true);
      t.equal(thread(3).posted, 1, 'its place is free');
    }
  },
);

t.test('P8: nothing of an upload that has ended stays behind', async (t) => {
  const { runner, thread, start } = await openThreads();
  const { signal } = new AbortController();
  await start(false, { ...HELD, signal });
  const first = await start(true, { ...HELD, signal });
  const second = start(true, { ...HELD, signal });
  await setImmediate();
  thread(2).runs[0]?.resolve({ how: 'resolved' });
  await first.ended;
  await second;
  t.equal(getEventListeners(signal, 'abort').length, 0);
  await runner.close();
  t.equal(thread(2).ends, 1, 'it is known to have ended');
});

t.test('opened, every thread that is shared has loaded the handler', async (t) => {
  const { runner, out, thread } = createThreads({ threads: 2 });
  out.isSlowToLoad = true;
  const opening = runner.open();
  thread(1).load();
  thread(2).failToLoad(new Error('not loaded'));
  await t.rejects(opening, { message: 'not loaded' });
});

t.test('closed, every thread is ended', async (t) => {
  const { runner, threads, start } = await openThreads({ threads: 2 });
  await start(true);
  await runner.close();
  t.strictSame(
    threads.map(({ hasExited }) => hasExited),
    [true, true, true],
  );
});

t.test('a place for an upload that must be alone is not lost where no thread can be started', async (t) => {
  const { out, start } = await openThreads();
  out.ofThreads = true;
  await t.rejects(start(true), { message: 'no thread more' });
  out.ofThreads = false;
  await start(true);
});

t.test(
  'P3: what is no longer this worker’s when its place is free does not begin, and leaves the place',
  async (t) => {
    const { runner, start, load } = await openThreads();
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
