// A consumer whose messages wait for a place, while SQS refuses to delete or to send.
import { createConsumer, NotBegun } from '@upload-once/queue';
import t from 'tap';
import { recordingObserver } from '../../../packages/queue/test/recording-observer.ts';
import { CallOutcome, createOutcomePlan } from '../src/simulation/call-outcome.ts';
import { createFakeQueue } from '../src/simulation/fake-queue.ts';
import { createNetwork } from '../src/simulation/network.ts';
import { createSqsClient } from '../src/simulation/sqs-client.ts';
import { createVirtualTime } from '../src/simulation/virtual-time.ts';
import { createWorkerProcess } from '../src/simulation/worker-process.ts';

const CONCURRENCY = 2;
const OUTAGE_SECONDS = 600;
const VISIBILITY_SECONDS = 30;

/** A queue with two messages that wait for a place, and consumers of them that come and go. */
function prepare(options: { readonly maxReceiveCount: number }) {
  const time = createVirtualTime(() => undefined);
  const random = () => 0.5;
  const queue = createFakeQueue({ time, random, ...options });
  const { observe, observed } = recordingObserver();
  const refused = new Set<string>();
  const planned = createOutcomePlan();
  const nothing = () => undefined;
  const network = createNetwork({
    time,
    random,
    outcomes: {
      ...planned,
      take: (service, operation) =>
        refused.has(operation)
          ? { service, operation, skip: 0, outcome: CallOutcome.refused, seconds: 0, error: 'AccessDenied' }
          : undefined,
    },
    onResponseLost: nothing,
    onNotDone: nothing,
    onRepeated: nothing,
  });
  let isPlaceFree = false;
  queue.send('one');
  queue.send('another');
  return {
    time,
    queue,
    refused,
    observed,
    freePlace() {
      isPlaceFree = true;
    },
    async start(name: string) {
      const process = createWorkerProcess('processor', name, time, nothing);
      const lastPollEnds = Promise.withResolvers<void>();
      const consumer = createConsumer({
        sqs: createSqsClient({
          queue,
          network,
          caller: { process, receivedAtMs: 0 },
          time,
          random,
          lastPollEnds: lastPollEnds.promise,
          onResponse: nothing,
        }),
        queueUrl: 'processor',
        concurrency: CONCURRENCY,
        visibilitySeconds: VISIBILITY_SECONDS,
        async handle() {
          if (!isPlaceFree) throw new NotBegun(VISIBILITY_SECONDS, 'another one is at work');
        },
        observe,
        random,
        clock: process.clock,
      });
      void consumer.start();
      return {
        async stop(): Promise<void> {
          lastPollEnds.resolve();
          const stopped = consumer.stop(0);
          await time.pass(10_000);
          await stopped;
        },
      };
    },
  };
}

t.test('P3: while SQS deletes nothing, no message is copied a second time', async (t) => {
  const { time, queue, refused, observed, start, freePlace } = prepare({ maxReceiveCount: 100 });
  refused.add('DeleteMessageBatch');
  await start('processor-1');
  for (let minutes = 0; minutes < OUTAGE_SECONDS / 60; minutes += 1) {
    await time.pass(60_000);
    t.equal(queue.depth, 4, 'each of the two and its copy');
  }
  refused.clear();
  freePlace();
  await time.passUntilQuiet();
  t.equal(queue.depth, 0);
  t.strictSame(queue.deadBodies, []);
  t.equal(
    observed.count(({ event, request }) => event === 'requestFailed' && request === 'delete'),
    2,
    'each failed deletion is reported once',
  );
});

t.test('P3: each stop while SQS deletes nothing adds at most a copy for each slot', async (t) => {
  const { time, queue, refused, start } = prepare({ maxReceiveCount: 100 });
  refused.add('DeleteMessageBatch');
  for (let processes = 1; processes <= 5; processes += 1) {
    const { stop } = await start(`processor-${processes}`);
    await time.pass(OUTAGE_SECONDS * 1000);
    await stop();
    t.ok(queue.depth <= 2 + CONCURRENCY * processes, `${queue.depth} messages after ${processes} processes`);
  }
});

t.test('P3: a message on its last receive outlasts a minute in which SQS takes no copy', async (t) => {
  const { time, queue, refused, observed, start, freePlace } = prepare({ maxReceiveCount: 1 });
  refused.add('SendMessageBatch');
  await start('processor-1');
  await time.pass(60_000);
  refused.clear();
  freePlace();
  await time.passUntilQuiet();
  t.equal(queue.depth, 0);
  t.strictSame(queue.deadBodies, []);
  t.equal(
    observed.count(({ event }) => event === 'deadLettered'),
    0,
  );
});
