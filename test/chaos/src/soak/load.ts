import { createRandom } from '@upload-once/simulation/src/simulation/random.ts';
import { injectFaults } from './injected-faults.ts';
import type { Ledger } from './ledger.ts';
import { createPlanner } from './plan.ts';
import type { Settings } from './settings.ts';
import type { Settling } from './settling.ts';
import type { StackUnderSoak } from './stack-under-soak.ts';
import { createUploading } from './uploading.ts';
import { killWorkers } from './worker-kills.ts';

const MIB = 1024 ** 2;
const PROGRESS_EVERY_MS = 15_000;
/**
 * The load is a closed loop: clients send nothing new while this many uploads have not come to rest. So the upload rate follows
 * the throughput of the whole system, and this bounds the disk space in use.
 */
const MOST_WAITING = 400;
const MOST_WAITING_BYTES = 1024 * MIB;

export interface Load {
  readonly findings: readonly string[];
  readonly minutes: number;
  readonly formsRefused: number;
  /** How many calls met each fault. */
  readonly faults: ReadonlyMap<string, number>;
  readonly killed: number;
  readonly stopped: number;
}

/** Uploads, faults and kills for as long as the settings say, or until `ending` is aborted; at its end all workers run. */
export async function putUnderLoad(options: {
  readonly settings: Settings;
  readonly under: StackUnderSoak;
  readonly ledger: Ledger;
  readonly settling: Settling;
  readonly ending: AbortSignal;
  readonly say: (line: string) => void;
}): Promise<Load> {
  const { settings, under, ledger, settling, ending, say } = options;
  const { minutes, seed, concurrency } = settings;
  const startedAtMs = performance.now();
  const over = AbortSignal.any([ending, AbortSignal.timeout(Math.ceil(minutes * 60_000))]);
  const nextPlan = createPlanner(createRandom(seed));
  const faults = injectFaults(createRandom(seed + 1));
  const kills = killWorkers(under.mortalWorkers, createRandom(seed + 2));
  const uploading = createUploading({
    issuerUrl: under.issuerUrl,
    apiKey: under.stack.apiKey,
    seed,
    ledger,
    nowMs: () => performance.now(),
  });
  for (const proxy of under.proxies) proxy.judge(faults.judge);

  async function uploadUntilOver(): Promise<void> {
    while (!over.aborted) {
      const entry = await uploading.upload(nextPlan());
      if (entry) settling.follow(entry);
      await settling.whenAtMost(MOST_WAITING, MOST_WAITING_BYTES, over);
    }
  }

  const progress = setInterval(() => {
    const seconds = (performance.now() - startedAtMs) / 1000;
    const { uploads, bytes } = settling.waiting;
    say(
      `${clock(seconds)}  ${ledger.entries.size} forms (${(ledger.entries.size / seconds).toFixed(1)} a second), ` +
        `${settling.settled} at rest, ${uploads} on their way with ${Math.round(bytes / MIB)} MiB; ` +
        `${kills.killed + kills.stopped} kills and stops, ${total(faults.counts)} faults`,
    );
  }, PROGRESS_EVERY_MS);
  try {
    await Promise.all(Array.from({ length: concurrency }, uploadUntilOver));
  } finally {
    clearInterval(progress);
    faults.stop();
    for (const proxy of under.proxies) proxy.judge();
    await kills.stop();
  }
  return {
    findings: [...uploading.findings, ...kills.findings],
    minutes: (performance.now() - startedAtMs) / 60_000,
    formsRefused: uploading.formsRefused,
    faults: faults.counts,
    killed: kills.killed,
    stopped: kills.stopped,
  };
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}
