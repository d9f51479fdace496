import { type ConsoleSources, QueueName } from '../src/index.ts';

const NOTHING = { visible: 0, inFlight: 0, delayed: 0 };

/** Sources that have nothing, for tests of what stands before them. */
export function fakeSources(more: Partial<ConsoleSources> = {}): ConsoleSources {
  return {
    uploads: {
      name: 'uploads',
      byId: async () => ({ upload: undefined, observedVersions: [], tallies: [], link: undefined }),
      page: async () => ({ uploads: [], observedVersions: [], next: undefined }),
    },
    queues: {
      queues: [QueueName.uploads, QueueName.accepted],
      state: async (queue) => ({
        queue,
        name: queue,
        counts: NOTHING,
        deadLetterName: `${queue}-dead-letter`,
        deadLetters: NOTHING,
        maxReceiveCount: 5,
      }),
    },
    logs: undefined,
    metrics: undefined,
    traces: undefined,
    deadLetters: {
      look: async () => ({ rows: [], visible: 0, hidden: 0, plan: 'moves 0' }),
      redrive: async () => ({ outcomes: {}, remarks: [], isStopped: false }),
    },
    audit: undefined,
    trials: undefined,
    ...more,
  };
}
