import t, { type Test } from 'tap';
import { Journal } from '../../../test/support/journal.ts';
import { type Delivery, longestTimeInQueueSeconds, RetryLater } from '../src/index.ts';
import { prepareConsumer } from './prepare-consumer.ts';

const MAX_RECEIVE_COUNT = 4;
const TWELVE_HOURS = 43_200;

/** A consumer that does `work` on each message, and then asks for the longest wait. */
async function prepare(
  t: Test,
  visibilitySeconds: number,
  work: (delivery: Delivery) => Promise<unknown> = async () => undefined,
) {
  const receivedAtMs = new Journal<number>();
  const prepared = await prepareConsumer(t, {
    maxReceiveCount: MAX_RECEIVE_COUNT,
    visibilitySeconds,
    random: () => 0.999,
    async handle(delivery) {
      receivedAtMs.add(prepared.clock.monotonicMs());
      await work(delivery);
      throw new RetryLater(TWELVE_HOURS);
    },
  });
  return { ...prepared, receivedAtMs };
}

for (const { visibilitySeconds, longestSeconds } of [
  { visibilitySeconds: 60, longestSeconds: 900 },
  { visibilitySeconds: 3_600, longestSeconds: 3_600 },
]) {
  t.test(
    `P3: with a visibility timeout of ${visibilitySeconds} s no wait is longer than ${longestSeconds} s, whatever a handler asks for`,
    async (t) => {
      const { clock, queue, observed, receivedAtMs, consumer } = await prepare(t, visibilitySeconds);
      await queue.send('taken');
      await consumer.start();
      for (let receive = 1; receive < MAX_RECEIVE_COUNT; receive += 1) {
        await queue.completed.until(
          (calls) => calls.filter(({ name }) => name === 'ChangeMessageVisibility').length === receive,
        );
        clock.advance(longestSeconds * 1000);
        await receivedAtMs.until(({ length }) => length === receive + 1);
      }
      await observed.until(({ length }) => length === MAX_RECEIVE_COUNT);
      t.strictSame(
        observed.entries.map(({ event, waitSeconds }) => waitSeconds ?? event),
        [longestSeconds, longestSeconds, longestSeconds, 'deadLettered'],
      );
      const [first = 0] = receivedAtMs.entries;
      const bound = longestTimeInQueueSeconds({
        visibilitySeconds,
        maxReceiveCount: MAX_RECEIVE_COUNT,
        longestWorkSeconds: 0,
      });
      t.ok((clock.monotonicMs() - first) / 1000 <= bound);
      await queue.stop(consumer);
    },
  );
}

t.test('P3: the longest time counts the reads of maxReceiveCount that get no response', async (t) => {
  // A read is given up after five seconds. So each one brings a heartbeat, and the next read.
  const visibilitySeconds = 10;
  const { clock, queue, observed, receivedAtMs, consumer } = await prepare(
    t,
    visibilitySeconds,
    async (delivery) => delivery.renewReceiveLimit(),
  );
  await consumer.start();
  queue.hook('GetQueueAttributes', () => new Promise(() => undefined));
  clock.advance(10_000);
  await queue.send('taken');
  let timers = 0;
  for (let receive = 1; receive <= MAX_RECEIVE_COUNT; receive += 1) {
    // The first receive waits for no read before the work.
    for (let read = receive === 1 ? 2 : 1; read <= 3; read += 1) {
      timers += 2;
      await clock.advanceWhenSet(5_000, timers);
    }
    await observed.until(({ length }) => length === receive);
    if (receive === MAX_RECEIVE_COUNT) break;
    await queue.completed.until(
      (calls) => calls.filter(({ input }) => input.VisibilityTimeout === 900).length === receive,
    );
    clock.advance(900_000);
  }
  const bound = longestTimeInQueueSeconds({
    visibilitySeconds,
    maxReceiveCount: MAX_RECEIVE_COUNT,
    longestWorkSeconds: 0,
  });
  const [first = 0] = receivedAtMs.entries;
  t.equal(receivedAtMs.entries.length, MAX_RECEIVE_COUNT);
  t.ok(((receivedAtMs.entries.at(-1) ?? 0) - first) / 1000 <= bound - TWELVE_HOURS);
  await queue.stop(consumer);
});

t.test('the longest time in the queue: all receives, and 12 hours for the last', async (t) => {
  const ofOne = { visibilitySeconds: 60, maxReceiveCount: 1, longestWorkSeconds: 3_600 };
  t.equal(longestTimeInQueueSeconds(ofOne), TWELVE_HOURS);
  t.equal(
    longestTimeInQueueSeconds({ ...ofOne, maxReceiveCount: 3 }),
    2 * (3_600 + 60 + 900 + 15) + TWELVE_HOURS,
  );
  t.equal(
    longestTimeInQueueSeconds({ ...ofOne, maxReceiveCount: 3, visibilitySeconds: TWELVE_HOURS }),
    2 * (3_600 + 2 * TWELVE_HOURS + 15) + TWELVE_HOURS,
  );
});
