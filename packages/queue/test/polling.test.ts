import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import t, { type Test } from 'tap';
import { Journal } from '../../../test/support/journal.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { GATHER_MS } from '../src/gather.ts';
import { type ConsumerOptions, createConsumer } from '../src/index.ts';
import { GATHER_SLOTS_MS } from '../src/slots.ts';
import { startLocalQueue } from './local-queue.ts';
import { prepareConsumer } from './prepare-consumer.ts';
import { matchEvents, recordingObserver } from './recording-observer.ts';

async function prepare(t: Test, options: Partial<ConsumerOptions> = {}) {
  const handled = new Journal<string>();
  const prepared = await prepareConsumer(t, { handle: async ({ body }) => handled.add(body), ...options });
  t.teardown(() => prepared.queue.stop(prepared.consumer));
  return { ...prepared, handled };
}

t.test('polls that fail wait longer and longer, and a poll that succeeds ends that', async (t) => {
  const { clock, queue, observed, handled, consumer } = await prepare(t);
  const failure = new Error('SQS does not respond');
  queue.fail('ReceiveMessage', failure);
  await consumer.start();
  const waits = [1, 2, 4, 8, 15, 15];
  for (const [index, waitSeconds] of waits.entries()) {
    await observed.until(({ length }) => length === index + 1);
    await clock.untilSet(
      waitSeconds * 1000,
      waits.slice(0, index + 1).filter((wait) => wait === waitSeconds).length,
    );
    t.match(observed.entries[index], { event: 'pollFailed', error: failure, waitSeconds });
    if (index === waits.length - 1) queue.unhook('ReceiveMessage');
    clock.advance(waitSeconds * 1000 - 1);
    await new Promise(setImmediate);
    t.equal(queue.countSent('ReceiveMessage'), index + 1, 'no poll before its time');
    clock.advance(1);
  }
  await queue.send('after all');
  await handled.until(({ length }) => length === 1);

  queue.fail('ReceiveMessage', failure);
  await clock.advanceWhenSet(GATHER_MS);
  await observed.until(({ length }) => length === waits.length + 1);
  t.match(observed.entries.at(-1), { event: 'pollFailed', waitSeconds: 1 });
});

t.test('while the queue has more than it has slots, a poll waits a little for others', async (t) => {
  const began = new Journal<() => void>();
  const { clock, queue, consumer } = await prepareConsumer(t, {
    concurrency: 12,
    handle: () => new Promise((resolve) => began.add(resolve)),
  });
  const asked = () =>
    queue.sent.entries
      .filter(({ name }) => name === 'ReceiveMessage')
      .map(({ input }) => input.MaxNumberOfMessages);
  const end = (from: number, to: number) => {
    for (const resolve of began.entries.slice(from, to)) resolve();
  };
  await queue.send(...Array.from({ length: 27 }, (_, index) => `${index}`));
  await consumer.start();
  await clock.untilSet(GATHER_SLOTS_MS);
  t.same(asked(), [10], 'two slots are left, and wait for others');
  clock.advance(GATHER_SLOTS_MS);
  await began.until(({ length }) => length === 12);
  end(0, 1);
  await clock.untilSet(GATHER_SLOTS_MS, 2);
  end(1, 3);
  await new Promise(setImmediate);
  t.same(asked(), [10, 2]);
  clock.advance(GATHER_SLOTS_MS);
  await began.until(({ length }) => length === 15);
  end(3, 13);
  await began.until(({ length }) => length === 25);
  t.same(asked(), [10, 2, 3, 10], 'ten slots wait for nothing');
  const waits = clock.countSet(GATHER_SLOTS_MS);
  end(13, 15);
  await clock.advanceWhenSet(GATHER_SLOTS_MS, waits + 1);
  await began.until(({ length }) => length === 27);
  t.same(asked(), [10, 2, 3, 10, 2]);
  end(0, 27);
  await new Promise(setImmediate);
  clock.advance(GATHER_MS);
  await queue.stop(consumer);
});

t.test('waits between polls are jittered', async (t) => {
  const { queue, observed, consumer } = await prepare(t, { random: () => 0.999 });
  queue.fail('ReceiveMessage', new Error('SQS does not respond'));
  await consumer.start();
  await observed.until(({ length }) => length === 1);
  matchEvents(t, observed, [{ event: 'pollFailed', waitSeconds: 2 }]);
});

t.test('an empty response is followed by the next poll', async (t) => {
  const { clock, queue, observed, handled, consumer } = await prepare(t, { waitTimeSeconds: 7 });
  const empty = new Journal<number>();
  queue.hook('ReceiveMessage', async (input) => {
    empty.add(input.WaitTimeSeconds);
    if (empty.entries.length === 2) queue.unhook('ReceiveMessage');
    return { output: {} };
  });
  await queue.send('after all');
  await consumer.start();
  await handled.until(({ length }) => length === 1);
  t.same(empty.entries, [7, 7]);
  t.same(observed.entries, []);
  await clock.advanceWhenSet(GATHER_MS);
});

t.test('a queue without a usable RedrivePolicy is refused', async (t) => {
  const arn = 'arn:aws:sqs:eu-central-1:000000000000:events-dead';
  const policies = {
    none: '',
    'no JSON': '{',
    null: 'null',
    'no target': JSON.stringify({ maxReceiveCount: 3 }),
    'no count': JSON.stringify({ deadLetterTargetArn: arn }),
    'a count of 0': JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 0 }),
    'half a receive': JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: '1.5' }),
  };
  for (const [name, policy] of Object.entries(policies)) {
    const { queue, consumer } = await prepare(t);
    if (policy === '') {
      const Attributes = { RedrivePolicy: policy };
      await queue.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.queueUrl, Attributes }));
    } else {
      queue.hook('GetQueueAttributes', async () => ({ output: { Attributes: { RedrivePolicy: policy } } }));
    }
    await t.rejects(
      consumer.start(),
      { code: 'QueueWithoutRedrivePolicy', message: /needs a RedrivePolicy/ },
      name,
    );
    t.equal(queue.countSent('ReceiveMessage'), 0);
  }
});

t.test('a maxReceiveCount that was written as a text is understood', async (t) => {
  const lasts = new Journal<boolean>();
  const { clock, queue, consumer } = await prepare(t, {
    handle: async ({ isLastReceive }) => lasts.add(isLastReceive),
  });
  const policy = JSON.stringify({ deadLetterTargetArn: 'arn:aws:sqs:x:0:dead', maxReceiveCount: '1' });
  queue.hook('GetQueueAttributes', async () => ({ output: { Attributes: { RedrivePolicy: policy } } }));
  await queue.send('one');
  await consumer.start();
  await lasts.until(({ length }) => length === 1);
  t.same(lasts.entries, [true]);
  await clock.advanceWhenSet(GATHER_MS);
});

t.test('a queue that is not there: start and ping reject, nothing is polled', async (t) => {
  const { queue, consumer } = await prepare(t, { queueUrl: 'http://127.0.0.1/000000000000/unknown' });
  await t.rejects(consumer.ping(new AbortController().signal), { name: 'QueueDoesNotExist' });
  await t.rejects(consumer.start(), { name: 'QueueDoesNotExist' });
  await t.rejects(consumer.start(), /started once/);
  t.equal(queue.countSent('ReceiveMessage'), 0);
});

t.test('ping resolves when the queue responds, and heeds its signal', async (t) => {
  const { consumer } = await prepare(t);
  await t.resolves(consumer.ping(new AbortController().signal));
  await t.rejects(consumer.ping(AbortSignal.abort()), { name: 'AbortError' });
});

t.test('options out of their range are refused by name', async (t) => {
  const bad: Partial<ConsumerOptions>[] = [
    { concurrency: 0 },
    { concurrency: 1.5 },
    { visibilitySeconds: 0 },
    { visibilitySeconds: 43_201 },
    { waitTimeSeconds: 0 },
    { waitTimeSeconds: 21 },
    { waitTimeSeconds: Number.NaN },
  ];
  const queue = await startLocalQueue(t);
  for (const options of bad) {
    const create = () =>
      createConsumer({
        ...queue,
        concurrency: 1,
        visibilitySeconds: 60,
        observe: recordingObserver().observe,
        random: Math.random,
        clock: new VirtualClock(),
        handle: async () => undefined,
        ...options,
      });
    const [[name, value]] = Object.entries(options) as [[string, number]];
    t.throws(create, {
      name: 'RangeError',
      message: new RegExp(`^${name} is a whole number .* not ${value}$`),
    });
  }
});
