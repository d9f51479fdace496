import { setTimeout as delay } from 'node:timers/promises';
import { below, type Random } from '@upload-once/simulation/src/simulation/random.ts';
import type { ServiceUnderFaults } from '../service-under-faults.ts';

const BETWEEN_SECONDS = { least: 2, most: 6 } as const;
/** The others are deploys: SIGTERM, and what is in flight is brought to its end. */
const KILLED_SHARE = 0.8;
/** A service that can't read its queue at start exits, and the platform starts it again. This is the platform here. */
const START_ATTEMPTS = 10;

export interface WorkerKills {
  readonly killed: number;
  readonly stopped: number;
  /** What ended otherwise than it was made to: by itself, or after SIGTERM with another exit code than 0. */
  readonly findings: readonly string[];
  /** Kills no more. Resolves when all workers run. Rejects when one could not be started again. */
  stop(): Promise<void>;
}

/** Ends one of these workers every few seconds, and starts it again. */
export function killWorkers(workers: readonly ServiceUnderFaults[], random: Random): WorkerKills {
  const findings: string[] = [];
  const stopping = new AbortController();
  let killed = 0;
  let stopped = 0;

  async function end(worker: ServiceUnderFaults): Promise<void> {
    const isKilled = random() < KILLED_SHARE;
    const { signal, code } = await (isKilled ? worker.kill() : worker.stop());
    if (isKilled) killed += 1;
    else stopped += 1;
    // A process that had ended by itself before does not end by our signal.
    if (isKilled ? signal === 'SIGKILL' : code === 0) return;
    const wanted = isKilled ? 'killed' : 'stopped by SIGTERM';
    findings.push(`P3: ${worker.name} was to be ${wanted}, and ended with ${signal ?? `exit code ${code}`}`);
  }

  async function killUntilStopped(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      const seconds = BETWEEN_SECONDS.least + random() * (BETWEEN_SECONDS.most - BETWEEN_SECONDS.least);
      await delay(seconds * 1000, undefined, { signal }).catch(() => undefined);
      const worker = workers[below(workers.length, random)];
      if (signal.aborted || !worker) return;
      await end(worker);
      await startAgain(worker);
    }
  }

  const killing = killUntilStopped();
  // `stop` rejects with this error.
  killing.catch(() => undefined);
  return {
    get killed() {
      return killed;
    },
    get stopped() {
      return stopped;
    },
    findings,
    async stop() {
      stopping.abort();
      await killing;
    },
  };
}

async function startAgain(worker: ServiceUnderFaults): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await worker.start();
      return;
    } catch (error) {
      if (attempt === START_ATTEMPTS) throw error;
      await worker.ended();
    }
  }
}
