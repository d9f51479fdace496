import { defineScript, ErrorReply } from '@redis/client';
import { bucketResult, ROUNDING_MS, type TokenBuckets } from './token-buckets.ts';

/**
 * `takeToken` in the store, atomically and by the store's own clock, so that the clocks of the tasks don't matter. A bucket
 * is one key that ends when the bucket is full. Numbers come back as text: the store would cut them to whole ones.
 */
const takeTokenScript = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `
    local time = redis.call('TIME')
    local now = time[1] * 1000 + time[2] / 1000
    local token = tonumber(ARGV[1])
    local empty = token * tonumber(ARGV[2])
    local before = tonumber(redis.call('GET', KEYS[1]) or now)
    before = math.min(math.max(before, now), now + empty)
    local wait = before + token - now - empty
    if wait > ${ROUNDING_MS} then
      return { 0, string.format('%.4f', wait), string.format('%.4f', before - now) }
    end
    local after = before + token
    redis.call('SET', KEYS[1], string.format('%.4f', after), 'PX', math.ceil(after - now))
    return { 1, '0', string.format('%.4f', after - now) }
  `,
  parseCommand(parser, key: string, tokenMs: number, burst: number) {
    parser.pushKey(key);
    parser.push(String(tokenMs), String(burst));
  },
  transformReply: (reply) => reply as unknown as readonly (string | number)[],
});

/** For `createClient({ scripts })`. */
export const bucketScripts = { takeToken: takeTokenScript };

/** What is used of a client that was made with `bucketScripts`. */
export interface BucketScriptClient {
  takeToken(key: string, tokenMs: number, burst: number): Promise<readonly (string | number)[]>;
  sendCommand(args: readonly string[]): Promise<unknown>;
}

const KEY_PREFIX = 'upload-once:rate:';

/**
 * The error of a server that is no primary, or none yet. For a script, Redis 6 has it in the middle of its message. Pings still
 * succeed: nothing else ends the connection.
 */
const NOT_THE_PRIMARY = /\b(?:READONLY|LOADING|MASTERDOWN)\b/;

/**
 * Buckets in Valkey or Redis, which all tasks share. Rejects when the store does not respond. It disconnects from a server
 * that is not the primary, as after a failover, so that the client looks the store's name up again and reconnects.
 */
export function createRedisBuckets(client: BucketScriptClient): TokenBuckets {
  async function leaveUnlessPrimary(error: unknown): Promise<never> {
    // The server closes the connection upon QUIT, behind what it was asked before; the client then connects again by itself.
    if (error instanceof ErrorReply && NOT_THE_PRIMARY.test(error.message)) {
      client.sendCommand(['QUIT']).catch(() => undefined);
    }
    throw error;
  }

  return {
    async take(name, limit) {
      const [taken, wait, fullIn] = await client
        .takeToken(KEY_PREFIX + name, 1000 / limit.ratePerSecond, limit.burst)
        .catch(leaveUnlessPrimary);
      return bucketResult(taken === 1, Number(wait), Number(fullIn), limit);
    },
  };
}
