import t, { type Test } from 'tap';
import { Journal } from '../../../test/support/journal.ts';
import { GATHER_MS } from '../src/gather.ts';
import { prepareConsumer } from './prepare-consumer.ts';

/** How long a batch of deletes waits for company. */

async function prepare(t: Test) {
  const began = new Journal<string>();
  const work = Promise.withResolvers<void>();
  const prepared = await prepareConsumer(t, {
    concurrency: 2,
    visibilitySeconds: 600,
    async handle({ body }) {
      began.add(body);
      if (body === 'slow') await work.promise;
    },
  });
  const { clock, queue, consumer } = prepared;
  t.teardown(() => queue.stop(consumer));
  const polls = () => queue.countSent('ReceiveMessage');
  /** Resolves when the so-many-th delete is done and all that follows from it has happened. */
  async function deleted(times: number): Promise<void> {
    await clock.advanceWhenSet(GATHER_MS, times);
    await queue.completed.until(
      (calls) => calls.filter(({ name }) => name === 'DeleteMessageBatch').length >= times,
    );
    await new Promise(setImmediate);
  }
  return { ...prepared, began, work, polls, deleted };
}

t.test('paused it leaves messages to others, and goes on with those in flight', async (t) => {
  const { clock, queue, observed, began, work, consumer, polls, deleted } = await prepare(t);
  await queue.send('slow', 'short');
  await consumer.start();
  await began.until(({ length }) => length === 2);
  const before = polls();
  consumer.pause();
  await deleted(1);
  await queue.send('new');
  t.equal(polls(), before, 'a slot is free, and nothing is polled for it');
  clock.advance(300_000);
  await queue.completed.until((calls) => calls.some(({ name }) => name === 'ChangeMessageVisibility'));
  t.match(await queue.receive(queue.queueUrl), [
    { Body: 'new', Attributes: { ApproximateReceiveCount: '1' } },
  ]);
  work.resolve();
  await deleted(2);
  t.equal(polls(), before, 'nor when nothing is in flight any more');
  t.equal(await queue.depth(), 1, 'both are done and deleted; the new one is in the other hand');

  consumer.resume();
  await queue.send('after');
  await began.until(({ length }) => length === 3);
  t.equal(began.entries[2], 'after');
  t.same(observed.entries, []);
  await deleted(3);
});

t.test('the poll in flight is not cut off: what it brings is handled', async (t) => {
  const { queue, began, consumer, polls, deleted } = await prepare(t);
  const received = Promise.withResolvers<void>();
  const late = Promise.withResolvers<void>();
  queue.hook('ReceiveMessage', async (_, proceed) => {
    const response = await proceed();
    received.resolve();
    await late.promise;
    return response;
  });
  await queue.send('short');
  await consumer.start();
  await received.promise;
  consumer.pause();
  late.resolve();
  await began.until(({ length }) => length === 1);
  await deleted(1);
  t.equal(polls(), 1);
  t.equal(await queue.depth(), 0);
});

t.test('a failed poll is not repeated while it is paused', async (t) => {
  const { clock, queue, observed, consumer, polls } = await prepare(t);
  queue.fail('ReceiveMessage', new Error('SQS does not respond'));
  await consumer.start();
  await observed.until(({ length }) => length === 1);
  await clock.untilSet(1000);
  consumer.pause();
  clock.advance(1000);
  await new Promise(setImmediate);
  t.equal(polls(), 1);
  consumer.resume();
  await observed.until(({ length }) => length === 2);
});

t.test('one that was paused before its start polls when it is resumed', async (t) => {
  const { queue, began, consumer, polls, deleted } = await prepare(t);
  consumer.pause();
  consumer.pause();
  await consumer.start();
  await queue.send('short');
  await new Promise(setImmediate);
  t.equal(polls(), 0);
  consumer.resume();
  await began.until(({ length }) => length === 1);
  await deleted(1);
});

t.test('stop ends a paused consumer, and resume does not bring it back', async (t) => {
  const { clock, queue, began, work, consumer, polls, deleted } = await prepare(t);
  await queue.send('slow', 'short');
  await consumer.start();
  await began.until(({ length }) => length === 2);
  consumer.pause();
  await deleted(1);
  const before = polls();
  const stopped = consumer.stop(60);
  work.resolve();
  await deleted(2);
  await stopped;
  consumer.resume();
  await new Promise(setImmediate);
  t.equal(polls(), before);
  t.equal(await queue.depth(), 0);
  t.equal(clock.pendingCount, 0);
});
