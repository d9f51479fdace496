import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ask } from './ask.ts';
import { createLightClient } from './light-client.ts';
import type { Issuer } from './stage.ts';

/**
 * An open loop: requests at random times, as those of many clients who do not know of each other. Each is sent when it is due, whether
 * others have their response or not, and its latency counts from then: where a server stands still, all that come meanwhile count.
 * autocannon's `overallRate` is no such loop: each connection sends its requests of a second at once, and then rests.
 * @returns the latencies in milliseconds
 * @throws Error where a request fails
 */
export async function openLoad(
  { url }: Pick<Issuer, 'url'>,
  { name, path, headers }: Ask,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<number[]> {
  const client = createLightClient(url, path, headers);
  const latenciesMs: number[] = [];
  let failure: unknown;

  async function send(dueAtMs: number): Promise<void> {
    try {
      const status = await client.get();
      if (status !== 200) throw new Error(`${name}: a response was ${status}`);
      latenciesMs.push(performance.now() - dueAtMs);
    } catch (error) {
      failure ??= error;
    }
  }

  const all: Promise<void>[] = [];
  let dueAtMs = performance.now();
  const endsAtMs = dueAtMs + seconds * 1_000;
  while (dueAtMs < endsAtMs && failure === undefined) {
    // No timer: one is up to a millisecond late. The load has a core for itself.
    if (performance.now() < dueAtMs) await nextTurn();
    else {
      all.push(send(dueAtMs));
      dueAtMs += (-Math.log(1 - Math.random()) * 1_000) / perSecond;
    }
  }
  await Promise.all(all);
  client.close();
  if (failure !== undefined) throw failure;
  return latenciesMs;
}
