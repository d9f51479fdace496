import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import t, { type Test } from 'tap';
import { Journal } from '../../../test/support/journal.ts';
import { GATHER_MS } from '../src/gather.ts';
import { type Delivery, NotBegun, RetryLater, Unprocessable } from '../src/index.ts';
import type { LocalQueue } from './local-queue.ts';
import { holdOne, prepareConsumer } from './prepare-consumer.ts';
import { matchEvents } from './recording-observer.ts';

/** How long the consumer waits for more to delete, or to send, in one call. */

const failure = new Error('it fails');

/** A queue whose maxReceiveCount is changed while a consumer, started at its first value, fails every message. */
async function prepare(t: Test, options: { readonly maxReceiveCount: number }) {
  const received = new Journal<Pick<Delivery, 'receiveCount' | 'isLastReceive'>>();
  const prepared = await prepareConsumer(t, {
    ...options,
    async handle({ receiveCount, isLastReceive }) {
      received.add({ receiveCount, isLastReceive });
      throw failure;
    },
  });
  t.teardown(() => prepared.queue.stop(prepared.consumer));
  await prepared.consumer.start();
  return { ...prepared, received };
}

async function setMaxReceiveCount(queue: LocalQueue, maxReceiveCount: number): Promise<void> {
  const deadLetterTargetArn = 'arn:aws:sqs:eu-central-1:000000000000:events-dead';
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
  await queue.sqs.send(
    new SetQueueAttributesCommand({ QueueUrl: queue.queueUrl, Attributes: { RedrivePolicy } }),
  );
}

/** How often the consumer has read the policy. */
function reads(queue: LocalQueue): number {
  return queue.countSent('GetQueueAttributes');
}

/** Lets a failed message come back, whose next receive is `receive`. */
async function untilReceived(
  { clock, queue, received }: Awaited<ReturnType<typeof prepare>>,
  receive: number,
  waitSeconds: number,
): Promise<void> {
  await queue.completed.until(
    (calls) => calls.filter(({ name }) => name === 'ChangeMessageVisibility').length === receive - 1,
  );
  clock.advance(waitSeconds * 1000);
  await received.until(({ length }) => length === receive);
}

t.test('P3: a maxReceiveCount that is lowered shows with the next receive of a failed message', async (t) => {
  const prepared = await prepare(t, { maxReceiveCount: 8 });
  const { queue, observed, received } = prepared;
  await queue.send('unlucky');
  await received.until(({ length }) => length === 1);
  await setMaxReceiveCount(queue, 3);
  await untilReceived(prepared, 2, 60);
  await untilReceived(prepared, 3, 10);
  const [dead] = await queue.receive(queue.deadLetterUrl, 20);
  t.equal(dead?.Body, 'unlucky');
  t.strictSame(received.entries, [
    { receiveCount: 1, isLastReceive: false },
    { receiveCount: 2, isLastReceive: false },
    { receiveCount: 3, isLastReceive: true },
  ]);
  matchEvents(t, observed, [
    { event: 'retried' },
    { event: 'retried' },
    { event: 'deadLettered', error: failure },
  ]);
});

t.test(
  'P3: a maxReceiveCount that is raised has no message reported as dead-lettered that comes back',
  async (t) => {
    const prepared = await prepare(t, { maxReceiveCount: 3 });
    const { queue, observed, received } = prepared;
    await queue.send('unlucky');
    await received.until(({ length }) => length === 1);
    await setMaxReceiveCount(queue, 5);
    for (const [receive, waitSeconds] of [
      [2, 60],
      [3, 10],
      [4, 10],
      [5, 20],
    ] as const) {
      await untilReceived(prepared, receive, waitSeconds);
    }
    t.equal((await queue.receive(queue.deadLetterUrl, 20)).length, 1);
    t.strictSame(
      received.entries.map(({ isLastReceive }) => isLastReceive),
      [false, false, false, false, true],
    );
    t.strictSame(
      observed.entries.map(({ event }) => event),
      ['retried', 'retried', 'retried', 'retried', 'deadLettered'],
    );
  },
);

t.test('P3: a receive that can not be has maxReceiveCount read again, however young it is', async (t) => {
  const prepared = await prepare(t, { maxReceiveCount: 1 });
  const { queue, observed, received } = prepared;
  const changed = Promise.withResolvers<void>();
  queue.hook('ChangeMessageVisibility', async (_, proceed) => {
    await setMaxReceiveCount(queue, 3);
    queue.unhook('ChangeMessageVisibility');
    const response = await proceed();
    changed.resolve();
    return response;
  });
  await queue.send('unlucky');
  await changed.promise;
  // Told once, ten seconds or less after the change; from then on it is known.
  await received.until(({ length }) => length === 2);
  t.strictSame(received.entries[1], { receiveCount: 2, isLastReceive: false });
  await observed.until(({ length }) => length === 2);
  matchEvents(t, observed, [{ event: 'deadLettered' }, { event: 'retried' }]);
});

t.test('a read that fails keeps the number, and is reported', async (t) => {
  const prepared = await prepare(t, { maxReceiveCount: 3 });
  const { queue, observed, received } = prepared;
  const error = new Error('SQS does not respond');
  queue.fail('GetQueueAttributes', error);
  await queue.send('unlucky');
  await received.until(({ length }) => length === 1);
  await untilReceived(prepared, 2, 60);
  await untilReceived(prepared, 3, 10);
  t.equal((await queue.receive(queue.deadLetterUrl, 20)).length, 1);
  matchEvents(t, observed, [
    { event: 'retried' },
    { event: 'limitUnread', error },
    { event: 'retried' },
    { event: 'limitUnread', error },
    { event: 'deadLettered' },
  ]);
});

t.test(
  'P8: a read without a response holds a message up for five seconds, before its work and after a failure',
  async (t) => {
    const prepared = await prepare(t, { maxReceiveCount: 3 });
    const { clock, queue, received, observed } = prepared;
    queue.hook('GetQueueAttributes', () => new Promise(() => undefined));
    await queue.send('unlucky');
    await queue.completed.until((calls) => calls.some(({ name }) => name === 'ChangeMessageVisibility'));
    clock.advance(60_000);
    // The first failure has set one as well, and needed no read.
    await clock.untilSet(5_000, 2);
    t.equal(received.entries.length, 1);
    clock.advance(5_000);
    await received.until(({ length }) => length === 2);
    await clock.advanceWhenSet(5_000, 3);
    await observed.until(({ length }) => length === 2);
    matchEvents(t, observed, [{ event: 'retried' }, { event: 'retried' }]);
  },
);

t.test(
  'a message that comes for the first time waits for no read, and has one made every two minutes',
  async (t) => {
    const { clock, queue, received } = await prepare(t, { maxReceiveCount: 1 });
    queue.hook('GetQueueAttributes', () => new Promise(() => undefined));
    for (const [index, waitSeconds] of [0, 120].entries()) {
      clock.advance(waitSeconds * 1000);
      await queue.send(`message ${index}`);
      await received.until(({ length }) => length === index + 1);
    }
    t.equal(reads(queue), 2, 'at the start, and after two minutes');
    // The failure waits for the read.
    await clock.advanceWhenSet(5_000, 2);
  },
);

t.test('a message that was handled has no read made: its end does not depend on it', async (t) => {
  const { clock, queue, consumer, work } = await holdOne(t, { visibilitySeconds: 240 });
  clock.advance(10_000);
  work.resolve();
  await new Promise(setImmediate);
  t.equal(reads(queue), 1, 'at the start');
  await clock.advanceWhenSet(GATHER_MS);
  await queue.stop(consumer);
  t.equal(await queue.depth(), 0);
});

t.test('P3: while a message is handled its last receive can become known', async (t) => {
  const { clock, queue, observed, consumer, work, delivery } = await holdOne(t, { visibilitySeconds: 240 });
  t.equal(delivery.isLastReceive, false);
  await setMaxReceiveCount(queue, 1);
  clock.advance(120_000);
  await queue.completed.until(
    (calls) => calls.filter(({ name }) => name === 'GetQueueAttributes').length === 2,
  );
  await new Promise(setImmediate);
  t.equal(delivery.isLastReceive, true);
  work.reject(failure);
  t.equal((await queue.receive(queue.deadLetterUrl, 20)).length, 1);
  matchEvents(t, observed, [{ event: 'deadLettered', error: failure }]);
  await queue.stop(consumer);
});

t.test('P3: the report of a failure goes by the limit of that time', async (t) => {
  for (const asks of [true, false]) {
    for (const error of [failure, new Unprocessable('never')]) {
      t.test(
        `${error.constructor.name}, the handler ${asks ? 'asks before the change' : 'never asks'}`,
        async (t) => {
          const { clock, queue, observed, consumer, work, delivery } = await holdOne(t, {
            visibilitySeconds: 240,
          });
          if (asks) t.equal(delivery.isLastReceive, false);
          await setMaxReceiveCount(queue, 1);
          clock.advance(10_000);
          work.reject(error);
          t.equal((await queue.receive(queue.deadLetterUrl, 20)).length, 1);
          matchEvents(t, observed, [{ event: 'deadLettered', error }]);
          await queue.stop(consumer);
        },
      );
    }
  }
});

t.test('P3: a message is held while its failure waits for the limit to be read', async (t) => {
  const { clock, queue, observed, consumer, work } = await holdOne(t, { visibilitySeconds: 6 });
  const extensions = () =>
    queue.completed.entries.flatMap(({ name, input }) =>
      name === 'ChangeMessageVisibility' ? [input.VisibilityTimeout] : [],
    );
  for (const beats of [1, 2, 3, 4]) {
    await clock.advanceWhenSet(3_000, beats);
  }
  await clock.untilSet(3_000, 5);
  queue.hook('GetQueueAttributes', () => new Promise(() => undefined));
  work.reject(failure);
  await clock.untilSet(5_000);
  clock.advance(3_000);
  await new Promise(setImmediate);
  clock.advance(2_000);
  await observed.until(({ length }) => length === 1);
  matchEvents(t, observed, [{ event: 'retried', error: failure, waitSeconds: 2 }]);
  await queue.completed.until(() => extensions().at(-1) === 2);
  t.strictSame(extensions(), [6, 6, 6, 6, 6, 2], 'a heartbeat comes in the wait, and none after it');
  await queue.stop(consumer);
});

t.test(
  'P3: a stop does not wait for the limit to be read, and costs what has not begun no receive',
  async (t) => {
    const { clock, queue, observed, consumer, work } = await holdOne(t, { visibilitySeconds: 240 });
    queue.hook('GetQueueAttributes', () => new Promise(() => undefined));
    clock.advance(10_000);
    work.reject(new NotBegun(10, 'no place'));
    await clock.untilSet(5_000);
    const batches = clock.countSet(GATHER_MS);
    const stopped = consumer.stop(0);
    clock.advance(0);
    for (const [index, request] of ['SendMessageBatch', 'DeleteMessageBatch'].entries()) {
      await clock.advanceWhenSet(GATHER_MS, batches + index + 1);
      await queue.completed.until((calls) => calls.some(({ name }) => name === request));
    }
    await stopped;
    matchEvents(t, observed, [{ event: 'postponed', error: { code: 'NotBegun' } }]);
  },
);

t.test('P3: what only waits is no dead letter because the limit was lowered meanwhile', async (t) => {
  const { clock, queue, observed, consumer, work } = await holdOne(t, { visibilitySeconds: 240 });
  await setMaxReceiveCount(queue, 1);
  clock.advance(10_000);
  const later = new RetryLater(3600, 'later');
  work.reject(later);
  await observed.until(({ length }) => length === 1);
  matchEvents(t, observed, [{ event: 'postponed', error: later }]);
  // A copy is sent, then the message is deleted.
  for (const [index, request] of ['SendMessageBatch', 'DeleteMessageBatch'].entries()) {
    await clock.advanceWhenSet(GATHER_MS, index + 1);
    await queue.completed.until((calls) => calls.some(({ name }) => name === request));
  }
  await queue.stop(consumer);
  t.strictSame(await queue.receive(queue.deadLetterUrl, 0), []);
});

t.test(
  'P3: a failure whose handler was told of its last receive comes back if the limit was raised',
  async (t) => {
    const { clock, queue, observed, consumer, work, delivery } = await holdOne(t, {
      maxReceiveCount: 1,
      visibilitySeconds: 240,
    });
    t.equal(delivery.isLastReceive, true);
    await setMaxReceiveCount(queue, 3);
    clock.advance(10_000);
    work.reject(failure);
    await observed.until(({ length }) => length === 1);
    matchEvents(t, observed, [{ event: 'retried', error: failure }]);
    await queue.stop(consumer);
  },
);

t.test(
  'P3: a handler that asks before it records a failure knows of a limit that was lowered meanwhile',
  async (t) => {
    const { clock, queue, observed, consumer, work, delivery } = await holdOne(t, { visibilitySeconds: 240 });
    await setMaxReceiveCount(queue, 1);
    clock.advance(10_000);
    await delivery.renewReceiveLimit();
    t.equal(delivery.isLastReceive, true);
    work.reject(failure);
    await observed.until(({ length }) => length === 1);
    matchEvents(t, observed, [{ event: 'deadLettered', error: failure }]);
    await queue.stop(consumer);
  },
);
