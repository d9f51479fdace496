import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '@upload-once/simulation/src/simulation/random.ts';
import type { AwsCall, AwsService } from '../proxy/aws-call.ts';
import type { AwsProxy } from '../proxy/aws-proxy.ts';
import { PASS, RefusalKind } from '../proxy/call-outcome.ts';

/** What one of AWS's services does to all who call it. */
export const OutageKind = {
  /** Nothing listens: connections are refused. */
  away: 'away',
  /** Connections are accepted, and reset with the first call on them. For a client this equals `away`, but the calls can be counted. */
  cut: 'cut',
  /** Each call is carried out two seconds late. */
  slow: 'slow',
  /** Half of all calls are refused with the service's own error for a rate that is too high. */
  throttled: 'throttled',
} as const;
export type OutageKind = (typeof OutageKind)[keyof typeof OutageKind];

const SLOW_MS = 2_000;
const THROTTLED_SHARE = 0.5;

/** Begins an outage for all these processes and returns a function that ends it. Calls `onCall` with each call to that service. */
export async function beginOutage(
  service: AwsService,
  kind: OutageKind,
  proxies: readonly AwsProxy[],
  random: Random,
  onCall: (call: AwsCall, proxy: AwsProxy) => void,
): Promise<() => Promise<void>> {
  for (const proxy of proxies) {
    proxy.judge(async (call) => {
      if (call.service !== service) return PASS;
      onCall(call, proxy);
      if (kind === OutageKind.cut) return { kind: 'cut' };
      if (kind === OutageKind.slow) await delay(SLOW_MS);
      if (kind === OutageKind.throttled && random() < THROTTLED_SHARE) {
        return { kind: 'refuse', error: RefusalKind.throttled };
      }
      return PASS;
    });
  }
  if (kind === OutageKind.away) for (const proxy of proxies) proxy.close(service);
  return async () => {
    for (const proxy of proxies) proxy.judge();
    await Promise.all(proxies.map((proxy) => proxy.open(service)));
  };
}
