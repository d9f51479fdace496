import type { Message } from '@aws-sdk/client-sqs';
import t, { type Test } from 'tap';
import { Journal } from '../../../test/support/journal.ts';
import { GATHER_MS } from '../src/gather.ts';
import { type Delivery, DrainLimitReached, GIVE_BACK_SECONDS } from '../src/index.ts';
import { prepareConsumer } from './prepare-consumer.ts';
import { matchEvents } from './recording-observer.ts';

/** What `stop` leaves to handlers after the limit; see `Consumer.stop`. */
const SETTLE_MS = 2000;

async function prepare(
  t: Test,
  options: { readonly concurrency: number; readonly maxReceiveCount?: number },
) {
  const began = new Journal<Delivery>();
  const work = Promise.withResolvers<void>();
  const prepared = await prepareConsumer(t, {
    ...options,
    visibilitySeconds: 600,
    async handle(delivery) {
      began.add(delivery);
      await work.promise;
    },
  });
  return { ...prepared, began, work };
}

type Prepared = Awaited<ReturnType<typeof prepare>>;

/** As `prepare`; and the handlers of these messages have begun. */
async function working(t: Test, options: Parameters<typeof prepare>[1], ...bodies: string[]) {
  const prepared = await prepare(t, options);
  await prepared.queue.send(...(bodies.length > 0 ? bodies : ['one']));
  await prepared.consumer.start();
  await prepared.began.until(({ length }) => length === Math.max(1, bodies.length));
  return prepared;
}

/** Lets the copies of what is given back be sent, and then the messages themselves be deleted, until `stopped`. */
async function untilGivenBack({ clock, queue }: Prepared, stopped: Promise<void>): Promise<void> {
  await clock.advanceWhenSet(GATHER_MS);
  await queue.completed.until((calls) => calls.some(({ name }) => name === 'SendMessageBatch'));
  await clock.advanceWhenSet(GATHER_MS, 2);
  await stopped;
}

function receivesOf({ Attributes, MessageAttributes }: Message): (string | undefined)[] {
  return [Attributes?.ApproximateReceiveCount, MessageAttributes?.['upload-once-receives']?.StringValue];
}

/** Holds each poll until the test gives the response of SQS, which comes whether or not its client still listens. */
function holdPolls({ queue }: Prepared) {
  const polled = Promise.withResolvers<void>();
  const { promise: response, resolve } = Promise.withResolvers<readonly Message[]>();
  queue.hook('ReceiveMessage', async () => {
    polled.resolve();
    return { output: { Messages: await response } };
  });
  return { polled: polled.promise, respond: resolve };
}

const isPoll = ({ name }: { readonly name: string }) => name === 'ReceiveMessage';

t.test('stop lets the poll in flight end, and begins no other', async (t) => {
  const prepared = await prepare(t, { concurrency: 1 });
  const { clock, queue, observed, consumer } = prepared;
  const { polled, respond } = holdPolls(prepared);
  await consumer.start();
  await polled;
  let isStopped = false;
  const stopped = consumer.stop(60).then(() => {
    isStopped = true;
  });
  clock.advance(20_000);
  await new Promise(setImmediate);
  t.equal(isStopped, false, 'it waits for the end of the long poll');
  respond([]);
  await stopped;
  t.match(queue.completed.entries.filter(isPoll), [{ error: undefined }]);
  t.equal(queue.sent.count(isPoll), 1);
  t.same(observed.entries, []);
  t.equal(clock.pendingCount, 0);
});

for (const [when, afterMs] of [
  ['', 19_000],
  [', even a second after the limit', 61_000],
] as const) {
  t.test(`P3: what SQS gives to the last poll is back at once, with its receives${when}`, async (t) => {
    const prepared = await prepare(t, { concurrency: 2 });
    const { clock, queue, observed, began, consumer } = prepared;
    const { polled, respond } = holdPolls(prepared);
    await consumer.start();
    await polled;
    const stopped = consumer.stop(60);
    clock.advance(afterMs);
    await queue.send('one');
    respond(await queue.receive(queue.queueUrl));
    await untilGivenBack(prepared, stopped);
    const back = await queue.receive(queue.queueUrl);
    t.same(back.map(receivesOf), [['1', '0']], 'as if no consumer had received it');
    t.equal(await queue.depth(), 1);
    t.same(began.entries, []);
    matchEvents(t, observed, [{ event: 'givenBack', cutOffs: 0 }]);
    t.equal(clock.pendingCount, 0);
  });
}

t.test('a poll to which SQS does not respond is cut off two seconds after the limit', async (t) => {
  const prepared = await prepare(t, { concurrency: 1 });
  const { clock, observed, consumer } = prepared;
  const { polled } = holdPolls(prepared);
  await consumer.start();
  await polled;
  let isStopped = false;
  const stopped = consumer.stop(60).then(() => {
    isStopped = true;
  });
  clock.advance(60_000);
  await clock.untilSet(GIVE_BACK_SECONDS * 1000);
  clock.advance(1_999);
  await new Promise(setImmediate);
  t.equal(isStopped, false);
  clock.advance(1);
  await stopped;
  t.same(observed.entries, [], 'which is no failure');
  t.equal(clock.pendingCount, 0);
});

t.test('stop awaits the work in flight, its deletes included', async (t) => {
  const { clock, queue, observed, began, work, consumer } = await working(
    t,
    { concurrency: 2 },
    'one',
    'two',
  );
  let isStopped = false;
  const stopped = consumer.stop(60).then(() => {
    isStopped = true;
  });
  clock.advance(59_000);
  await new Promise(setImmediate);
  t.equal(isStopped, false);
  t.equal(began.entries[0]?.signal.aborted, false, 'the work may go on');

  const deleting = queue.hold('DeleteMessageBatch');
  work.resolve();
  await clock.advanceWhenSet(GATHER_MS);
  await queue.sent.until((calls) => calls.some(({ name }) => name === 'DeleteMessageBatch'));
  t.equal(isStopped, false, 'handled is not deleted');
  deleting.resolve();
  await stopped;
  t.equal(await queue.depth(), 0);
  t.same(observed.entries, []);
});

t.test(
  'after the limit the rest is aborted, and given back although its handler does not settle',
  async (t) => {
    const prepared = await working(t, { concurrency: 2 }, 'one', 'two');
    const { clock, queue, observed, began, work, consumer } = prepared;
    const stopped = consumer.stop(60);
    t.equal(consumer.stop(1) instanceof Promise, true, 'a second call changes nothing');
    clock.advance(59_999);
    t.equal(began.entries[0]?.signal.aborted, false);
    clock.advance(1);
    await clock.advanceWhenSet(SETTLE_MS, 2);
    await untilGivenBack(prepared, stopped);
    for (const { signal } of began.entries) {
      t.type(signal.reason, DrainLimitReached);
      t.match(signal.reason, { code: 'DrainLimitReached', message: /no longer than 60 s/ });
    }
    const back = await queue.receive(queue.queueUrl);
    t.same(back.map(({ Body }) => Body).sort(), ['one', 'two'], 'another consumer has them without a wait');
    t.same(
      back.map(receivesOf),
      [
        ['1', '0'],
        ['1', '0'],
      ],
      'as if they had not been received',
    );
    t.equal(await queue.depth(), 2, 'once each');
    matchEvents(t, observed, [{ event: 'givenBack' }, { event: 'givenBack' }]);
    t.equal(clock.pendingCount, 0, 'no heartbeat goes on');

    const sent = queue.sent.entries.length;
    work.resolve();
    await new Promise(setImmediate);
    t.equal(clock.pendingCount, 0);
    t.equal(queue.sent.entries.length, sent, 'what the handlers do now has no effect on the messages');
  },
);

t.test('a handler that fails when it is aborted does not have its message wait', async (t) => {
  const prepared = await working(t, { concurrency: 1 });
  const { clock, queue, observed, began, work, consumer } = prepared;
  const signal = began.entries[0]?.signal;
  signal?.addEventListener('abort', () => work.reject(signal.reason));
  const stopped = consumer.stop(0);
  clock.advance(0);
  await untilGivenBack(prepared, stopped);
  t.same((await queue.receive(queue.queueUrl)).map(receivesOf), [['1', '0']]);
  matchEvents(t, observed, [{ event: 'givenBack' }]);
});

t.test('a handler frees what it holds before another consumer has its message', async (t) => {
  const prepared = await working(t, { concurrency: 1 });
  const { clock, queue, observed, began, work, consumer } = prepared;
  const stopped = consumer.stop(0);
  clock.advance(0);
  await clock.untilSet(SETTLE_MS);
  t.equal(began.entries[0]?.signal.aborted, true);
  clock.advance(SETTLE_MS - GATHER_MS - 1);
  await new Promise(setImmediate);
  clock.advance(GATHER_MS);
  await new Promise(setImmediate);
  t.equal(queue.countSent('SendMessageBatch'), 0, 'the lease in the table is still held');
  work.reject(new Error('the lease was released'));
  await untilGivenBack(prepared, stopped);
  t.equal((await queue.receive(queue.queueUrl)).length, 1);
  matchEvents(t, observed, [{ event: 'givenBack' }]);
  t.equal(clock.pendingCount, 0);
});

t.test('a handler that finishes although it was aborted has handled its message', async (t) => {
  const { clock, queue, observed, work, consumer } = await working(t, {
    concurrency: 1,
    maxReceiveCount: 1,
  });
  const stopped = consumer.stop(0);
  clock.advance(0);
  await clock.untilSet(SETTLE_MS);
  work.resolve();
  await clock.advanceWhenSet(GATHER_MS);
  await stopped;
  t.equal(await queue.depth(), 0);
  t.same(observed.entries, []);
});

t.test('neither a handler that never settles nor an SQS that is silent holds up the stop', async (t) => {
  const { clock, queue, began, consumer } = await prepare(t, { concurrency: 1 });
  queue.hook('SendMessageBatch', () => new Promise(() => undefined));
  await queue.send('one');
  await consumer.start();
  await began.until(({ length }) => length === 1);
  const stopped = consumer.stop(60);
  clock.advance(60_000);
  await clock.advanceWhenSet(SETTLE_MS);
  await clock.advanceWhenSet(GATHER_MS);
  await queue.sent.until((calls) => calls.some(({ name }) => name === 'SendMessageBatch'));
  clock.advance(GIVE_BACK_SECONDS * 1000 - SETTLE_MS - 5);
  await stopped;
});

t.test(
  'P3: where SQS takes no copy the message itself is given back, and a last receive is reported',
  async (t) => {
    for (const maxReceiveCount of [1, 2]) {
      const { clock, queue, observed, began, work, consumer } = await prepare(t, {
        concurrency: 1,
        maxReceiveCount,
      });
      queue.fail('SendMessageBatch', new Error('SQS does not respond'));
      await queue.send('one');
      await consumer.start();
      await began.until(({ length }) => length === 1);
      const stopped = consumer.stop(0);
      clock.advance(0);
      work.reject(new Error('aborted'));
      await clock.advanceWhenSet(GATHER_MS);
      await stopped;
      t.match(
        queue.completed.entries
          .filter(({ name }) => name === 'ChangeMessageVisibility')
          .map(({ input }) => input),
        [{ VisibilityTimeout: 0 }],
      );
      const failed = {
        event: 'requestFailed',
        request: 'copy',
        error: { code: 'CopyNotSent', message: /not respond/ },
      };
      const told = { event: 'deadLettered', error: { code: 'DrainLimitReached' } };
      matchEvents(t, observed, [{ event: 'givenBack' }, failed, ...(maxReceiveCount === 1 ? [told] : [])]);
    }
  },
);

t.test('a message that is lost already is not given back', async (t) => {
  const { clock, queue, observed, began, consumer } = await prepare(t, { concurrency: 1 });
  queue.hook('ChangeMessageVisibility', async () => {
    throw Object.assign(new Error('on demand'), { name: 'ReceiptHandleIsInvalid' });
  });
  await queue.send('one');
  await consumer.start();
  await began.until(({ length }) => length === 1);
  clock.advance(300_000);
  await observed.until(({ length }) => length === 1);
  const stopped = consumer.stop(0);
  clock.advance(0);
  await clock.advanceWhenSet(SETTLE_MS);
  await stopped;
  matchEvents(t, observed, [{ event: 'visibilityLost' }]);
  t.equal(queue.countSent('ChangeMessageVisibility'), 1, 'only the heartbeat');
});

t.test(
  'a message that was handled within the limit is not given back, however late its delete is',
  async (t) => {
    const { clock, queue, observed, began, work, consumer } = await prepare(t, { concurrency: 1 });
    const deleting = queue.hold('DeleteMessageBatch');
    await queue.send('one');
    await consumer.start();
    await began.until(({ length }) => length === 1);
    work.resolve();
    await clock.advanceWhenSet(GATHER_MS);
    const stopped = consumer.stop(0);
    clock.advance(0);
    await clock.untilSet(GIVE_BACK_SECONDS * 1000);
    deleting.resolve();
    await queue.endPolls();
    await stopped;
    t.equal(await queue.depth(), 0);
    t.same(observed.entries, []);
    t.equal(queue.countSent('ChangeMessageVisibility'), 0);
  },
);

t.test('messages that arrive together with the stop are given back, and none is begun', async (t) => {
  const prepared = await prepare(t, { concurrency: 3 });
  const { queue, observed, began, consumer } = prepared;
  const received = Promise.withResolvers<void>();
  const late = Promise.withResolvers<void>();
  queue.hook('ReceiveMessage', async (_, proceed) => {
    const response = await proceed();
    received.resolve();
    await late.promise;
    return response;
  });
  await queue.send('one', 'two');
  await consumer.start();
  await received.promise;
  const stopped = consumer.stop(60);
  late.resolve();
  await untilGivenBack(prepared, stopped);
  t.same(
    (await queue.receive(queue.queueUrl)).map(receivesOf),
    [
      ['1', '0'],
      ['1', '0'],
    ],
    'before stop resolves',
  );
  t.same(began.entries, []);
  matchEvents(t, observed, [{ event: 'givenBack', delivery: { body: 'one' } }, { event: 'givenBack' }]);
});

t.test('stop ends a wait after a failed poll', async (t) => {
  const { clock, queue, observed, consumer } = await prepare(t, { concurrency: 1 });
  queue.fail('ReceiveMessage', new Error('SQS does not respond'));
  await consumer.start();
  await observed.until(({ length }) => length === 1);
  await clock.untilSet(1000);
  await queue.stop(consumer);
  t.equal(clock.pendingCount, 0);
});

t.test('a consumer that never started can be stopped, and is then not started', async (t) => {
  const { consumer } = await prepare(t, { concurrency: 1 });
  await consumer.stop(0);
  await t.rejects(consumer.start(), /not after it was stopped/);
});

t.test('a limit below zero is refused', async (t) => {
  const { consumer } = await prepare(t, { concurrency: 1 });
  await t.rejects(consumer.stop(-1), RangeError);
  await t.rejects(consumer.stop(Number.NaN), /limitSeconds is 0 or more, not NaN/);
});
