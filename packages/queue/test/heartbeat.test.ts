import { DeleteMessageCommand, SQSServiceException } from '@aws-sdk/client-sqs';
import t from 'tap';
import { Journal } from '../../../test/support/journal.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { GATHER_MS } from '../src/gather.ts';
import { VisibilityLost } from '../src/index.ts';
import { type LocalQueue, startLocalQueue } from './local-queue.ts';
import { holdOne } from './prepare-consumer.ts';
import { matchEvents } from './recording-observer.ts';

const HOUR_MS = 3_600_000;

function extensions(queue: LocalQueue): number[] {
  return queue.sent.entries
    .filter(({ name }) => name === 'ChangeMessageVisibility')
    .map(({ input }) => input.VisibilityTimeout);
}

async function untilExtended(queue: LocalQueue, count: number): Promise<void> {
  await queue.completed.until(
    (calls) => calls.filter(({ name }) => name === 'ChangeMessageVisibility').length === count,
  );
}

function failing(name: string): () => Promise<never> {
  return async () => {
    throw new SQSServiceException({ name, message: 'on demand', $fault: 'client', $metadata: {} });
  };
}

t.test('a message stays invisible for as long as its handler works, far beyond its timeout', async (t) => {
  const { clock, queue, observed, work, consumer, delivery } = await holdOne(t);
  for (let beat = 1; beat <= 5; beat++) {
    clock.advance(29_999);
    t.equal(extensions(queue).length, beat - 1, 'half the timeout is not over');
    clock.advance(1);
    await untilExtended(queue, beat);
    await clock.untilSet(30_000, beat + 1);
    t.same(await queue.receive(queue.queueUrl), [], 'no other consumer gets the message');
  }
  t.same(extensions(queue), [60, 60, 60, 60, 60]);
  t.equal(delivery.signal.aborted, false);

  work.resolve();
  await clock.advanceWhenSet(GATHER_MS);
  await queue.stop(consumer);
  t.equal(await queue.depth(), 0);
  t.same(observed.entries, []);
  t.equal(clock.pendingCount, 0, 'the heartbeats ended with the delivery');
});

t.test('without a heartbeat the local queue gives such a message again', async (t) => {
  const clock = new VirtualClock();
  clock.rule(t);
  const queue = await startLocalQueue(t);
  await queue.send('long work');
  t.equal((await queue.receive(queue.queueUrl)).length, 1);
  clock.advance(31_000);
  t.equal((await queue.receive(queue.queueUrl)).length, 1, 'so the tests here would see a lost message');
});

t.test('listeners are called with each heartbeat, before the visibility is extended', async (t) => {
  const { clock, queue, delivery } = await holdOne(t);
  const order = new Journal<string>();
  const listening = Promise.withResolvers<void>();
  delivery.onHeartbeat(async () => {
    order.add('first listener');
    await listening.promise;
  });
  delivery.onHeartbeat(async () => order.add('second listener'));
  queue.hook('ChangeMessageVisibility', async (_, proceed) => {
    order.add('extension');
    return proceed();
  });
  clock.advance(30_000);
  await order.until(({ length }) => length === 1);
  listening.resolve();
  await untilExtended(queue, 1);
  t.same(order.entries, ['first listener', 'second listener', 'extension']);
});

t.test('a listener that rejects aborts the delivery with its reason, and nothing is extended', async (t) => {
  const { clock, queue, observed, work, delivery } = await holdOne(t);
  const leaseLost = new Error('the lease is lost');
  delivery.onHeartbeat(async () => {
    throw leaseLost;
  });
  const aborted = Promise.withResolvers<void>();
  delivery.signal.addEventListener('abort', () => aborted.resolve());
  clock.advance(30_000);
  await aborted.promise;
  t.equal(delivery.signal.reason, leaseLost);
  t.equal(clock.pendingCount, 0, 'no heartbeat follows');
  t.same(extensions(queue), []);

  work.reject(leaseLost);
  await untilExtended(queue, 1);
  t.same(extensions(queue), [2], 'the message is still ours to give back');
  matchEvents(t, observed, [{ event: 'retried', error: leaseLost, waitSeconds: 2 }]);
});

t.test('a message that the queue no longer knows as held aborts the delivery', async (t) => {
  let receiptHandle: string | undefined;
  const { clock, queue, observed, work, delivery } = await holdOne(t);
  queue.hook('ChangeMessageVisibility', async (input, proceed) => {
    receiptHandle = input.ReceiptHandle;
    return proceed();
  });
  clock.advance(30_000);
  await untilExtended(queue, 1);
  await clock.untilSet(30_000, 2);
  await queue.sqs.send(new DeleteMessageCommand({ QueueUrl: queue.queueUrl, ReceiptHandle: receiptHandle }));
  clock.advance(30_000);
  await observed.until(({ length }) => length === 1);
  t.type(delivery.signal.reason, VisibilityLost);
  t.match(delivery.signal.reason, { code: 'VisibilityLost', cause: { name: 'MessageNotInflight' } });
  t.equal(clock.pendingCount, 0, 'no heartbeat follows');

  work.reject(delivery.signal.reason);
  await queue.sent.until((calls) => calls.filter(({ name }) => name === 'ReceiveMessage').length === 2);
  t.same(extensions(queue), [60, 60], 'nothing is given back that is not held');
  matchEvents(t, observed, [{ event: 'visibilityLost', error: delivery.signal.reason }]);
});

for (const name of ['ReceiptHandleIsInvalid', 'InvalidParameterValue', 'InvalidParameterValueException']) {
  t.test(`${name} means that the receipt has expired`, async (t) => {
    const { clock, queue, observed, delivery } = await holdOne(t);
    queue.hook('ChangeMessageVisibility', failing(name));
    clock.advance(30_000);
    await observed.until(({ length }) => length === 1);
    t.match(observed.entries[0], { event: 'visibilityLost', delivery: { body: 'long work' } });
    t.match(delivery.signal.reason, { code: 'VisibilityLost', cause: { name } });
  });
}

t.test('an extension that fails is tried again, and the message is kept', async (t) => {
  const { clock, queue, observed, delivery } = await holdOne(t);
  queue.hook('ChangeMessageVisibility', failing('RequestThrottled'));
  clock.advance(30_000);
  await observed.until(({ length }) => length === 1);
  clock.advance(7_500);
  await observed.until(({ length }) => length === 2);
  matchEvents(t, observed, [
    { event: 'requestFailed', request: 'extend', error: { name: 'RequestThrottled' } },
    { event: 'requestFailed', request: 'extend' },
  ]);
  queue.unhook('ChangeMessageVisibility');
  clock.advance(7_500);
  await untilExtended(queue, 3);
  await clock.untilSet(30_000, 2);
  clock.advance(20_000);
  t.same(await queue.receive(queue.queueUrl), [], 'beyond the first timeout no other consumer gets it');
  t.equal(delivery.signal.aborted, false);
});

t.test('extensions that fail until the timeout is over lose the message', async (t) => {
  const { clock, queue, observed, delivery } = await holdOne(t);
  queue.hook('ChangeMessageVisibility', failing('ServiceUnavailable'));
  for (let failure = 1; failure <= 4; failure++) {
    clock.advance(failure === 1 ? 30_000 : 7_500);
    await observed.until(({ length }) => length === failure);
    t.equal(delivery.signal.aborted, false);
  }
  clock.advance(7_500);
  t.match(delivery.signal.reason, { code: 'VisibilityLost', message: /no heartbeat could extend .* 60 s/ });
  t.equal(observed.entries.at(-1)?.event, 'visibilityLost');
  t.equal(clock.pendingCount, 0);
});

t.test('an extension without a response loses the message when its timeout is over', async (t) => {
  const { clock, queue, delivery } = await holdOne(t);
  queue.hook('ChangeMessageVisibility', () => new Promise(() => undefined));
  clock.advance(30_000);
  await queue.sent.until((calls) => calls.some(({ name }) => name === 'ChangeMessageVisibility'));
  clock.advance(29_999);
  t.equal(delivery.signal.aborted, false);
  clock.advance(1);
  t.match(delivery.signal.reason, { code: 'VisibilityLost' });
});

t.test('a listener that never settles loses the message when its timeout is over', async (t) => {
  const { clock, queue, delivery } = await holdOne(t);
  delivery.onHeartbeat(() => new Promise(() => undefined));
  clock.advance(60_000);
  t.match(delivery.signal.reason, { code: 'VisibilityLost' });
  t.same(extensions(queue), []);
});

t.test('a listener that was taken off is not called any more, the others are', async (t) => {
  const { clock, queue, delivery } = await holdOne(t);
  const called: string[] = [];
  const listener = async () => {
    called.push('taken off');
  };
  const takeOff = delivery.onHeartbeat(listener);
  delivery.onHeartbeat(async () => {
    called.push('stays');
  });
  delivery.onHeartbeat(listener);
  clock.advance(30_000);
  await untilExtended(queue, 1);
  await clock.untilSet(30_000, 2);
  takeOff();
  takeOff();
  clock.advance(30_000);
  await untilExtended(queue, 2);
  t.same(
    called,
    ['taken off', 'stays', 'taken off', 'stays', 'taken off'],
    'the other place of the same one stays',
  );
});

t.test('a listener can be taken off by one before it, in the same heartbeat', async (t) => {
  const { clock, queue, delivery } = await holdOne(t);
  const takeOffLater = Promise.withResolvers<() => void>();
  delivery.onHeartbeat(async () => (await takeOffLater.promise)());
  takeOffLater.resolve(
    delivery.onHeartbeat(async () => {
      t.fail('it was taken off');
    }),
  );
  clock.advance(30_000);
  await untilExtended(queue, 1);
  t.equal(delivery.signal.aborted, false);
});

t.test('a listener that is taken off while it is at work has no say any more', async (t) => {
  for (const settle of ['reject', 'never'] as const) {
    const { clock, queue, delivery } = await holdOne(t);
    const called = Promise.withResolvers<void>();
    const listening = Promise.withResolvers<void>();
    const takeOff = delivery.onHeartbeat(() => {
      called.resolve();
      return listening.promise;
    });
    clock.advance(30_000);
    await called.promise;
    takeOff();
    if (settle === 'reject') listening.reject(new Error('the lease of a record that is done'));
    await untilExtended(queue, 1);
    t.equal(delivery.signal.aborted, false);
  }
});

t.test('a handler that ends while a listener is at work ends the heartbeat', async (t) => {
  for (const settle of ['resolve', 'reject'] as const) {
    const { clock, queue, work, consumer, delivery } = await holdOne(t);
    const listening = Promise.withResolvers<void>();
    const called = Promise.withResolvers<void>();
    delivery.onHeartbeat(() => {
      called.resolve();
      return listening.promise;
    });
    clock.advance(30_000);
    await called.promise;
    work.resolve();
    await clock.untilSet(GATHER_MS);
    listening[settle]();
    clock.advance(GATHER_MS);
    await queue.stop(consumer);
    t.same(extensions(queue), []);
    t.equal(delivery.signal.aborted, false);
    t.equal(await queue.depth(), 0);
  }
});

t.test('what becomes of a message waits for the extension that is under way', async (t) => {
  for (const outcome of ['succeeds', 'fails'] as const) {
    const { clock, queue, work, observed, delivery } = await holdOne(t);
    const extending = Promise.withResolvers<void>();
    queue.hook('ChangeMessageVisibility', async (_, proceed) => {
      await extending.promise;
      if (outcome === 'fails') throw new Error('on demand');
      return proceed();
    });
    clock.advance(30_000);
    await queue.sent.until((calls) => calls.some(({ name }) => name === 'ChangeMessageVisibility'));
    work.reject(new Error('the work failed'));
    // The heartbeats go on until maxReceiveCount is read a second time.
    await queue.completed.until(
      (calls) => calls.filter(({ name }) => name === 'GetQueueAttributes').length === 2,
    );
    await new Promise(setImmediate);
    t.same(extensions(queue), [60], 'a late extension would undo the wait');
    queue.unhook('ChangeMessageVisibility');
    extending.resolve();
    await untilExtended(queue, 2);
    t.same(extensions(queue), [60, 2]);
    t.equal(clock.pendingCount, 0, 'no heartbeat follows');
    t.equal(delivery.signal.aborted, false);
    matchEvents(t, observed, [{ event: 'retried' }]);
  }
});

t.test("no heartbeat reaches past SQS's twelve hours, and then the delivery is aborted", async (t) => {
  const { clock, queue, observed, work, delivery } = await holdOne(t, { visibilitySeconds: 4 * 3600 });
  for (let beat = 1; beat <= 4; beat++) {
    clock.advance(2 * HOUR_MS);
    await untilExtended(queue, beat);
    await clock.untilSet(2 * HOUR_MS, beat + 1);
  }
  t.same(
    extensions(queue),
    [14_400, 14_400, 14_400, 4 * 3600 - 30],
    'half a minute is kept for the call itself',
  );
  clock.advance(4 * HOUR_MS - 30_001);
  t.equal(delivery.signal.aborted, false);
  clock.advance(1);
  t.equal(extensions(queue).length, 4, 'the heartbeat at ten hours had nothing to extend');
  t.match(delivery.signal.reason, { code: 'VisibilityLost', message: /as long as SQS allows, 43200 s/ });
  work.reject(new Error('given up'));
  await queue.sent.until((calls) => calls.filter(({ name }) => name === 'ReceiveMessage').length === 2);
  matchEvents(t, observed, [{ event: 'visibilityLost' }]);
});
