// Real threads of handlers under time that the test moves: what a handler that blocks, or does not end, costs the uploads beside it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '@upload-once/runtime';
import { acceptedKeyOf, type Upload, UploadState } from '@upload-once/uploads';
import t, { type Test } from 'tap';
import { eventually } from '../../../test/support/eventually.ts';
import { createRunHandler } from '../src/run-handler.ts';
import { createThreadRunner } from '../src/thread-runner.ts';
import { createDelivery, createHarness, LEASE_SECONDS } from './harness.ts';
import { startThread } from './support/thread-of-handlers.ts';

const LIMIT_SECONDS = 100;
const GRACE_SECONDS = 10;

/** One thread that uploads share. */
function startThreads(t: Test) {
  let began = 0;
  const looks = new Set<() => void>();
  const threads: ReturnType<typeof startThread>[] = [];
  const runner = createThreadRunner({
    threads: 1,
    aloneThreads: 1,
    startThread(onAnswer) {
      const started = startThread(t, {
        onAnswer,
        onOutput() {
          if (started.lines.at(-1)?.['msg'] !== 'began') return;
          began += 1;
          for (const look of looks) look();
        },
      });
      threads.push(started);
      return started.thread;
    },
  });
  return {
    runner,
    threads,
    /** Resolves when so many runs of handlers have begun. */
    runsBegan: (count: number) =>
      new Promise<void>((resolve) => {
        const look = () => began >= count && resolve();
        looks.add(look);
        look();
      }),
  };
}

t.test('P3, P8: a handler that blocks its thread costs no upload its lease', async (t) => {
  const { runner, runsBegan } = startThreads(t);
  await runner.open();
  const harness = createHarness(async () => undefined, { runner });
  const done = join(t.testdir(), 'done');
  const uploads = await Promise.all(
    Array.from({ length: 3 }, () => harness.accepted({ metadata: { do: 'block until done', done } })),
  );
  const deliveries = uploads.map(() => createDelivery());
  const works = uploads.map(({ event }, at) =>
    harness.processAccepted(event, deliveries[at]?.delivery ?? createDelivery().delivery),
  );
  await runsBegan(1);
  // The thread is blocked now, for three times as long as a lease lasts.
  for (let beats = 0; beats < 6; beats += 1) {
    await harness.passAwake(LEASE_SECONDS / 2);
    for (const { heartbeat } of deliveries) await heartbeat();
    for (const { key, event } of uploads) {
      t.match(await harness.uploads.get(key), { state: UploadState.processing, attempt: 1 });
      await t.rejects(harness.deliver(event), { code: 'RetryLater' }, 'no other worker can take it over');
    }
  }
  writeFileSync(done, '');
  await Promise.all(works);
  for (const { key } of uploads)
    t.match(await harness.uploads.get(key), { state: UploadState.processed, attempt: 1 });
  t.equal(harness.runs.length, 3, 'each ran once');
});

/** Attempts in real threads, with timers that the test calls. */
function prepareAttempts(t: Test) {
  const { runner, threads, runsBegan } = startThreads(t);
  const timers: { readonly delayMs: number; readonly callback: () => void }[] = [];
  const runHandler = createRunHandler({
    runner,
    log: createLogger({ service: 'processor', level: 'silent', destination: { write() {} } }),
    limitSeconds: LIMIT_SECONDS,
    graceSeconds: GRACE_SECONDS,
    clock: {
      after(delayMs, callback) {
        timers.push({ delayMs, callback });
        return () => undefined;
      },
    },
  });
  const folder = t.testdir();
  const { signal } = new AbortController();
  return {
    runner,
    threads,
    runsBegan,
    /** What the handler in fixtures/in-thread.ts waits for, where it is told to. */
    done: (name: string) => writeFileSync(join(folder, name), ''),
    /** Calls the first timer of so many seconds. */
    pass: (passed: number) => timers.find(({ delayMs }) => delayMs === passed * 1000)?.callback(),
    begunInEach: () => threads.map(({ lines }) => lines.filter(({ msg }) => msg === 'began').length),
    begin(name: string, told: string) {
      const key = `uploads/${name}`;
      const metadata = { do: told, done: join(folder, name) };
      const upload = {
        key,
        state: UploadState.processing,
        attempt: 1,
        constraints: {},
        metadata,
        traceparent: '',
      };
      const version = { bucket: 'bucket', key: acceptedKeyOf(key), versionId: 'v', eTag: 'e', sizeBytes: 5 };
      const event = { ...version, sequencer: '', eventName: 'ObjectCreated:Copy', storedAt: new Date() };
      return runHandler(upload as unknown as Upload, event, { signal, assertHeld: () => undefined }, false);
    },
  };
}

t.test('P3: who runs beside a deaf handler runs again, within the same attempt', async (t) => {
  const attempts = prepareAttempts(t);
  await attempts.runner.open();
  const deaf = attempts.begin('deaf', 'never end');
  await attempts.runsBegan(1);
  const others = ['a', 'b', 'c'].map((name) => attempts.begin(name, 'end when it runs again'));
  await attempts.runsBegan(4);
  attempts.pass(LIMIT_SECONDS);
  attempts.done('last');
  // What the thread answers to this comes after what it answers to the abort.
  await attempts.begin('last', 'end when it runs again');
  attempts.pass(GRACE_SECONDS);
  await t.rejects(deaf, { code: 'HandlerTooSlow' });
  await Promise.all(others);
  t.strictSame(attempts.begunInEach(), [5, 3], 'again among others, in one fresh thread');
});

t.test('P3: a handler that returns because of its signal, late by a block, runs again', async (t) => {
  const attempts = prepareAttempts(t);
  await attempts.runner.open();
  const polite = attempts.begin('polite', 'return when done or aborted');
  await attempts.runsBegan(1);
  const blocking = attempts.begin('blocking', 'block until done');
  await eventually(
    async () => attempts.threads[0]?.thread.isSilent,
    (isSilent) => isSilent === true,
  );
  attempts.pass(LIMIT_SECONDS);
  attempts.done('blocking');
  await blocking;
  const next = await Promise.race([
    polite.then(() => 'its work counts as done'),
    attempts.runsBegan(3).then(() => 'it runs again'),
  ]);
  t.equal(next, 'it runs again');
  attempts.done('polite');
  await polite;
  t.strictSame(attempts.begunInEach(), [2, 1], 'alone');
});
