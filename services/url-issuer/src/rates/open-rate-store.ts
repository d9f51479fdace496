import { createClient } from '@redis/client';
import type { Logger } from '@upload-once/runtime';
import { createRedisBuckets } from './redis-buckets.ts';
import { redisClientOptions } from './redis-client-options.ts';
import type { TokenBuckets } from './token-buckets.ts';

export interface RateStore {
  /** They reject while the store is away. */
  readonly buckets: TokenBuckets;
  destroy(): void;
}

/** Connects in the background, and again for as long as the service runs. Each request that finds no connection says so by itself. */
export function openRateStore(url: string, log: Pick<Logger, 'debug'>): RateStore {
  const client = createClient(redisClientOptions(url));
  client.on('error', (err) => log.debug({ err }, 'the connection to the store of the rates'));
  client.connect().catch((err) => log.debug({ err }, 'no connection to the store of the rates'));
  return { buckets: createRedisBuckets(client), destroy: () => client.destroy() };
}
