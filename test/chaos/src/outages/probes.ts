import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceUnderFaults } from '../service-under-faults.ts';

const BETWEEN_PROBES_MS = 500;
/** A load balancer gives up after five seconds by default; here it is only to be noticed that nothing comes at all. */
const LIMIT_MS = 15_000;

/** What a service said of itself once. */
export interface Probe {
  readonly service: string;
  readonly path: '/livez' | '/readyz';
  /** 0: there was no response. */
  readonly status: number;
  readonly message: string;
  readonly beganAtMs: number;
  readonly endedAtMs: number;
}

export interface Probing {
  readonly probes: readonly Probe[];
  /** Resolves once `holds` is true of the probes. It never resolves otherwise: set a time limit when you wait. */
  when(holds: (probes: readonly Probe[]) => boolean): Promise<void>;
  stop(): Promise<void>;
}

/** Asks each service again and again whether it lives and is ready, as those do who run it. */
export function startProbing(services: readonly ServiceUnderFaults[], nowMs: () => number): Probing {
  const probes: Probe[] = [];
  const looks = new Set<() => void>();
  const stopping = new AbortController();

  async function probe(service: ServiceUnderFaults, path: Probe['path']): Promise<void> {
    const beganAtMs = nowMs();
    const url = `${await service.url()}${path}`;
    try {
      // On a connection of its own: one that lay idle may be closed at that moment.
      const headers = { connection: 'close' };
      const response = await fetch(url, { headers, signal: AbortSignal.timeout(LIMIT_MS) });
      const { message = '' } = (await response.json()) as { message?: string };
      probes.push({
        service: service.name,
        path,
        status: response.status,
        message,
        beganAtMs,
        endedAtMs: nowMs(),
      });
    } catch (error) {
      probes.push({
        service: service.name,
        path,
        status: 0,
        message: String(error),
        beganAtMs,
        endedAtMs: nowMs(),
      });
    }
    for (const look of [...looks]) look();
  }

  async function probeUntilStopped(service: ServiceUnderFaults): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      await Promise.all([probe(service, '/livez'), probe(service, '/readyz')]);
      await delay(BETWEEN_PROBES_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  const probing = services.map(probeUntilStopped);
  return {
    probes,
    when(holds) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => {
        if (holds(probes)) resolve();
      };
      looks.add(look);
      look();
      return promise.finally(() => looks.delete(look));
    },
    async stop() {
      stopping.abort();
      await Promise.all(probing);
    },
  };
}
