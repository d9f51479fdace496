import { SendMessageCommand } from '@aws-sdk/client-sqs';
import t, { type Test } from 'tap';
import { Journal } from '../../../test/support/journal.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { GATHER_MS } from '../src/gather.ts';
import {
  createConsumer,
  type Delivery,
  GIVE_BACK_SECONDS,
  NotBegun,
  Postponed,
  Unprocessable,
} from '../src/index.ts';
import { type Call, type LocalQueue, startLocalQueue } from './local-queue.ts';
import { holdOne, prepareConsumer } from './prepare-consumer.ts';
import { matchEvents, recordingObserver } from './recording-observer.ts';

const RECEIVES_ATTRIBUTE = 'upload-once-receives';
const CUT_OFFS_ATTRIBUTE = 'upload-once-cut-offs';

/** One queue, and consumers with one slot each that come and go as deploys make them. */
async function prepare(t: Test, options: { readonly maxReceiveCount: number }) {
  const clock = new VirtualClock();
  clock.rule(t);
  const queue = await startLocalQueue(t, options);
  const recorded = recordingObserver();
  const began = new Journal<Delivery>();

  return {
    clock,
    queue,
    began,
    ...recorded,

    /** Starts a consumer; resolves when it handles a message, with what that one is, and with its ways to end. */
    async deploy() {
      const work = Promise.withResolvers<void>();
      const number = began.entries.length + 1;
      const consumer = createConsumer({
        ...queue,
        concurrency: 1,
        visibilitySeconds: 600,
        observe: recorded.observe,
        random: () => 0,
        clock,
        async handle(delivery) {
          began.add(delivery);
          delivery.signal.addEventListener('abort', () => work.reject(delivery.signal.reason));
          await work.promise;
        },
      });
      await consumer.start();
      await began.until(({ length }) => length === number);
      const { receiveCount = 0, isLastReceive } = began.entries[number - 1] ?? {};
      return {
        receiveCount,
        isLastReceive,
        consumer,
        work,
        /** Cuts the work off: a copy is sent, and then the message deleted. */
        stop: () => stopWith(clock, 2, () => consumer.stop(0)),
        /** Ends the work well, whose message is deleted. */
        finish: () =>
          stopWith(clock, 1, () => {
            work.resolve();
            return consumer.stop(60);
          }),
      };
    },
  };
}

/** The time that a batch waits for company. */

/** Calls `stop`, and lets so many batches go out, one after the other, until it is done. */
async function stopWith(clock: VirtualClock, batches: number, stop: () => Promise<void>): Promise<void> {
  const before = clock.countSet(GATHER_MS);
  const stopped = stop();
  clock.advance(0);
  for (let batch = 1; batch <= batches; batch += 1) {
    await clock.advanceWhenSet(GATHER_MS, before + batch);
  }
  await stopped;
}

async function deadBodies(queue: LocalQueue): Promise<(string | undefined)[]> {
  return (await queue.receive(queue.deadLetterUrl)).map(({ Body }) => Body);
}

t.test('P3: work that every deploy cuts off keeps its receives, and ends well', async (t) => {
  const { queue, observed, deploy } = await prepare(t, { maxReceiveCount: 3 });
  await queue.send('long work');
  for (let deploys = 1; deploys <= 12; deploys += 1) {
    const { receiveCount, isLastReceive, stop } = await deploy();
    t.strictSame({ receiveCount, isLastReceive }, { receiveCount: 1, isLastReceive: false });
    await stop();
    t.equal(await queue.depth(), 1, 'there is one message, not two');
  }
  await (await deploy()).finish();
  t.equal(await queue.depth(), 0);
  t.strictSame(await deadBodies(queue), []);
  const cutOffs = Array.from({ length: 12 }, (_, before) => ({ event: 'givenBack', cutOffs: before + 1 }));
  matchEvents(t, observed, cutOffs);
});

t.test('P3: failures count from copy to copy, and the last is reported once', async (t) => {
  const { clock, queue, observed, began, deploy } = await prepare(t, { maxReceiveCount: 3 });
  const failure = new Error('it fails');
  // The stop comes first: a poll that it cut off would take the message in the test's queue, and keep it.
  const failAndStop = async ({ consumer, work }: Awaited<ReturnType<typeof deploy>>) => {
    const stopped = queue.stop(consumer);
    work.reject(failure);
    await stopped;
  };
  await queue.send('long work');
  const first = await deploy();
  await failAndStop(first);
  clock.advance(2_000);

  const second = await deploy();
  t.match(second, { receiveCount: 2, isLastReceive: false });
  await second.stop();
  const third = await deploy();
  t.match(third, { receiveCount: 2, isLastReceive: false }, 'the stop did not count');
  await failAndStop(third);
  clock.advance(4_000);

  const last = await deploy();
  t.match(last, { receiveCount: 3, isLastReceive: true });
  await last.stop();
  const lastAgain = await deploy();
  t.match(lastAgain, { receiveCount: 3, isLastReceive: true }, 'nor a stop with the last receive');
  lastAgain.work.reject(failure);
  // SQS counts the copy's receives from one: the consumer gives it back until SQS moves it.
  const [dead] = await queue.receive(queue.deadLetterUrl, 20);
  t.equal(dead?.Body, 'long work');
  t.equal(began.entries.length, 5, 'no handler has seen it again');
  t.equal(
    observed.count(({ event }) => event === 'deadLettered'),
    1,
  );
  t.match(observed.entries.at(-1), { event: 'deadLettered', error: failure, delivery: { receiveCount: 3 } });
  t.equal(await queue.depth(), 0);
  await queue.stop(lastAgain.consumer);
});

t.test('P3: what has not begun comes back as a copy after a while, and keeps its receives', async (t) => {
  const began = new Journal<Delivery>();
  const { clock, queue, observed, consumer } = await prepareConsumer(t, {
    maxReceiveCount: 1,
    visibilitySeconds: 600,
    random: () => 0.5,
    async handle(delivery) {
      began.add(delivery);
      if (began.entries.length <= 3) throw new NotBegun(40, 'another one is at work');
    },
  });
  await queue.send('patient');
  await consumer.start();
  let batches = 0;
  const sendBatch = async () => {
    await clock.advanceWhenSet(GATHER_MS, ++batches);
    await queue.completed.until(
      (calls) =>
        calls.filter(({ name }) => name === 'SendMessageBatch' || name === 'DeleteMessageBatch').length ===
        batches,
    );
  };
  for (let times = 1; times <= 3; times += 1) {
    await began.until(({ length }) => length === times);
    t.match(began.entries.at(-1), { receiveCount: 1, isLastReceive: true });
    await sendBatch();
    await sendBatch();
    clock.advance(30_000 - 2 * GATHER_MS);
    t.strictSame(await queue.receive(queue.queueUrl), [], 'not yet');
    clock.advance(GATHER_MS);
  }
  await began.until(({ length }) => length === 4);
  await sendBatch();
  await queue.stop(consumer);
  t.equal(await queue.depth(), 0);
  t.strictSame(await deadBodies(queue), []);
  const postponed = { event: 'postponed', waitSeconds: 30, error: { code: 'NotBegun' } };
  matchEvents(t, observed, [postponed, postponed, postponed]);
});

t.test(
  'P3: where SQS takes no copy in five attempts, what has not begun comes back itself, after the same while',
  async (t) => {
    const { clock, queue, observed, consumer } = await prepareConsumer(t, {
      maxReceiveCount: 2,
      visibilitySeconds: 600,
      async handle() {
        throw new NotBegun(60, 'another one is at work');
      },
    });
    queue.fail('SendMessageBatch', new Error('SQS is away'));
    await queue.send('unlucky');
    await consumer.start();
    for (const times of [1, 2]) {
      for (const [failed, waitSeconds] of [4, 8, 16, 30].entries()) {
        await clock.untilSet(GATHER_MS, (times - 1) * 5 + failed + 1);
        const waits = clock.countSet(waitSeconds * 1000);
        clock.advance(GATHER_MS);
        await clock.advanceWhenSet(waitSeconds * 1000, waits + 1);
      }
      await clock.advanceWhenSet(GATHER_MS, times * 5);
      const givenBack = ({ name, input }: Call) =>
        name === 'ChangeMessageVisibility' && input.VisibilityTimeout === 30;
      await queue.completed.until((calls) => calls.filter(givenBack).length === times);
      clock.advance(30_000);
    }
    const copyFailed = { event: 'requestFailed', request: 'copy' };
    matchEvents(t, observed, [
      { event: 'postponed' },
      copyFailed,
      { event: 'postponed' },
      copyFailed,
      { event: 'deadLettered', error: { code: 'NotBegun' } },
    ]);
    await queue.stop(consumer);
  },
);

t.test(
  'P3: a message with a later time is replaced: another body, exactly that delay, and no receives',
  async (t) => {
    const began = new Journal<Delivery>();
    const { clock, queue, observed, consumer } = await prepareConsumer(t, {
      maxReceiveCount: 2,
      visibilitySeconds: 600,
      async handle(delivery) {
        began.add(delivery);
        if (delivery.body === 'first' && delivery.receiveCount === 1) throw new Error('it fails once');
        if (delivery.body === 'first') throw new Postponed(900, 'second', 'an hour to go');
      },
    });
    await queue.send('first');
    await consumer.start();
    await queue.completed.until((calls) => calls.some(({ name }) => name === 'ChangeMessageVisibility'));
    clock.advance(2_000);
    await began.until(({ length }) => length === 2);
    const batches = ['SendMessageBatch', 'DeleteMessageBatch'] as const;
    for (const [sent, name] of batches.entries()) {
      await clock.advanceWhenSet(GATHER_MS, sent + 1);
      await queue.completed.until((calls) => calls.some((call) => call.name === name));
    }
    t.equal(await queue.depth(), 0, 'what waits is neither visible nor in flight');
    clock.advance(899_000);
    t.strictSame(await queue.receive(queue.queueUrl), [], 'not yet');
    clock.advance(1_000);
    await began.until(({ length }) => length === 3);
    t.match(began.entries.at(-1), { body: 'second', receiveCount: 1, isLastReceive: false });
    await clock.advanceWhenSet(GATHER_MS, 3);
    await queue.stop(consumer);
    t.equal(await queue.depth(), 0);
    t.strictSame(await deadBodies(queue), []);
    matchEvents(t, observed, [
      { event: 'retried' },
      { event: 'postponed', waitSeconds: 900, error: { code: 'Postponed' } },
    ]);
  },
);

t.test(
  'P3: where SQS takes no replacement, the message comes back as it was, after the same time',
  async (t) => {
    const { clock, queue, observed, consumer } = await prepareConsumer(t, {
      maxReceiveCount: 1,
      visibilitySeconds: 600,
      async handle() {
        throw new Postponed(60, 'another', 'a minute to go');
      },
    });
    queue.fail('SendMessageBatch', new Error('SQS is away'));
    await queue.send('first');
    await consumer.start();
    for (const [failed, waitSeconds] of [4, 8, 16, 30].entries()) {
      await clock.untilSet(GATHER_MS, failed + 1);
      const waits = clock.countSet(waitSeconds * 1000);
      clock.advance(GATHER_MS);
      await clock.advanceWhenSet(waitSeconds * 1000, waits + 1);
    }
    await clock.advanceWhenSet(GATHER_MS, 5);
    await queue.completed.until((calls) =>
      calls.some(({ name, input }) => name === 'ChangeMessageVisibility' && input.VisibilityTimeout === 60),
    );
    clock.advance(60_000);
    t.equal((await queue.receive(queue.deadLetterUrl, 20))[0]?.Body, 'first');
    matchEvents(t, observed, [
      { event: 'postponed' },
      { event: 'requestFailed', request: 'copy' },
      { event: 'deadLettered', error: { code: 'Postponed' } },
    ]);
    await queue.stop(consumer);
  },
);

t.test('P3: a message that is lost is neither postponed nor copied', async (t) => {
  for (const error of [new NotBegun(40, 'no place'), new Postponed(60, 'another', 'a minute to go')]) {
    const { clock, queue, observed, work, consumer } = await holdOne(t, { visibilitySeconds: 600 });
    queue.fail('ChangeMessageVisibility', receiptExpired());
    clock.advance(300_000);
    await observed.until(({ length }) => length === 1);
    work.reject(error);
    await queue.sent.until(() => queue.countSent('ReceiveMessage') === 2);
    await queue.stop(consumer);
    matchEvents(t, observed, [{ event: 'visibilityLost' }]);
    t.equal(queue.countSent('SendMessageBatch'), 0);
    t.equal(queue.countSent('ChangeMessageVisibility'), 1, 'only the heartbeat');
  }
});

t.test('P3: a last receive whose copy was sent, and that SQS does not delete, is reported so', async (t) => {
  const { clock, queue, observed, consumer } = await prepareConsumer(t, {
    maxReceiveCount: 1,
    visibilitySeconds: 600,
    async handle() {
      throw new NotBegun(40, 'no place');
    },
  });
  queue.hook('DeleteMessageBatch', async () => ({
    output: { Failed: [{ Id: '0', Code: 'ReceiptHandleIsInvalid', SenderFault: true }] },
  }));
  await queue.send('one');
  await consumer.start();
  await clock.advanceWhenSet(GATHER_MS);
  await clock.advanceWhenSet(GATHER_MS, 2);
  await observed.until(({ length }) => length === 3);
  matchEvents(t, observed, [
    { event: 'postponed' },
    { event: 'requestFailed', request: 'delete' },
    {
      event: 'deadLettered',
      error: { code: 'DeleteFailed', message: /^a copy of the message was sent; SQS/ },
    },
  ]);
  await queue.stop(consumer);
});

t.test('a message that can be neither copied nor given back is reported for each', async (t) => {
  const { clock, queue, observed, work, consumer } = await holdOne(t, { visibilitySeconds: 600 });
  queue.fail('SendMessageBatch', new Error('SQS is away'));
  queue.fail('ChangeMessageVisibility', new Error('SQS is away'));
  const stopped = consumer.stop(0);
  clock.advance(0);
  work.reject(new Error('aborted'));
  await clock.advanceWhenSet(GATHER_MS);
  await stopped;
  matchEvents(t, observed, [
    { event: 'givenBack' },
    { event: 'requestFailed', request: 'copy' },
    { event: 'requestFailed', request: 'give-back' },
  ]);
});

t.test('a delay that SQS does not take is refused where it is asked for', async (t) => {
  t.throws(() => new Postponed(901, 'another', 'too long'), RangeError);
  t.throws(() => new NotBegun(901, 'too long'), RangeError);
});

t.test('P8: a message whose copy SQS does not take holds up no slot', async (t) => {
  const handled = new Journal<string>();
  const { clock, queue, consumer } = await prepareConsumer(t, {
    visibilitySeconds: 600,
    async handle({ body }) {
      if (body === 'waits') throw new NotBegun(60, 'another one is at work');
      handled.add(body);
    },
  });
  queue.fail('SendMessageBatch', new Error('SQS is away'));
  await queue.send('waits');
  await consumer.start();
  await clock.untilSet(GATHER_MS);
  await queue.send('next');
  clock.advance(GATHER_MS);
  await handled.until(({ length }) => length === 1);
  const stopped = consumer.stop(0);
  clock.advance(0);
  await Promise.race([stopped, clock.untilSet(GIVE_BACK_SECONDS * 1000)]);
  clock.advance(GIVE_BACK_SECONDS * 1000);
  await stopped;
  t.strictSame(handled.entries, ['next']);
});

t.test('P3: a copy of what can never be handled is in the dead-letter queue without a wait', async (t) => {
  const { queue, observed, deploy } = await prepare(t, { maxReceiveCount: 3 });
  await queue.send('garbage');
  const first = await deploy();
  await first.stop();
  const { work, consumer } = await deploy();
  const reason = new Unprocessable('no S3 event');
  work.reject(reason);
  const [dead] = await queue.receive(queue.deadLetterUrl, 20);
  t.equal(dead?.Body, 'garbage');
  t.strictSame(
    observed.entries.map(({ event }) => event),
    ['givenBack', 'deadLettered'],
  );
  await queue.stop(consumer);
});

t.test('P3: a stop that ends between copy and delete leaves both, and loses none', async (t) => {
  const { clock, queue, deploy } = await prepare(t, { maxReceiveCount: 3 });
  await queue.send('long work');
  const { consumer } = await deploy();
  queue.hook('DeleteMessageBatch', () => new Promise(() => undefined));
  const before = clock.countSet(GATHER_MS);
  const stopped = consumer.stop(0);
  clock.advance(0);
  for (const batch of [1, 2]) {
    await clock.advanceWhenSet(GATHER_MS, before + batch);
  }
  await queue.sent.until((calls) => calls.some(({ name }) => name === 'DeleteMessageBatch'));
  clock.advance(GIVE_BACK_SECONDS * 1000);
  await stopped;
  queue.unhook('DeleteMessageBatch');
  t.equal(await queue.depth(), 2);
  clock.advance(600_000);
  for (let deploys = 1; deploys <= 2; deploys += 1) {
    await (await deploy()).finish();
  }
  t.equal(await queue.depth(), 0);
  t.strictSame(await deadBodies(queue), []);
});

t.test('a copy has the attributes of the message', async (t) => {
  const { queue, deploy } = await prepare(t, { maxReceiveCount: 3 });
  const other = { DataType: 'String', StringValue: 'run-1' };
  await queue.sqs.send(
    new SendMessageCommand({
      QueueUrl: queue.queueUrl,
      MessageBody: 'redriven',
      MessageAttributes: { 'upload-once-redrive': other },
    }),
  );
  const { stop } = await deploy();
  await stop();
  const [back] = await queue.receive(queue.queueUrl);
  t.match(back, {
    Body: 'redriven',
    MessageAttributes: {
      'upload-once-redrive': other,
      [RECEIVES_ATTRIBUTE]: { DataType: 'Number', StringValue: '0' },
      [CUT_OFFS_ATTRIBUTE]: { DataType: 'Number', StringValue: '1' },
    },
  });
});

t.test(
  'P3: what a copy brings along leaves it one receive, also after maxReceiveCount was lowered',
  async (t) => {
    for (const before of ['2', '7', '1e9']) {
      const { queue, observed, began, deploy } = await prepare(t, { maxReceiveCount: 3 });
      await sendWith(queue, before);
      const { receiveCount, isLastReceive, work, consumer } = await deploy();
      t.strictSame({ receiveCount, isLastReceive }, { receiveCount: 3, isLastReceive: true });
      work.reject(new Error('it fails'));
      t.equal((await queue.receive(queue.deadLetterUrl, 20)).length, 1);
      t.equal(began.entries.length, 1);
      t.strictSame(
        observed.entries.map(({ event }) => event),
        ['deadLettered'],
      );
      await queue.stop(consumer);
    }
  },
);

t.test('a message whose receives are used up, and that can not be given back, is reported', async (t) => {
  const { queue, observed, deploy } = await prepare(t, { maxReceiveCount: 3 });
  await sendWith(queue, '2');
  const { work, consumer } = await deploy();
  queue.hook('ChangeMessageVisibility', (_, proceed) => {
    queue.fail('ChangeMessageVisibility', new Error('SQS is away'));
    return proceed();
  });
  work.reject(new Error('it fails'));
  await observed.until(({ length }) => length === 2);
  matchEvents(t, observed, [
    { event: 'deadLettered', delivery: { receiveCount: 3 } },
    { event: 'requestFailed', request: 'give-back', delivery: { receiveCount: 4 } },
  ]);
  await queue.stop(consumer);
});

t.test('P3: a message whose receives are used up is not given back when it is lost', async (t) => {
  const { clock, queue, observed, consumer } = await prepareConsumer(t, {
    maxReceiveCount: 3,
    visibilitySeconds: 4,
    async handle() {
      throw new Error('it fails');
    },
  });
  await sendWith(queue, '2');
  // After the last receive was given back, the limit is read no more, and the receipt of the next one expires meanwhile.
  queue.hook('ChangeMessageVisibility', async (_, proceed) => {
    const response = await proceed();
    clock.advance(10_000);
    queue.hook('GetQueueAttributes', () => new Promise(() => undefined));
    queue.fail('ChangeMessageVisibility', receiptExpired());
    return response;
  });
  await consumer.start();
  await clock.untilSet(5_000, 3);
  clock.advance(2_000);
  await observed.until(({ length }) => length === 2);
  await new Promise(setImmediate);
  matchEvents(t, observed, [{ event: 'deadLettered' }, { event: 'visibilityLost' }]);
  t.equal(queue.countSent('ChangeMessageVisibility'), 2, 'only the heartbeat is sent after the first one');
  await queue.stop(consumer);
});

t.test('P3: a stop sends no copy of a message whose receives are used up', async (t) => {
  const { clock, queue, observed, deploy } = await prepare(t, { maxReceiveCount: 3 });
  await sendWith(queue, '2');
  const { work, consumer } = await deploy();
  queue.hook('ChangeMessageVisibility', (_, proceed) => {
    queue.hook('ChangeMessageVisibility', () => new Promise(() => undefined));
    return proceed();
  });
  work.reject(new Error('it fails'));
  await queue.sent.until(() => queue.countSent('ChangeMessageVisibility') === 2);
  const stopped = consumer.stop(0);
  clock.advance(0);
  await clock.advanceWhenSet(GIVE_BACK_SECONDS * 1000);
  await stopped;
  await new Promise(setImmediate);
  matchEvents(t, observed, [{ event: 'deadLettered' }]);
  t.equal(queue.countSent('SendMessageBatch'), 0);
});

t.test('an attribute that is no number of receives counts for none', async (t) => {
  for (const before of ['-3', '1.5', 'many', '']) {
    const { queue, deploy } = await prepare(t, { maxReceiveCount: 3 });
    await sendWith(queue, before);
    const { receiveCount, finish } = await deploy();
    t.equal(receiveCount, 1, before);
    await finish();
  }
});

/** What SQS says of a receipt handle that is no longer valid. */
function receiptExpired(): Error {
  return Object.assign(new Error('the receipt handle has expired'), { name: 'ReceiptHandleIsInvalid' });
}

async function sendWith(queue: LocalQueue, before: string): Promise<void> {
  const attribute =
    before === '' ? {} : { [RECEIVES_ATTRIBUTE]: { DataType: 'String', StringValue: before } };
  await queue.sqs.send(
    new SendMessageCommand({ QueueUrl: queue.queueUrl, MessageBody: 'one', MessageAttributes: attribute }),
  );
}
