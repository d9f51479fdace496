import { bucketScripts } from './redis-buckets.ts';

const RECONNECT_MS = 1_000;

/**
 * For `createClient(…)`: a client that never waits for a connection. A command that finds no connection is refused at once
 * rather than kept for later; a connection on which nothing came for 10 seconds, not even the response to a ping, is given up.
 *
 * @param url redis://[user:password@]host[:port][/database], rediss:// with TLS
 */
export function redisClientOptions(url: string) {
  return {
    url,
    scripts: bucketScripts,
    disableOfflineQueue: true,
    pingInterval: 4_000,
    socket: {
      connectTimeout: 2_000,
      socketTimeout: 10_000,
      reconnectStrategy: () => RECONNECT_MS,
    },
  };
}
