import t, { type Test } from 'tap';
import { createConsumer, DeleteFailed } from '../src/index.ts';
import { Journal } from './journal.ts';
import { type LocalQueue, startLocalQueue } from './local-queue.ts';
import { matchEvents, recordingObserver } from './recording-observer.ts';
import { VirtualTimers } from './virtual-timers.ts';

/** All messages in hand at once, ending together when the test says so. */
async function holdAll(t: Test, count: number) {
  const timers = new VirtualTimers();
  timers.rule(t);
  const queue = await startLocalQueue(t);
  const recorded = recordingObserver();
  const work = Promise.withResolvers<void>();
  const began = new Journal<string>();
  const consumer = createConsumer({
    ...queue,
    slots: count,
    visibilitySeconds: 60,
    observe: recorded.observe,
    random: () => 0,
    timers,
    async handle({ body }) {
      began.add(body);
      await work.promise;
    },
  });
  t.teardown(() => consumer.stop(60));
  await queue.send(...Array.from({ length: count }, (_, index) => `message ${index}`));
  await consumer.start();
  await began.until(({ length }) => length === count);
  return { timers, queue, ...recorded, work, consumer };
}

function batches(queue: LocalQueue): number[] {
  return queue.answered.entries
    .filter(({ name }) => name === 'DeleteMessageBatch')
    .map(({ input }) => input.Entries.length);
}

async function untilBatches(queue: LocalQueue, count: number): Promise<void> {
  await queue.answered.until(() => batches(queue).length === count);
}

t.test('handled messages are deleted ten at a time, and the rest a few milliseconds later', async (t) => {
  const { timers, queue, work, observed } = await holdAll(t, 23);
  work.resolve();
  await untilBatches(queue, 2);
  t.same(batches(queue), [10, 10], 'full batches wait for nothing');
  timers.advance(5);
  await untilBatches(queue, 3);
  t.same(batches(queue), [10, 10, 3]);
  t.equal(await queue.depth(), 0);
  t.same(observed.entries, []);
});

t.test('a full batch leaves no empty one behind', async (t) => {
  const { timers, queue, work } = await holdAll(t, 10);
  work.resolve();
  await untilBatches(queue, 1);
  t.equal(timers.pendingCount, 0);
  t.equal(await queue.depth(), 0);
});

t.test('one entry that fails is tried again alone', async (t) => {
  const { timers, queue, work, observed } = await holdAll(t, 3);
  queue.hook('DeleteMessageBatch', async () => {
    queue.unhook('DeleteMessageBatch');
    return {
      output: {
        Successful: [{ Id: '0' }, { Id: '2' }],
        Failed: [{ Id: '1', Code: 'InternalError', SenderFault: false }],
      },
    };
  });
  work.resolve();
  await timers.untilSet(5);
  timers.advance(5);
  await timers.untilSet(1000);
  timers.advance(1000);
  await timers.untilSet(5, 2);
  timers.advance(5);
  await untilBatches(queue, 2);
  const [first, second] = queue.answered.entries.filter(({ name }) => name === 'DeleteMessageBatch');
  t.same(batches(queue), [3, 1]);
  t.equal(second?.input.Entries[0].ReceiptHandle, first?.input.Entries[1].ReceiptHandle);
  t.equal(await queue.depth(), 2, 'the hook has kept the other two');
  t.same(observed.entries, []);
});

t.test('a message that can not be deleted is told of after three attempts', async (t) => {
  const { timers, queue, work, observed } = await holdAll(t, 1);
  const refusal = new Error('SQS does not answer');
  queue.hook('DeleteMessageBatch', async () => {
    throw refusal;
  });
  work.resolve();
  for (const [index, waitSeconds] of [1, 2, 0].entries()) {
    await timers.untilSet(5, index + 1);
    timers.advance(5);
    await untilBatches(queue, index + 1);
    if (waitSeconds > 0) {
      await timers.untilSet(waitSeconds * 1000);
      t.same(observed.entries, []);
      timers.advance(waitSeconds * 1000);
    }
  }
  await observed.until(({ length }) => length === 1);
  matchEvents(t, observed, [
    {
      event: 'requestFailed',
      request: 'delete',
      delivery: { body: 'message 0' },
      error: { code: 'DeleteFailed' },
    },
  ]);
  const { error } = observed.entries[0] ?? {};
  t.ok(error instanceof DeleteFailed && error.cause === refusal);
  t.same(batches(queue), [1, 1, 1]);
});

t.test("what SQS calls the sender's fault is not tried again", async (t) => {
  const { timers, queue, work, observed } = await holdAll(t, 1);
  queue.hook('DeleteMessageBatch', async () => ({
    output: {
      Failed: [{ Id: '0', Code: 'ReceiptHandleIsInvalid', Message: 'no such handle', SenderFault: true }],
    },
  }));
  work.resolve();
  await timers.untilSet(5);
  timers.advance(5);
  await observed.until(({ length }) => length === 1);
  matchEvents(t, observed, [
    { event: 'requestFailed', request: 'delete', error: { cause: 'ReceiptHandleIsInvalid: no such handle' } },
  ]);
  t.same(batches(queue), [1]);
});
