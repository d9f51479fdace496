import t, { type Test } from 'tap';
import { Journal } from '../../../test/support/journal.ts';
import { GATHER_MS } from '../src/gather.ts';
import { type Delivery, NotBegun, RetryLater, Unprocessable } from '../src/index.ts';
import type { LocalQueue } from './local-queue.ts';
import { prepareConsumer } from './prepare-consumer.ts';
import { matchEvents, recordingObserver } from './recording-observer.ts';

async function consume(
  t: Test,
  handle: (delivery: Delivery) => Promise<void>,
  options: {
    readonly maxReceiveCount?: number;
    readonly visibilitySeconds?: number;
    readonly random?: () => number;
  } = {},
) {
  const prepared = await prepareConsumer(t, { concurrency: 2, ...options, handle });
  t.teardown(() => prepared.queue.stop(prepared.consumer));
  return prepared;
}

function waits(queue: LocalQueue): number[] {
  return queue.completed.entries
    .filter(({ name }) => name === 'ChangeMessageVisibility')
    .map(({ input }) => input.VisibilityTimeout);
}

async function untilGivenBack(queue: LocalQueue, count: number): Promise<void> {
  await queue.completed.until(() => waits(queue).length === count);
}

t.test('a failed message comes back after a wait that grows with each receive', async (t) => {
  const receives = new Journal<number>();
  const failure = new Error('the table does not respond');
  const { clock, queue, observed, consumer } = await consume(
    t,
    async ({ receiveCount }) => {
      receives.add(receiveCount);
      if (receiveCount < 5) throw failure;
    },
    { maxReceiveCount: 9 },
  );
  await queue.send('unlucky');
  await consumer.start();
  const expected = [2, 4, 8, 16];
  for (const [index, waitSeconds] of expected.entries()) {
    await untilGivenBack(queue, index + 1);
    clock.advance(waitSeconds * 1000 - 1);
    t.same(await queue.receive(queue.queueUrl), [], 'not yet');
    t.equal(receives.entries.length, index + 1);
    clock.advance(1);
    await receives.until(({ length }) => length === index + 2);
  }
  t.same(receives.entries, [1, 2, 3, 4, 5]);
  t.same(waits(queue), expected);
  matchEvents(
    t,
    observed,
    expected.map((waitSeconds, index) => ({
      event: 'retried',
      delivery: { body: 'unlucky', receiveCount: index + 1, isLastReceive: false },
      error: failure,
      waitSeconds,
    })),
  );
  await clock.advanceWhenSet(GATHER_MS);
  await queue.completed.until((calls) => calls.some(({ name }) => name === 'DeleteMessageBatch'));
  t.equal(await queue.depth(), 0);
});

t.test('the wait is jittered', async (t) => {
  const { queue, observed, consumer } = await consume(
    t,
    () => {
      // Not a rejected promise: whatever a handler does, it is a failed message and nothing more.
      throw new Error('thrown at once');
    },
    { random: () => 0.999 },
  );
  await queue.send('unlucky');
  await consumer.start();
  await untilGivenBack(queue, 1);
  t.same(waits(queue), [4]);
  matchEvents(t, observed, [{ event: 'retried', error: { message: 'thrown at once' }, waitSeconds: 4 }]);
});

t.test('RetryLater is no fault: the message comes back when it said', async (t) => {
  const receives = new Journal<number>();
  const { clock, queue, observed, consumer } = await consume(t, async ({ receiveCount }) => {
    receives.add(receiveCount);
    if (receiveCount === 1) throw new RetryLater(299.2, 'another worker has the lease');
  });
  await queue.send('taken');
  await consumer.start();
  await untilGivenBack(queue, 1);
  clock.advance(299_999);
  t.same(await queue.receive(queue.queueUrl), []);
  clock.advance(1);
  await receives.until(({ length }) => length === 2);
  t.same(waits(queue), [300]);
  matchEvents(t, observed, [
    {
      event: 'postponed',
      error: { code: 'RetryLater', message: 'another worker has the lease' },
      waitSeconds: 300,
    },
  ]);
  await clock.advanceWhenSet(GATHER_MS);
});

t.test("a wait ends within SQS's twelve hours from the receive", async (t) => {
  const { queue, observed, consumer } = await consume(
    t,
    async () => {
      throw new RetryLater(43_200);
    },
    { visibilitySeconds: 43_200 },
  );
  await queue.send('far away');
  await consumer.start();
  await untilGivenBack(queue, 1);
  t.same(waits(queue), [43_170]);
  matchEvents(t, observed, [{ event: 'postponed', waitSeconds: 43_170 }]);
});

t.test('NotBegun takes 0 to 900 seconds', async (t) => {
  t.equal(new NotBegun(900, 'no place').seconds, 900);
  t.throws(() => new NotBegun(901, 'no place'), RangeError);
  t.throws(() => new NotBegun(-1, 'no place'), RangeError);
});

t.test('RetryLater takes 0 to 43,200 seconds', async (t) => {
  t.equal(new RetryLater(0).seconds, 0);
  t.equal(new RetryLater(43_200).seconds, 43_200);
  t.match(new RetryLater(7), { code: 'RetryLater', message: /7 s/ });
  for (const seconds of [-1, 43_201, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => new RetryLater(seconds), RangeError);
  }
});

t.test(
  'an Unprocessable message is in the dead-letter queue without a wait, its reason logged once',
  async (t) => {
    const receives = new Journal<[count: number, isLast: boolean]>();
    const reason = new Unprocessable('no S3 event');
    const { queue, observed, consumer } = await consume(t, async ({ receiveCount, isLastReceive }) => {
      receives.add([receiveCount, isLastReceive]);
      throw reason;
    });
    await queue.send('garbage');
    await consumer.start();
    // Time stands still: no wait between the receives could ever end.
    const [dead] = await queue.receive(queue.deadLetterUrl, 20);
    t.equal(dead?.Body, 'garbage');
    t.same(receives.entries, [
      [1, false],
      [2, false],
      [3, true],
    ]);
    t.same(waits(queue), [0, 0, 0]);
    matchEvents(t, observed, [
      {
        event: 'deadLettered',
        delivery: { body: 'garbage', receiveCount: 3, isLastReceive: true },
        error: reason,
      },
    ]);
    t.equal(await queue.depth(), 0);
  },
);

for (const error of [new Error('still failing'), new RetryLater(600)]) {
  t.test(
    `the last receive ends in the dead-letter queue at once, also with ${error.name}: ${error.message}`,
    async (t) => {
      const { queue, observed, consumer } = await consume(
        t,
        async () => {
          throw error;
        },
        { maxReceiveCount: 1 },
      );
      await queue.send('unlucky');
      await consumer.start();
      const [dead] = await queue.receive(queue.deadLetterUrl, 20);
      t.equal(dead?.Body, 'unlucky');
      t.same(waits(queue), [0]);
      matchEvents(t, observed, [{ event: 'deadLettered', error, delivery: { receiveCount: 1 } }]);
    },
  );
}

t.test('a failed message has its slot until it is given back', async (t) => {
  const { queue, consumer } = await prepareConsumer(t, {
    async handle() {
      throw new Error('it fails');
    },
  });
  const givingBack = queue.hold('ChangeMessageVisibility');
  await queue.send('unlucky');
  await consumer.start();
  await queue.sent.until((calls) => calls.some(({ name }) => name === 'ChangeMessageVisibility'));
  await new Promise(setImmediate);
  t.equal(queue.countSent('ReceiveMessage'), 1, 'no poll for another one yet');
  givingBack.resolve();
  await queue.sent.until(() => queue.countSent('ReceiveMessage') === 2);
  await queue.stop(consumer);
});

t.test('a message that can not be given back is reported, and comes back with its timeout', async (t) => {
  const receives = new Journal<number>();
  const { clock, queue, observed, consumer } = await consume(t, async ({ receiveCount }) => {
    receives.add(receiveCount);
    if (receiveCount === 1) throw new Error('the work failed');
  });
  queue.fail('ChangeMessageVisibility', new Error('SQS does not respond'));
  await queue.send('unlucky');
  await consumer.start();
  await observed.until(({ length }) => length === 2);
  matchEvents(t, observed, [
    { event: 'retried', error: { message: 'the work failed' } },
    { event: 'requestFailed', request: 'give-back', error: { message: 'SQS does not respond' } },
  ]);
  clock.advance(60_000);
  await receives.until(({ length }) => length === 2);
  await clock.advanceWhenSet(GATHER_MS);
});

t.test('P3: an observer that throws keeps no message from coming back, and is reported', async (t) => {
  const warnings = new Journal<Error>();
  const onWarning = (warning: Error) => warnings.add(warning);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  const thrown = new TypeError('no line can be written');
  const { queue, consumer } = await prepareConsumer(t, {
    observe: {
      ...recordingObserver().observe,
      retried() {
        throw thrown;
      },
    },
    async handle() {
      throw new Error('it fails');
    },
  });
  await queue.send('unlucky');
  await consumer.start();
  await untilGivenBack(queue, 1);
  t.strictSame(waits(queue), [2]);
  await warnings.until(({ length }) => length === 1);
  t.match(warnings.entries, [{ code: 'ObserverFailed', message: /retried/, cause: thrown }]);
  await queue.stop(consumer);
});
