import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { Journal } from '../../../test/support/journal.ts';
import type { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { GATHER_MS } from '../src/gather.ts';
import { DeleteFailed, GIVE_BACK_SECONDS } from '../src/index.ts';
import type { LocalQueue } from './local-queue.ts';
import { prepareConsumer } from './prepare-consumer.ts';
import { matchEvents } from './recording-observer.ts';

/** Its half, after which heartbeats come, is no wait between attempts to delete. */
const VISIBILITY_SECONDS = 100;

/** All messages in flight at once, ending together when the test says so. */
async function holdAll(
  t: Test,
  count: number,
  options: { readonly maxReceiveCount?: number; readonly concurrency?: number } = {},
) {
  const work = Promise.withResolvers<void>();
  const began = new Journal<string>();
  const prepared = await prepareConsumer(t, {
    concurrency: count,
    visibilitySeconds: VISIBILITY_SECONDS,
    ...options,
    async handle({ body }) {
      began.add(body);
      await work.promise;
    },
  });
  const { clock, queue, consumer } = prepared;
  t.teardown(async () => {
    const stopped = consumer.stop(0);
    clock.advance(0);
    const givingBack = clock.untilSet(GIVE_BACK_SECONDS * 1000);
    await Promise.race([stopped, givingBack]);
    clock.advance(GIVE_BACK_SECONDS * 1000);
    await stopped;
  });
  await queue.send(...Array.from({ length: count }, (_, index) => `message ${index}`));
  await consumer.start();
  await began.until(({ length }) => length === Math.min(count, options.concurrency ?? count));
  return { ...prepared, began, work };
}

function batches(queue: LocalQueue): number[] {
  return queue.completed.entries
    .filter(({ name }) => name === 'DeleteMessageBatch')
    .map(({ input }) => input.Entries.length);
}

async function untilBatches(queue: LocalQueue, count: number): Promise<void> {
  await queue.completed.until(() => batches(queue).length === count);
}

t.test('handled messages are deleted ten at a time, and the rest a few milliseconds later', async (t) => {
  const { clock, queue, work, observed } = await holdAll(t, 23, { concurrency: 40 });
  work.resolve();
  await untilBatches(queue, 2);
  t.same(batches(queue), [10, 10], 'full batches wait for nothing');
  clock.advance(GATHER_MS);
  await untilBatches(queue, 3);
  t.same(batches(queue), [10, 10, 3]);
  t.equal(await queue.depth(), 0);
  t.same(observed.entries, []);
});

t.test('a full batch leaves no empty one behind', async (t) => {
  const { clock, queue, work, consumer } = await holdAll(t, 10);
  work.resolve();
  await untilBatches(queue, 1);
  await queue.stop(consumer);
  t.equal(clock.pendingCount, 0);
  t.equal(await queue.depth(), 0);
});

/** Lets a batch go out, and a second later what is tried again. */
async function twoBatches(clock: VirtualClock, queue: LocalQueue) {
  await clock.advanceWhenSet(GATHER_MS);
  await clock.advanceWhenSet(1000);
  await clock.advanceWhenSet(GATHER_MS, 2);
  await untilBatches(queue, 2);
  return queue.completed.entries.filter(({ name }) => name === 'DeleteMessageBatch');
}

t.test('one entry that fails is tried again alone', async (t) => {
  const { clock, queue, work, observed } = await holdAll(t, 3);
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
  const [first, second] = await twoBatches(clock, queue);
  t.same(batches(queue), [3, 1]);
  t.equal(second?.input.Entries[0].ReceiptHandle, first?.input.Entries[1].ReceiptHandle);
  t.equal(await queue.depth(), 2, 'the hook has kept the other two');
  t.same(observed.entries, []);
});

t.test('P3: a message that the response does not name is not deleted: it is tried again', async (t) => {
  const { clock, queue, work, observed } = await holdAll(t, 2);
  queue.hook('DeleteMessageBatch', async () => {
    queue.unhook('DeleteMessageBatch');
    return { output: { Successful: [{ Id: '0' }] } };
  });
  work.resolve();
  const [first, second] = await twoBatches(clock, queue);
  t.same(batches(queue), [2, 1]);
  t.equal(second?.input.Entries[0].ReceiptHandle, first?.input.Entries[1].ReceiptHandle);
  t.same(observed.entries, []);
});

t.test('a message that can not be deleted is reported after three attempts', async (t) => {
  const { clock, queue, work, observed } = await holdAll(t, 1);
  const refusal = new Error('SQS does not respond');
  queue.fail('DeleteMessageBatch', refusal);
  work.resolve();
  for (const [index, waitSeconds] of [1, 2, 0].entries()) {
    await clock.advanceWhenSet(GATHER_MS, index + 1);
    await untilBatches(queue, index + 1);
    if (waitSeconds > 0) {
      await clock.untilSet(waitSeconds * 1000);
      t.same(observed.entries, []);
      clock.advance(waitSeconds * 1000);
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

/** Lets a round of three attempts to delete fail: one, two and no seconds after each other. */
async function failRound(clock: VirtualClock, queue: LocalQueue): Promise<void> {
  for (const waitSeconds of [1, 2, 0]) {
    const attempts = batches(queue).length;
    const waits = clock.countSet(waitSeconds * 1000);
    clock.advance(GATHER_MS);
    await untilBatches(queue, attempts + 1);
    if (waitSeconds === 0) return;
    await clock.untilSet(waitSeconds * 1000, waits + 1);
    const flushes = clock.countSet(GATHER_MS);
    clock.advance(waitSeconds * 1000);
    await clock.untilSet(GATHER_MS, flushes + 1);
  }
}

function refuse(queue: LocalQueue): void {
  queue.fail('DeleteMessageBatch', new Error('SQS does not respond'));
}

t.test('P3: what was handled is held until SQS deletes it, and uses up no receive', async (t) => {
  const { clock, queue, work, observed, consumer } = await holdAll(t, 1, { maxReceiveCount: 1 });
  refuse(queue);
  work.resolve();
  // The waits between the rounds: from the fourth on half a minute.
  for (const [round, waitSeconds] of [4, 8, 16, 30, 30, 30, 30, 30].entries()) {
    await clock.untilSet(GATHER_MS, 1 + 3 * round);
    const waits = clock.countSet(waitSeconds * 1000);
    await failRound(clock, queue);
    await clock.untilSet(waitSeconds * 1000, waits + 1);
    t.same(await queue.receive(queue.queueUrl), [], 'no other consumer gets it');
    const flushes = clock.countSet(GATHER_MS);
    clock.advance(waitSeconds * 1000);
    await clock.untilSet(GATHER_MS, flushes + 1);
  }
  queue.unhook('DeleteMessageBatch');
  clock.advance(GATHER_MS);
  await queue.stop(consumer);
  t.equal(await queue.depth(), 0);
  t.same(await queue.receive(queue.deadLetterUrl), []);
  matchEvents(t, observed, [{ event: 'requestFailed', request: 'delete' }]);
  t.equal(clock.pendingCount, 0, 'no heartbeat goes on');
});

t.test('P3: a deletion without a response keeps the message hidden as well', async (t) => {
  const { clock, queue, work, observed, consumer } = await holdAll(t, 1, { maxReceiveCount: 1 });
  const response = queue.hold('DeleteMessageBatch');
  work.resolve();
  await clock.untilSet(GATHER_MS);
  const beats = clock.countSet(VISIBILITY_SECONDS * 500);
  clock.advance(VISIBILITY_SECONDS * 250 - 1);
  await setImmediate();
  t.equal(queue.countSent('ChangeMessageVisibility'), 0, 'a quick deletion costs no heartbeat');
  clock.advance(1);
  for (let beat = 1; beat <= 4; beat += 1) {
    await clock.advanceWhenSet(VISIBILITY_SECONDS * 500, beats + beat);
    t.same(await queue.receive(queue.queueUrl), []);
  }
  response.resolve();
  await queue.stop(consumer);
  t.equal(await queue.depth(), 0);
  t.same(observed.entries, []);
});

t.test('P8: a message that can not be deleted holds up no slot', async (t) => {
  const { clock, queue, work, began, observed } = await holdAll(t, 2, { concurrency: 1 });
  refuse(queue);
  work.resolve();
  await clock.untilSet(GATHER_MS);
  t.equal(began.entries.length, 1, 'the one slot is taken');
  await failRound(clock, queue);
  await began.until(({ length }) => length === 2);
  matchEvents(t, observed, [{ event: 'requestFailed', request: 'delete' }]);
});

t.test('P3: who stops waiting for the deletion of a last receive says so', async (t) => {
  const { clock, queue, work, observed, consumer } = await holdAll(t, 1, { maxReceiveCount: 1 });
  refuse(queue);
  work.resolve();
  await clock.untilSet(GATHER_MS);
  await failRound(clock, queue);
  await clock.untilSet(4000);
  const stopped = consumer.stop(0);
  clock.advance(0);
  await queue.endPolls();
  await stopped;
  matchEvents(t, observed, [
    { event: 'requestFailed', request: 'delete' },
    {
      event: 'deadLettered',
      error: { code: 'DeleteFailed', message: /^the message was handled/, cause: { code: 'DeleteFailed' } },
    },
  ]);
  t.equal(queue.countSent('SendMessageBatch'), 0, 'what is done is not sent again');
  t.equal(clock.pendingCount, 0);
});

t.test('P3: a stop does not wait for an attempt without a response, which deletes nothing', async (t) => {
  const { clock, queue, work, consumer, observed } = await holdAll(t, 1, { maxReceiveCount: 1 });
  refuse(queue);
  work.resolve();
  await clock.untilSet(GATHER_MS);
  await failRound(clock, queue);
  await clock.untilSet(4000);
  queue.hook('DeleteMessageBatch', () => new Promise(() => undefined));
  const flushes = clock.countSet(GATHER_MS);
  clock.advance(4000);
  await clock.advanceWhenSet(GATHER_MS, flushes + 1);
  const stopped = consumer.stop(0);
  clock.advance(0);
  await queue.endPolls();
  await stopped;
  matchEvents(t, observed, [
    { event: 'requestFailed', request: 'delete' },
    { event: 'deadLettered', error: { code: 'DeleteFailed', cause: { code: 'DeleteFailed' } } },
  ]);
});

t.test(
  'P3: a message that is lost before it could be deleted is reported with its last receive',
  async (t) => {
    const { clock, queue, work, observed } = await holdAll(t, 1, { maxReceiveCount: 1 });
    refuse(queue);
    queue.hook('ChangeMessageVisibility', async () => {
      throw Object.assign(new Error('on demand'), { name: 'ReceiptHandleIsInvalid' });
    });
    work.resolve();
    await clock.untilSet(GATHER_MS);
    await failRound(clock, queue);
    await observed.until(({ length }) => length === 2);
    matchEvents(t, observed, [
      { event: 'requestFailed', request: 'delete' },
      { event: 'deadLettered', error: { code: 'DeleteFailed' } },
    ]);
  },
);

t.test("what SQS calls the sender's fault is not tried again", async (t) => {
  const { clock, queue, work, observed } = await holdAll(t, 1);
  queue.hook('DeleteMessageBatch', async () => ({
    output: {
      Failed: [{ Id: '0', Code: 'ReceiptHandleIsInvalid', Message: 'no such handle', SenderFault: true }],
    },
  }));
  work.resolve();
  await clock.advanceWhenSet(GATHER_MS);
  await observed.until(({ length }) => length === 1);
  matchEvents(t, observed, [
    { event: 'requestFailed', request: 'delete', error: { cause: 'ReceiptHandleIsInvalid: no such handle' } },
  ]);
  t.same(batches(queue), [1]);
});
