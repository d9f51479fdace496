import { setImmediate } from 'node:timers/promises';
import { DrainLimitReached } from '@upload-once/queue';
import { createLogger } from '@upload-once/runtime';
import { type Upload, UploadState } from '@upload-once/uploads';
import t from 'tap';
import { type Blame, HandlerThreadEnded, type RunEnd } from '../src/handler-runner.ts';
import { createRunHandler } from '../src/run-handler.ts';
import { createScriptedRunner } from './support/scripted-runner.ts';

const LIMIT_SECONDS = 100;
const GRACE_SECONDS = 10;
const CRASH = new HandlerThreadEnded('the handler ended its thread by process.exit(3)');

const endedBy = (blame: Blame): RunEnd => ({ how: 'thread-ended', error: CRASH, blame });

/** Attempts at uploads over a scripted runner, with timers that the test calls. */
function createAttempts() {
  const { runner, runs, run } = createScriptedRunner();
  const timers = new Set<{ delayMs: number; callback: () => void }>();
  const logLines: Record<string, unknown>[] = [];
  const runHandler = createRunHandler({
    runner,
    log: createLogger({
      service: 'processor',
      level: 'info',
      destination: { write: (line) => logLines.push(JSON.parse(line)) },
    }),
    limitSeconds: LIMIT_SECONDS,
    graceSeconds: GRACE_SECONDS,
    clock: {
      after(delayMs, callback) {
        const timer = { delayMs, callback };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
  });
  return {
    runs,
    run,
    timers,
    logLines,

    begin(options: { key?: string; isSuspect?: boolean } = {}) {
      const { key = 'uploads/file-1', isSuspect = false } = options;
      const cutOff = new AbortController();
      const attempt = { outcome: 'pending' as unknown, cutOff: (reason: Error) => cutOff.abort(reason) };
      const upload = {
        key,
        state: UploadState.processing,
        attempt: 1,
        constraints: {},
        metadata: {},
        traceparent: '',
      } as unknown as Upload;
      const event = {
        bucket: 'bucket',
        key: 'accepted/file-1',
        versionId: 'v',
        eTag: 'e',
        sizeBytes: 5,
        sequencer: '',
        eventName: 'ObjectCreated:Copy',
        storedAt: new Date(),
      };
      const hold = { signal: cutOff.signal, assertHeld: () => undefined };
      runHandler(upload, event, hold, isSuspect).then(
        () => {
          attempt.outcome = 'resolved';
        },
        (error) => {
          attempt.outcome = error;
        },
      );
      return attempt;
    },

    /** Calls what was to be called after so many seconds. */
    async pass(seconds: number) {
      await setImmediate();
      for (const timer of [...timers]) if (timer.delayMs === seconds * 1000) timer.callback();
      await setImmediate();
    },
  };
}

t.test(
  'a handler that heeds its signal after the limit: it fails as too slow, whatever it says',
  async (t) => {
    for (const said of [{ how: 'resolved' }, { how: 'rejected', error: new Error('aborted') }] as const) {
      const attempts = createAttempts();
      const attempt = attempts.begin();
      const run = await attempts.run(1);
      await attempts.pass(LIMIT_SECONDS);
      t.match(run.abortedWith, { code: 'HandlerTooSlow' });
      run.end(said);
      await setImmediate();
      t.match(attempt.outcome, { code: 'HandlerTooSlow', message: /100 seconds \(HANDLER_LIMIT_SECONDS\)/ });
      t.equal(run.isKilled, false);
      t.equal(attempts.timers.size, 0);
    }
  },
);

t.test('P3: the attempt of a deaf handler lasts until its thread has ended', async (t) => {
  const attempts = createAttempts();
  const attempt = attempts.begin();
  const run = await attempts.run(1);
  await attempts.pass(LIMIT_SECONDS);
  t.equal(run.isKilled, false, 'it has its grace');
  t.equal(attempt.outcome, 'pending', 'nothing is given to a next attempt');
  await attempts.pass(GRACE_SECONDS);
  t.equal(run.isKilled, true);
  t.equal(attempt.outcome, 'pending', 'it may still run');
  run.end(endedBy('own'));
  await setImmediate();
  t.match(attempt.outcome, { code: 'HandlerTooSlow' });
  t.equal(attempts.runs.length, 1);
  t.equal(attempts.timers.size, 0);
});

t.test('what is no longer this worker’s work has a second to end, also within a grace', async (t) => {
  for (const isLate of [false, true]) {
    const attempts = createAttempts();
    const attempt = attempts.begin();
    const run = await attempts.run(1);
    if (isLate) await attempts.pass(LIMIT_SECONDS);
    const stopping = new DrainLimitReached('the service stops');
    attempt.cutOff(stopping);
    t.equal(run.isKilled, false);
    await attempts.pass(1);
    t.equal(run.isKilled, true);
    run.end(endedBy('unknown'));
    await setImmediate();
    t.equal((attempt.outcome as { code: string }).code, 'DrainLimitReached');
    t.equal(attempts.runs.length, 1);
  }
});

t.test(
  'P3: a handler whose work is lost while it starts is told at once, and has a second to end',
  async (t) => {
    const attempts = createAttempts();
    const attempt = attempts.begin();
    const reason = new DrainLimitReached('the service stops');
    attempt.cutOff(reason);
    const run = await attempts.run(1);
    await setImmediate();
    t.equal(run.abortedWith, reason);
    await attempts.pass(1);
    t.equal(run.isKilled, true);
    run.end({ how: 'resolved' });
    await setImmediate();
    t.equal(attempt.outcome, reason);
  },
);

t.test('P3: of those whose thread ended, only the one that ends it alone fails', async (t) => {
  const attempts = createAttempts();
  const guilty = attempts.begin({ key: 'uploads/guilty' });
  const innocent = attempts.begin({ key: 'uploads/innocent' });
  const failing = attempts.begin({ key: 'uploads/failing' });
  for (const number of [1, 2, 3]) (await attempts.run(number)).end(endedBy('unknown'));
  const again = [await attempts.run(4), await attempts.run(5), await attempts.run(6)];
  t.strictSame(
    again.map(({ isAlone }) => isAlone),
    [true, true, true],
  );
  again[0]?.end(endedBy('own'));
  again[1]?.end({ how: 'resolved' });
  again[2]?.end({ how: 'rejected', error: new Error('disk full') });
  await setImmediate();
  t.equal(guilty.outcome, CRASH);
  t.equal(innocent.outcome, 'resolved');
  t.match(failing.outcome, { message: 'disk full' });
  t.match(attempts.logLines[0], { uploadId: 'guilty', isAlone: true, err: { message: CRASH.message } });

  attempts.begin({ key: 'uploads/guilty' });
  attempts.begin({ key: 'uploads/innocent' });
  t.equal((await attempts.run(7)).isAlone, true, 'it is remembered');
  t.equal((await attempts.run(8)).isAlone, false);
});

t.test('an upload whose last attempt ended without a word runs alone', async (t) => {
  const attempts = createAttempts();
  attempts.begin({ isSuspect: true });
  t.equal((await attempts.run(1)).isAlone, true);
});

t.test('who runs beside a deaf handler runs again among others, and the second time alone', async (t) => {
  const attempts = createAttempts();
  const attempt = attempts.begin();
  (await attempts.run(1)).end(endedBy('neighbour'));
  const second = await attempts.run(2);
  t.equal(second.isAlone, false);
  second.end(endedBy('neighbour'));
  const third = await attempts.run(3);
  t.equal(third.isAlone, true);
  third.end({ how: 'resolved' });
  await setImmediate();
  t.equal(attempt.outcome, 'resolved');
});

t.test('P3: a limit that passes in a blocked thread is no proof: the upload runs again, alone', async (t) => {
  const attempts = createAttempts();
  const attempt = attempts.begin();
  const run = await attempts.run(1);
  await attempts.pass(LIMIT_SECONDS);
  await attempts.pass(GRACE_SECONDS);
  run.end(endedBy('unknown'));
  const again = await attempts.run(2);
  t.equal(again.isAlone, true);
  await setImmediate();
  t.equal(attempts.timers.size, 1, 'with a whole limit');
  again.end({ how: 'resolved' });
  await setImmediate();
  t.equal(attempt.outcome, 'resolved');
});

t.test('a service that stops begins nothing again', async (t) => {
  const attempts = createAttempts();
  const attempt = attempts.begin();
  const run = await attempts.run(1);
  run.end(endedBy('unknown'));
  attempt.cutOff(new DrainLimitReached('the service stops'));
  await setImmediate();
  t.match(attempt.outcome, { code: 'DrainLimitReached' });
  t.equal(attempts.runs.length, 1);
});

t.test('only so many keys are remembered, the newest ones', async (t) => {
  const attempts = createAttempts();
  for (let number = 1; number <= 1_001; number += 1) {
    attempts.begin({ key: `uploads/${number}` });
    (await attempts.run(number)).end(endedBy('own'));
  }
  await setImmediate();
  attempts.begin({ key: 'uploads/1' });
  t.equal((await attempts.run(1_002)).isAlone, false, 'the oldest is forgotten');
  attempts.begin({ key: 'uploads/2' });
  t.equal((await attempts.run(1_003)).isAlone, true);
});

t.test('P3: in a thread that was blocked the limit fails no attempt', async (t) => {
  const attempts = createAttempts();
  const done = attempts.begin();
  const run = await attempts.run(1);
  await attempts.pass(LIMIT_SECONDS);
  run.isHeldUp = true;
  run.end({ how: 'resolved' });
  await setImmediate();
  t.equal(done.outcome, 'resolved', 'its work is done');

  for (const said of [
    { how: 'resolved', isAfterAbort: true },
    { how: 'rejected', error: new Error('aborted') },
    { how: 'thread-ended', error: CRASH, blame: 'own' },
    { how: 'thread-ended', error: CRASH, blame: 'neighbour' },
  ] as const) {
    const first = attempts.runs.length + 1;
    const key = `uploads/file-${first}`;
    const late = attempts.begin({ key });
    const shared = await attempts.run(first);
    await attempts.pass(LIMIT_SECONDS);
    shared.isHeldUp = true;
    shared.end(said);
    const alone = await attempts.run(first + 1);
    t.equal(alone.isAlone, true, 'it runs again, where nothing can block it but itself');
    t.equal(late.outcome, 'pending');
    t.match(attempts.logLines.at(-1), { uploadId: `file-${first}`, msg: /runs again, alone/, err: {} });
    await attempts.pass(LIMIT_SECONDS);
    alone.isHeldUp = true;
    alone.end(said);
    await setImmediate();
    t.match(late.outcome, { code: 'HandlerTooSlow' });
    t.equal(attempts.runs.length, first + 1, 'once');
  }
});

t.test('P3: in a thread that was blocked an error of a handler fails no attempt', async (t) => {
  const attempts = createAttempts();
  const attempt = attempts.begin({ key: 'uploads/timed-out' });
  const shared = await attempts.run(1);
  shared.isHeldUp = true;
  shared.end({ how: 'rejected', error: new Error('the other service did not respond') });
  const alone = await attempts.run(2);
  t.equal(alone.isAlone, true, 'a time-out of its own may have passed meanwhile');
  alone.isHeldUp = true;
  alone.end({ how: 'rejected', error: new Error('no such customer') });
  await setImmediate();
  t.match(attempt.outcome, { message: 'no such customer' });
  t.equal(attempts.runs.length, 2);
});

t.test(
  'a handler whose thread can’t be ended is reported as that, blocked or not, and does not run again',
  async (t) => {
    for (const isHeldUp of [false, true]) {
      const attempts = createAttempts();
      const attempt = attempts.begin();
      const run = await attempts.run(1);
      run.isHeldUp = isHeldUp;
      await attempts.pass(LIMIT_SECONDS);
      await attempts.pass(GRACE_SECONDS);
      run.end({ how: 'thread-ended', error: CRASH, blame: 'own', isStuck: true });
      await setImmediate();
      t.match(attempt.outcome, { code: 'HandlerStuck', message: /100 seconds .+ could not be ended/ });
      t.equal(attempts.runs.length, 1);
    }
  },
);
