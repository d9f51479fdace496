import { startFaultStack } from '../fault-stack.ts';
import { lookFromOutside } from '../outside.ts';
import { expectedCounts } from './counts.ts';
import type { Worker } from './scenario.ts';
import { untilSettled } from './settled.ts';
import { createTurnstile } from './turnstile.ts';

/** The least that the services take: a message whose worker was killed comes back after it. */
const VISIBILITY_SECONDS = 2;
/** The other worker is never killed. A busy machine must not make it lose its messages. */
const OTHER_VISIBILITY_SECONDS = 60;
/** Far from it: a message in a dead-letter queue is a finding, never a matter of timeout. */
const MAX_RECEIVE_COUNT = 20;

/**
 * A stack of its own for one worker with both consumers at work. The service that is killed has one slot, so that its calls come one after another, and in the
 * same order each time.
 */
export async function startWorker(options: {
  readonly killed: 'acceptor' | 'processor';
  readonly logFolder: string;
  readonly settings?: Readonly<Record<string, string>>;
}): Promise<Worker & { stop(): Promise<void> }> {
  const { logFolder, killed, settings } = options;
  const stack = await startFaultStack({
    logFolder,
    visibilitySeconds: VISIBILITY_SECONDS,
    maxReceiveCount: MAX_RECEIVE_COUNT,
    hasWebhooks: killed === 'processor',
  });
  const outside = lookFromOutside(stack);
  const queueUrl = killed === 'acceptor' ? stack.queues.uploadEvents : stack.queues.acceptedEvents;
  const service = await stack.add(killed, {
    CONCURRENCY: '1',
    DRAIN_LIMIT_SECONDS: '20',
    // A poll that was judged gets a message, also one that is hidden until its dead worker's time is over.
    POLL_WAIT_SECONDS: '20',
    ...settings,
  });
  const worker = {
    stack,
    outside,
    killed: service,
    turnstile: createTurnstile(service, () => outside.depthOf(queueUrl)),
    queueUrl,
    prefix: killed === 'acceptor' ? ('uploads/' as const) : ('accepted/' as const),
    other: await stack.add(killed === 'acceptor' ? 'processor' : 'acceptor', {
      VISIBILITY_SECONDS: String(OTHER_VISIBILITY_SECONDS),
    }),
    counts: expectedCounts(),
    async stop() {
      await stack.stop();
      outside.close();
    },
  };
  // S3 tests the destinations of its events with one of its own: that is out of the way before anything is counted.
  await Promise.all([worker.other.start(), worker.killed.start()]);
  await untilSettled(worker);
  return worker;
}
