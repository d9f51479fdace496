import type { Test } from 'tap';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { type ConsumerOptions, createConsumer, type Delivery } from '../src/index.ts';
import { startLocalQueue } from './local-queue.ts';
import { recordingObserver } from './recording-observer.ts';

type Settings = Partial<ConsumerOptions> & { readonly maxReceiveCount?: number };

/** A queue and a consumer that is not yet started, in time that the test moves: one slot and no jitter, unless `settings` say otherwise. */
export async function prepareConsumer(
  t: Test,
  { maxReceiveCount = 3, ...settings }: Settings & Pick<ConsumerOptions, 'handle'>,
) {
  const clock = new VirtualClock();
  if (!settings.clock) clock.rule(t);
  const queue = await startLocalQueue(t, { maxReceiveCount });
  const recorded = recordingObserver();
  const consumer = createConsumer({
    ...queue,
    concurrency: 1,
    visibilitySeconds: 60,
    observe: recorded.observe,
    random: () => 0,
    clock,
    ...settings,
  });
  return { clock, queue, ...recorded, consumer };
}

/** A consumer with one message in flight, whose handler ends as `work` does. */
export async function holdOne(t: Test, settings: Settings = {}) {
  const work = Promise.withResolvers<void>();
  const began = Promise.withResolvers<Delivery>();
  const prepared = await prepareConsumer(t, {
    ...settings,
    async handle(delivery) {
      began.resolve(delivery);
      await work.promise;
    },
  });
  await prepared.queue.send('long work');
  await prepared.consumer.start();
  return { ...prepared, work, delivery: await began.promise };
}
