import type { Clock } from '@upload-once/clock';
import { LRUCache } from 'lru-cache';
import { type TokenBuckets, takeToken } from './token-buckets.ts';

export interface MemoryBucketsOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** How many buckets are remembered. The one that was not used for longest is forgotten first, and is full again. */
  readonly maxBuckets: number;
}

export interface MemoryBuckets extends TokenBuckets {
  /** Puts back the token that was taken last: what it was taken for was not to be counted. */
  giveBack(name: string, ratePerSecond: number): void;
}

/** Buckets of this process alone. */
export function createMemoryBuckets({ clock, maxBuckets }: MemoryBucketsOptions): MemoryBuckets {
  const fullAtOf = new LRUCache<string, number>({ max: maxBuckets });
  return {
    async take(name, limit) {
      const { fullAt, result } = takeToken(fullAtOf.get(name), clock.monotonicMs(), limit);
      fullAtOf.set(name, fullAt);
      return result;
    },

    giveBack(name, ratePerSecond) {
      const fullAt = fullAtOf.peek(name);
      if (fullAt !== undefined) fullAtOf.set(name, fullAt - 1000 / ratePerSecond);
    },
  };
}
