import { systemClock } from '@upload-once/clock';
import t, { type Test } from 'tap';
import { Journal } from '../../../test/support/journal.ts';
import type { ConsumerOptions, Delivery } from '../src/index.ts';
import { prepareConsumer } from './prepare-consumer.ts';

/** In this machine's own time, with its own randomness. */
const prepare = (t: Test, settings: Partial<ConsumerOptions> & Pick<ConsumerOptions, 'handle'>) =>
  prepareConsumer(t, { visibilitySeconds: 300, random: Math.random, clock: systemClock, ...settings });

t.test('P8: a message that takes for ever holds up its own slot and nothing else', async (t) => {
  const handled = new Journal<string>();
  const slow = Promise.withResolvers<void>();
  const slowBegan = Promise.withResolvers<void>();
  const { queue, observed, consumer } = await prepare(t, {
    concurrency: 3,
    async handle({ body }) {
      if (body === 'slow') {
        slowBegan.resolve();
        await slow.promise;
      }
      handled.add(body);
    },
  });
  await queue.send('slow');
  await consumer.start();
  await slowBegan.promise;
  const small = Array.from({ length: 45 }, (_, index) => `small ${index}`);
  await queue.send(...small);
  await handled.until((bodies) => bodies.length === small.length);
  t.same([...handled.entries].sort(), [...small].sort(), 'all that came behind it are handled, each once');

  slow.resolve();
  await queue.stop(consumer);
  t.equal(handled.entries.at(-1), 'slow');
  t.equal(await queue.depth(), 0, 'everything that was handled is deleted');
  t.same(observed.entries, []);
});

t.test('it never asks for more messages than it has free slots, nor for more than ten', async (t) => {
  const began = new Journal<Delivery>();
  const ends = new Map<string, () => void>();
  const { queue, consumer } = await prepare(t, {
    concurrency: 12,
    async handle(delivery) {
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.set(delivery.body, resolve);
      began.add(delivery);
      await promise;
    },
  });
  await queue.send(...Array.from({ length: 14 }, (_, index) => `${index}`));
  await consumer.start();
  await began.until((deliveries) => deliveries.length === 12);
  const asked = () =>
    queue.sent.entries
      .filter(({ name }) => name === 'ReceiveMessage')
      .map(({ input }) => input.MaxNumberOfMessages);
  t.same(
    asked(),
    [10, 2],
    'the two slots that the first ten left are asked for at once, and then there is no poll',
  );
  t.equal(await queue.depth(), 14);
  t.equal((await queue.receive(queue.queueUrl)).length, 2, 'what has no slot is left to other consumers');

  ends.get('3')?.();
  await queue.sent.until(() => asked().length === 3);
  t.equal(asked()[2], 1, 'one slot got free');
  const [poll] = queue.sent.entries.filter(({ name }) => name === 'ReceiveMessage');
  t.match(poll?.input, { WaitTimeSeconds: 20, VisibilityTimeout: 300 });
  t.match(began.entries[0], { receiveCount: 1, isLastReceive: false, messageId: /^[0-9a-f-]{36}$/ });

  for (const end of ends.values()) end();
  await queue.stop(consumer);
  t.equal(await queue.depth(), 2);
});

t.test('P8: a message that is only to be deleted takes no slot', async (t) => {
  const handled = new Journal<string>();
  const { queue, consumer } = await prepare(t, {
    concurrency: 1,
    waitTimeSeconds: 1,
    handle: async ({ body }) => handled.add(body),
  });
  const deleting = queue.hold('DeleteMessageBatch');
  await queue.send('first', 'second');
  await consumer.start();
  await handled.until((bodies) => bodies.length === 2);
  t.equal(await queue.depth(), 2, 'nothing is deleted yet');
  deleting.resolve();
  await queue.stop(consumer);
  t.equal(await queue.depth(), 0);
});

t.test('P8: messages that wait for shared work take no slot, up to four for each slot', async (t) => {
  const handled = new Journal<string>();
  const shared = Promise.withResolvers<void>();
  const waiting = new Journal<string>();
  const { queue, consumer } = await prepare(t, {
    concurrency: 2,
    async handle({ body, stepAside }) {
      if (body.startsWith('flood')) {
        stepAside();
        stepAside();
        waiting.add(body);
        await shared.promise;
      }
      handled.add(body);
    },
  });
  await queue.send(...Array.from({ length: 8 }, (_, index) => `flood ${index}`));
  await consumer.start();
  await waiting.until((bodies) => bodies.length === 8);
  await queue.send('of another', 'of a third');
  await handled.until((bodies) => bodies.length === 2);
  t.same([...handled.entries].sort(), ['of a third', 'of another'], 'though more wait than there are slots');

  await queue.send(...Array.from({ length: 5 }, (_, index) => `flood ${8 + index}`));
  await waiting.until((bodies) => bodies.length === 10);
  shared.resolve();
  await handled.until((bodies) => bodies.length === 15);
  const asked = queue.sent.entries.filter(({ name }) => name === 'ReceiveMessage');
  t.ok(
    asked.every(({ input }) => input.MaxNumberOfMessages <= 2),
    'a poll asks for free slots alone',
  );
  await queue.stop(consumer);
  t.equal(await queue.depth(), 0, 'each is deleted at its end');
});

t.test('messages that have stepped aside are given back when the consumer stops', async (t) => {
  const waiting = new Journal<string>();
  const { queue, consumer } = await prepare(t, {
    concurrency: 1,
    async handle({ body, signal, stepAside }) {
      stepAside();
      const aborted = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => aborted.reject(signal.reason));
      waiting.add(body);
      await aborted.promise;
    },
  });
  // The last poll gets nothing: what is given back is looked at from outside.
  queue.hook('ReceiveMessage', (_, proceed) =>
    waiting.entries.length < 3 ? proceed() : new Promise(() => undefined),
  );
  await queue.send('a', 'b', 'c');
  await consumer.start();
  await waiting.until((bodies) => bodies.length === 3);
  await queue.stop(consumer, 0);
  t.equal((await queue.receive(queue.queueUrl)).length, 3, 'visible at once');
});
