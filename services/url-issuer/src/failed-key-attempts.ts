import type { Clock } from '@upload-once/clock';
import { clientAddressOf } from './client-address.ts';
import { createMemoryBuckets } from './rates/memory-buckets.ts';

export interface FailedKeyAttemptsOptions {
  /** How many keys that open nothing an address may present each minute, and at once; 0: any number. */
  readonly perMinute: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** Whose account a request is put down to that may open nothing. */
export type KeyAttemptSource =
  /** See `clientAddressOf`. */
  | { readonly address: string | undefined }
  /** A key that is known and opens nothing, because it is disabled or expired. It has an account of its own, wherever it comes from. */
  | { readonly refusedKeyId: string };

/** How many keys that open nothing each address has presented to this task, and how often each refused key came. */
export interface FailedKeyAttempts {
  /**
   * Counts a key before it is known whether it opens anything. Because the count comes before the end of the look-up, the
   * limit holds however many keys are tried at once.
   *
   * @returns 0, or the whole seconds after which this source may try again
   */
  begin(source: KeyAttemptSource): Promise<number>;
  /** The key was no guess, or the look-up failed: the attempt does not count. */
  refund(source: KeyAttemptSource): void;
}

/** Some 100 bytes each. A client with more addresses than this only removes the counts of others, and starts anew. */
const MAX_ADDRESSES = 10_000;

export function createFailedKeyAttempts({ perMinute, clock }: FailedKeyAttemptsOptions): FailedKeyAttempts {
  if (perMinute === 0) return { begin: async () => 0, refund() {} };
  const limit = { burst: perMinute, ratePerSecond: perMinute / 60 };
  const buckets = createMemoryBuckets({ clock, maxBuckets: MAX_ADDRESSES });
  return {
    async begin(source) {
      const { waitMs } = await buckets.take(bucketOf(source), limit);
      return Math.ceil(waitMs / 1000);
    },
    refund(source) {
      buckets.giveBack(bucketOf(source), limit.ratePerSecond);
    },
  };
}

function bucketOf(source: KeyAttemptSource): string {
  return 'refusedKeyId' in source ? `key ${source.refusedKeyId}` : clientAddressOf(source.address);
}
