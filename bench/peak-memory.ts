import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { platform } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ManagedProcess } from '@upload-once/local-stack/child-process.ts';

const KIB_PER_MIB = 1024;
const SAMPLE_EVERY_MS = 250;

export interface PeakMemory {
  /** How it was found out, for the reader of the figures. */
  readonly method: string;
  /** The most resident memory that each process has had so far, in MiB, by its name. */
  read(): Promise<ReadonlyMap<string, number>>;
  stop(): Promise<void>;
}

/** Linux keeps each process's peak itself; elsewhere `ps` is asked again and again, which can miss a short one. */
export function followPeakMemory(processes: readonly ManagedProcess[]): PeakMemory {
  return platform === 'linux' ? kernelsPeak(processes) : sampledPeak(processes);
}

function kernelsPeak(processes: readonly ManagedProcess[]): PeakMemory {
  return {
    method: 'VmHWM of /proc',
    async read() {
      const peaks = processes.map(async ({ name, pid }) => {
        const status = await readFile(`/proc/${pid}/status`, 'utf8');
        return [name, Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]) / KIB_PER_MIB] as const;
      });
      return new Map(await Promise.all(peaks));
    },
    async stop() {},
  };
}

function sampledPeak(processes: readonly ManagedProcess[]): PeakMemory {
  const peaksMib = new Map<string, number>();
  const nameOf = new Map(processes.map(({ name, pid }) => [pid, name]));
  const stopping = new AbortController();

  async function sample(): Promise<void> {
    const pids = [...nameOf.keys()].join(',');
    const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,rss=', '-p', pids]);
    for (const line of stdout.trim().split('\n')) {
      const [pid = 0, rssKib = 0] = line.trim().split(/\s+/).map(Number);
      const name = nameOf.get(pid);
      if (name !== undefined) peaksMib.set(name, Math.max(peaksMib.get(name) ?? 0, rssKib / KIB_PER_MIB));
    }
  }

  async function sampleUntilStopped(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      await sample();
      await delay(SAMPLE_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  const sampling = sampleUntilStopped();
  // `stop` rejects with this error.
  sampling.catch(() => undefined);
  return {
    method: `ps, every ${SAMPLE_EVERY_MS} ms: a shorter peak does not show`,
    async read() {
      await sample();
      return new Map(peaksMib);
    },
    async stop() {
      stopping.abort();
      await sampling;
    },
  };
}
