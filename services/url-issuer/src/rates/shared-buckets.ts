import type { Clock } from '@upload-once/clock';
import type { Logger } from '@upload-once/runtime';
import type { TokenBuckets } from './token-buckets.ts';

export interface SharedBucketsOptions {
  /** What all tasks share. */
  readonly store: TokenBuckets;
  /** What this task counts by while the store is away. */
  readonly localFallback: TokenBuckets;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** Called for every request that the local fallback counted. */
  readonly onCountedLocally: () => void;
  /** How long the store may take; then the local fallback counts a request. */
  readonly timeoutMs: number;
  /** How long the store is not asked again after it did not respond. Then one request tries it, and pays with its timeout. */
  readonly retryMs: number;
}

/**
 * Buckets that all tasks share while their store responds; without it each task counts alone, and allows the whole rate.
 * The log says when that begins and when it is over. Never rejects because of the store.
 */
export function createSharedBuckets(options: SharedBucketsOptions): TokenBuckets {
  const { store, localFallback, clock, log, timeoutMs, retryMs } = options;
  let awaySinceMs: number | undefined;
  let triedAtMs = 0;

  function isResting(): boolean {
    return awaySinceMs !== undefined && clock.monotonicMs() - triedAtMs < retryMs;
  }

  function responded(): void {
    if (awaySinceMs === undefined) return;
    const awaySeconds = Math.round((clock.monotonicMs() - awaySinceMs) / 1000);
    awaySinceMs = undefined;
    log.info({ awaySeconds }, 'the store of the rates responds again: all tasks count together');
  }

  function silent(err: unknown): void {
    if (awaySinceMs !== undefined) return;
    awaySinceMs = clock.monotonicMs();
    log.warn({ err }, 'the store of the rates does not respond: each task counts alone until it does');
  }

  return {
    async take(name, limit) {
      if (!isResting()) {
        triedAtMs = clock.monotonicMs();
        try {
          const result = await within(timeoutMs, store.take(name, limit));
          responded();
          return result;
        } catch (error) {
          silent(error);
        }
      }
      options.onCountedLocally();
      return await localFallback.take(name, limit);
    },
  };
}

async function within<T>(ms: number, call: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no response within ${ms} ms`)), ms);
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
