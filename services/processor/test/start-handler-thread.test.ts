import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import t, { type Test } from 'tap';
import { eventually } from '../../../test/support/eventually.ts';
import { startLocalCloud } from '../../../test/support/local-cloud.ts';
import { HandlerThreadEnded } from '../src/handler-runner.ts';
import { startThread, work } from './support/thread-of-handlers.ts';

const ALL_OF_IT = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity };

t.test('a handler is told of its upload, and how it ends is told', async (t) => {
  const { thread, lines } = startThread(t);
  await thread.loaded;
  t.strictSame(await thread.start(work('succeed')).ended, { how: 'resolved' });
  const failed = await thread.start(work('fail')).ended;
  t.match(failed, {
    how: 'rejected',
    error: { name: 'Error', message: 'disk full', code: 'ENOSPC', cause: { message: 'no number' } },
  });
  const text = await thread.start(work('fail with a text')).ended;
  t.strictSame(text, { how: 'rejected', error: 'no error at all' });
  t.match(await thread.start(work('change directory')).ended, {
    how: 'rejected',
    error: { code: 'ERR_WORKER_UNSUPPORTED_OPERATION' },
  });
  t.match(lines[0], {
    level: 'info',
    service: 'processor',
    uploadId: 'succeed',
    attempt: 3,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    idempotencyKey: 'succeed',
    secretAccessKey: '[Redacted]',
    at: Date.parse('2026-01-01T00:00:01.000Z'),
    msg: 'began',
  });
  t.equal(thread.running, 0);
});

t.test('a handler opens the accepted object in its own thread', async (t) => {
  const cloud = await startLocalCloud(t);
  const env = cloud.envFor(cloud.queues.acceptedEvents);
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_ENDPOINT_URL_S3'])
    process.env[name] = env[name];
  const versionId = await cloud.put('accepted/read', 'content');
  const { thread, lines } = startThread(t, { bucket: cloud.bucket });
  t.strictSame(await thread.start(work('read', { versionId })).ended, { how: 'resolved' });
  t.match(lines.at(-1), {
    msg: 'read',
    text: 'content',
    contentType: 'text/plain',
    metadata: { of: 'mine' },
  });
  t.match(await thread.start(work('read', { versionId, key: 'accepted/other' })).ended, {
    how: 'rejected',
    error: { code: 'AcceptedObjectGone' },
  });
});

t.test('a signal is aborted in the thread, with an equal reason', async (t) => {
  const { thread } = startThread(t);
  const run = thread.start(work('heed'));
  const beside = thread.start(work('heed'));
  run.abort(Object.assign(new Error('too slow'), { code: 'HandlerTooSlow' }));
  t.match(await run.ended, { how: 'rejected', error: { message: 'too slow', code: 'HandlerTooSlow' } });
  t.equal(thread.running, 1);
  beside.abort(new Error('stop'));
  t.match(await beside.ended, { how: 'rejected', error: { message: 'stop' } });
});

t.test(
  'a handler that ends its thread ends all that runs there, and nothing tells which it was',
  async (t) => {
    for (const [id, message] of [
      ['exit', 'the handler ended its thread by process.exit(3)'],
      ['throw outside', 'the handler threw outside its promise: Error: password=[Redacted]'],
      ['reject outside', 'the handler threw outside its promise: Error: not awaited'],
    ] as const) {
      const { thread, lines } = startThread(t);
      const beside = thread.start(work('heed'));
      const done = thread.start(work('succeed'));
      const run = thread.start(work(id));
      for (const { ended } of [run, beside]) {
        const end = await ended;
        t.match(end, { how: 'thread-ended', blame: 'unknown', error: { message } }, id);
        t.ok(end.how === 'thread-ended' && end.error instanceof HandlerThreadEnded);
      }
      t.strictSame(await done.ended, { how: 'resolved' }, 'what had ended before is not lost');
      t.equal(thread.isEnding, true);
      if (id === 'exit') t.match(lines.at(-1), { msg: 'the last words' });
    }
  },
);

t.test('alone in its thread it was that one', async (t) => {
  const { thread } = startThread(t);
  t.match(await thread.start(work('throw outside')).ended, {
    how: 'thread-ended',
    blame: 'own',
    error: { cause: { code: 'ENOSPC' } },
  });
});

t.test('who does not heed its signal is told from those beside it', async (t) => {
  const { thread } = startThread(t);
  const beside = thread.start(work('heed'));
  const deaf = thread.start(work('deaf'));
  deaf.abort(new Error('too slow'));
  // The answer to this comes after the answer to that.
  const last = thread.start(work('succeed'));
  await last.ended;
  deaf.kill();
  t.match(await deaf.ended, { how: 'thread-ended', blame: 'own' });
  t.match(await beside.ended, { how: 'thread-ended', blame: 'neighbour' });
});

t.test('P3: in a blocked thread nothing tells who blocks it', async (t) => {
  const { thread } = startThread(t);
  const late = thread.start(work('heed'));
  const blocking = thread.start(work('block'));
  await thread.loaded;
  late.abort(new Error('too slow'));
  late.kill();
  t.match(await late.ended, { how: 'thread-ended', blame: 'unknown' });
  t.match(await blocking.ended, { how: 'thread-ended', blame: 'unknown' });
});

t.test('P8: what a blocked thread has not begun is withdrawn, and never begins there', async (t) => {
  const { thread, lines } = startThread(t);
  const done = join(t.testdir(), 'done');
  await thread.loaded;
  const blocking = thread.start(work('block until done', { metadata: { done } }));
  await blocking.begun;
  const staying = thread.start(work('succeed'));
  const moving = thread.start(work('fail'), true);
  t.equal(await moving.begun, false);
  t.equal(thread.isSilent, true);
  t.equal(thread.running, 2);
  writeFileSync(done, '');
  t.strictSame(await staying.ended, { how: 'resolved' });
  t.equal(blocking.withdraw(), false, 'what has begun stays');
  // The answer to this comes after what the thread makes of the withdrawn run.
  await thread.start(work('succeed'), true).ended;
  await eventually(
    async () => thread.isSilent,
    (isSilent) => !isSilent,
  );
  t.equal(lines.filter(({ msg }) => msg === 'began').length, 3);
});

t.test('a thread says when it is blocked: it does not respond', async (t) => {
  const { thread } = startThread(t);
  await thread.loaded;
  const run = thread.start(work('heed'));
  t.equal(thread.unanswered, 1);
  await eventually(
    async () => thread.unanswered,
    (unanswered) => unanswered === 0,
  );
  t.equal(thread.running, 1);
  run.abort(new Error('stop'));
  await run.ended;
});

t.test('a warning in a thread is a log line, its secrets redacted', async (t) => {
  const { thread, lines } = startThread(t);
  thread.start(work('warn'));
  await eventually(
    async () => lines.length,
    (count) => count === 2,
  );
  t.match(lines[1], { level: 'warn', err: { message: 'password=[Redacted] is old' } });
});

for (const [id, count] of [
  ['log much', 2_001],
  ['print much', 2_000],
] as const) {
  t.test(`P3: told to ${id}, a handler waits while the main thread does not write it`, async (t) => {
    const done = join(t.testdir(), 'done');
    let isHeldBack: boolean | undefined;
    const { thread, lines, printed } = startThread(t, {
      onOutput() {
        if (isHeldBack !== undefined || lines.length + printed.length < 2) return;
        // The main thread reads nothing now. A handler that did not wait would be done in a part of this time.
        const clock = new Int32Array(new SharedArrayBuffer(4));
        for (let looks = 0; looks < 100 && !existsSync(done); looks += 1) Atomics.wait(clock, 0, 0, 20);
        isHeldBack = !existsSync(done);
      },
    });
    t.strictSame(await thread.start(work(id, { metadata: { done } })).ended, { how: 'resolved' });
    t.equal(isHeldBack, true);
    t.equal(id === 'log much' ? lines.length : printed.length, count, 'and nothing of it is lost');
  });
}

t.test('P3: a handler that prints more than is read waits, and fills no memory', async (t) => {
  const done = join(t.testdir(), 'done');
  let isRead = false;
  const unread: (() => void)[] = [];
  const { thread, printed } = startThread(t, {
    onWritten(written) {
      if (isRead) written();
      else unread.push(written);
    },
  });
  const run = thread.start(work('print much', { metadata: { done } }));
  await Promise.race([
    run.ended,
    eventually(
      async () => run.isHeldUp,
      (isHeldUp) => isHeldUp,
    ),
  ]);
  const bytes = printed.join('').length;
  t.ok(bytes <= 1_048_576 && !existsSync(done), `${bytes} of 4,002,000 bytes came`);
  isRead = true;
  for (const written of unread) written();
  t.strictSame(await run.ended, { how: 'resolved' });
  t.equal(printed.length, 2_000);
});

t.test('P3: a handler that logs without an end is ended like any other that is deaf', async (t) => {
  const { thread, lines } = startThread(t);
  const run = thread.start(work('log for ever'));
  await eventually(
    async () => lines.length,
    (count) => count > 1_000,
  );
  run.abort(new Error('too slow'));
  run.kill();
  t.match(await run.ended, { how: 'thread-ended', blame: 'own' });
});

t.test(
  'P3: empty output without an end comes in turns, and the main thread does other work between them',
  async (t) => {
    let inTurn = 0;
    let most = 0;
    let isOver = false;
    const { thread, printed } = startThread(t, {
      onOutput() {
        inTurn += 1;
        most = Math.max(most, inTurn);
      },
    });
    const countTurns = () => {
      inTurn = 0;
      if (!isOver) setImmediate(countTurns);
    };
    countTurns();
    const run = thread.start(work('print for ever'));
    await eventually(
      async () => printed.length,
      (count) => count > 20_000,
    );
    run.kill();
    await run.ended;
    isOver = true;
    t.ok(most < 10_000, `${most} messages in one turn`);
  },
);

t.test('P3: what a handler posts without an end fills no memory of the main thread', async (t) => {
  const { thread } = startThread(t);
  await thread.loaded;
  const before = process.memoryUsage.rss();
  const run = thread.start(work('post without an end'));
  await eventually(
    async () => run.isHeldUp,
    (isHeldUp) => isHeldUp,
  );
  const grown = process.memoryUsage.rss() - before;
  run.kill();
  await run.ended;
  t.ok(grown < 256 * 1024 ** 2, `${Math.round(grown / 1024 ** 2)} MiB`);
});

t.test(
  'a stream that a handler has opened and not read ends with its signal, and its thread goes on',
  async (t) => {
    const cloud = await startLocalCloud(t);
    const env = cloud.envFor(cloud.queues.acceptedEvents);
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_ENDPOINT_URL_S3'])
      process.env[name] = env[name];
    const versionId = await cloud.put('accepted/open and wait', 'x'.repeat(1_000_000));
    const { thread, lines } = startThread(t, { bucket: cloud.bucket });
    const run = thread.start(work('open and wait', { versionId }));
    await eventually(
      async () => lines.map(({ msg }) => msg),
      (messages) => messages.includes('opened'),
    );
    run.abort(new Error('too slow'));
    t.strictSame(await run.ended, { how: 'resolved', isAfterAbort: true });
    t.equal(lines.at(-1)?.['msg'], 'cleaned up');
  },
);

t.test('P3: of a thread that does not respond for a while it is known', async (t) => {
  const { thread } = startThread(t);
  const heeding = thread.start(work('heed'));
  const done = join(t.testdir(), 'done');
  const blocking = thread.start(work('any', { metadata: { do: 'block until done', done } }));
  t.equal(heeding.isHeldUp, false);
  await eventually(
    async () => heeding.isHeldUp,
    (isHeldUp) => isHeldUp,
  );
  writeFileSync(done, '');
  t.strictSame(await blocking.ended, { how: 'resolved' });
  const later = thread.start(work('succeed'));
  t.strictSame(await later.ended, { how: 'resolved' });
  t.equal(later.isHeldUp, false, 'what begins later is not');
});

t.test('P8: a thread that crashes and blocks in an exit listener is ended after a while', async (t) => {
  const endLimits: (() => void)[] = [];
  const { thread } = startThread(t, {
    endLimitSeconds: 7,
    clock: {
      after(delayMs, callback) {
        if (delayMs === 7_000) endLimits.push(callback);
        return () => undefined;
      },
    },
  });
  const done = join(t.testdir(), 'never');
  const run = thread.start(
    work('any', { metadata: { do: 'throw outside, and block as the thread exits', done } }),
  );
  await eventually(
    async () => endLimits.length,
    (count) => count === 1,
  );
  endLimits[0]?.();
  t.match(await run.ended, {
    how: 'thread-ended',
    blame: 'own',
    error: { message: 'the handler threw outside its promise: Error: password=[Redacted]' },
  });
});

t.test(
  'a thread that can’t be ended is given up: only the end of an upload that was always alone there is known',
  async (t) => {
    for (const count of [1, 2]) {
      const stuck = Promise.withResolvers<void>();
      const { thread } = startThread(t, { endLimitSeconds: 0, onEndLimit: stuck.resolve });
      const beside = count === 2 ? thread.start(work('heed')) : undefined;
      const done = join(t.testdir(), 'done');
      const run = thread.start(work('any', { metadata: { do: 'wait for a child process', done } }));
      await eventually(
        async () => existsSync(done),
        (isBegun) => isBegun,
      );
      run.kill();
      await stuck.promise;
      const first = await Promise.race([run.ended, ...(beside ? [beside.ended] : []), thread.end()]);
      if (count === 1) t.match(first, { how: 'thread-ended', blame: 'own', isStuck: true });
      else t.equal(first, undefined, 'no end of a run is told');
    }
  },
);

t.test('what a handler itself posts to the main thread is no message of its thread', async (t) => {
  const { thread, lines } = startThread(t);
  t.match(await thread.start(work('post to the main thread')).ended, {
    how: 'rejected',
    error: { message: 'the real end' },
  });
  t.equal(lines.length, 1);
});

t.test('P3: what a handler throws is small and without secrets when the main thread gets it', async (t) => {
  const { thread } = startThread(t, { heapMib: 256 });
  for (const [id, said] of [
    ['throw bytes', '[Buffer, 4194304 bytes]'],
    ['throw a long message', '[cut, of 2400000 characters]'],
    ['throw many errors', ' more]'],
    ['throw something deep', 'too deep'],
    ['throw no error', 'too deep'],
  ] as const) {
    const end = await thread.start(work(id)).ended;
    const text = inspect(end, { ...ALL_OF_IT, showHidden: true });
    t.equal(end.how, 'rejected', id);
    t.ok(text.includes(said), `${id}: ${text.slice(0, 300)}`);
    t.ok(text.length < 200_000, `${id}: ${text.length} characters`);
    t.notMatch(text, 'of-the-handler');
  }
});

t.test('P3: what a handler throws outside its promise is as small', async (t) => {
  const { thread } = startThread(t, { heapMib: 256 });
  const end = await thread.start(work('throw much outside')).ended;
  t.match(end, {
    how: 'thread-ended',
    blame: 'own',
    error: {
      message: /^the handler threw outside its promise: Error: password=\[Redacted\]$/,
      cause: { code: 'ENOSPC', body: '[Buffer, 4194304 bytes]' },
    },
  });
  t.match(inspect(end, ALL_OF_IT), /too deep/);
});

t.test('P3: a thread that says what can’t be read is ended, and no run waits for its limit', async (t) => {
  const { thread } = startThread(t);
  t.match(await thread.start(work('say what can’t be read')).ended, {
    how: 'thread-ended',
    blame: 'own',
    error: { message: /^the handler's thread sent a message that can't be read: / },
  });
});

t.test('P8: a run has begun, and can be ended, whatever a handler before it has broken', async (t) => {
  const { thread } = startThread(t);
  await thread.start(work('break what a run needs')).ended;
  const run = thread.start(work('succeed'));
  t.equal(await run.begun, true);
  run.kill();
  t.match(await run.ended, { how: 'thread-ended' });
});

t.test('what a handler prints in pieces of a character, or in another encoding, is text', async (t) => {
  const { thread, printed } = startThread(t);
  await thread.start(work('print in pieces and encodings')).ended;
  t.equal(printed.join(''), 'ééé\n');
});

t.test('P3: what a handler prints and logs is bounded for each line', async (t) => {
  const { thread, lines, printed } = startThread(t);
  await thread.start(work('print a long line')).ended;
  t.match(printed.join(''), /^x{65536}\[cut, of 1000000 characters\]\nthe next line\n$/);
  t.match(lines.at(-1), { msg: 'printed', text: /^x+\[cut, of 1000000 characters\]$/ });
});

/** Whether a thread still says something, in the time that another one takes to start and to run a handler. */
async function isAtWork(t: Test, lines: readonly unknown[]): Promise<boolean> {
  const before = lines.length;
  await startThread(t).thread.start(work('succeed')).ended;
  return lines.length > before;
}

t.test('P3: a run that ends with its signal ends when nothing of it runs any more', async (t) => {
  const { thread, lines, timers } = startThread(t);
  await thread.start(work('succeed')).ended;
  const run = thread.start(work('leave work behind'));
  await eventually(
    async () => lines.length,
    (count) => count > 5,
  );
  run.abort(new Error('too slow'));
  const end = await run.ended;
  t.equal(timers.size, 0, 'its thread has ended: nothing waits for that, or for an answer');
  t.match(end, { how: 'rejected', error: { message: 'too slow' } });
  t.equal(await isAtWork(t, lines), false);
});

t.test('P3: beside others such a run ends at once, and its thread with the last of them', async (t) => {
  const { thread, lines } = startThread(t);
  const done = join(t.testdir(), 'done');
  const beside = thread.start(work('any', { metadata: { do: 'wait until done', done } }));
  const run = thread.start(work('leave work behind'));
  await eventually(
    async () => lines.length,
    (count) => count > 5,
  );
  run.abort(new Error('too slow'));
  t.match(await run.ended, { how: 'rejected', error: { message: 'too slow' } });
  t.equal(thread.isRetired, true, 'it should take no more uploads');
  t.equal(thread.running, 1);
  t.equal(await isAtWork(t, lines), true, 'the other one goes on, and so does what was left behind');
  writeFileSync(done, '');
  t.strictSame(await beside.ended, { how: 'resolved' });
  await eventually(
    () => isAtWork(t, lines),
    (isSo) => !isSo,
  );
});
