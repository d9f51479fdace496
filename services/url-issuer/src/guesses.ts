import { isIP } from 'node:net';
import { normalizeIP } from '@fastify/rate-limit';
import { createMemoryBuckets } from './rates/memory-buckets.ts';

export interface GuessesOptions {
  /** How many keys that open nothing an address may present each minute, and at once; 0: any number. */
  readonly perMinute: number;
  readonly now: () => Date;
}

/** How many keys that open nothing each address has presented to this task. */
export interface Guesses {
  /**
   * Counts a key of which it is not known yet whether it opens anything. What is counted before the look-up is ended
   * holds however many are tried at once.
   *
   * @param address an IPv4 address for itself, an IPv6 address for its /64 network, which one client has to itself; a port
   *   behind it counts for nothing, and whatever is no address, or missing, counts with all else that is none
   * @returns 0, or the whole seconds after which this address may try again
   */
  begin(address: string | undefined): Promise<number>;
  /** It was no guess, or nobody could say: it does not count. */
  forgive(address: string | undefined): void;
}

/** Some 100 bytes each. Whoever has more addresses than this at hand makes only those of others forgotten, and starts anew. */
const MAX_ADDRESSES = 10_000;

export function createGuesses({ perMinute, now }: GuessesOptions): Guesses {
  if (perMinute === 0) return { begin: async () => 0, forgive() {} };
  const limit = { burst: perMinute, ratePerSecond: perMinute / 60 };
  const buckets = createMemoryBuckets({ now, maxBuckets: MAX_ADDRESSES });
  return {
    async begin(address) {
      const { waitMilliseconds } = await buckets.take(bucketOf(address), limit);
      return Math.ceil(waitMilliseconds / 1000);
    },
    forgive(address) {
      buckets.giveBack(bucketOf(address), limit.ratePerSecond);
    },
  };
}

const NO_ADDRESS = 'no address';

/** A proxy may write more into X-Forwarded-For than an address; nobody gets an allowance of its own for what changes in it. */
function bucketOf(address = NO_ADDRESS): string {
  const bare = /^\[([^\]]*)\](?::\d*)?$/.exec(address)?.[1] ?? address.replace(/^([0-9.]+):\d*$/, '$1');
  return isIP(bare) === 0 ? NO_ADDRESS : normalizeIP(bare);
}
