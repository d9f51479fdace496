import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { platform } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const KIB_PER_MIB = 1024;
const EVERY_MS = 2_000;

/** A process at one moment. */
export interface Sample {
  readonly atMinutes: number;
  readonly residentMib: number;
  /** Open file descriptors; undefined where the system does not report them. */
  readonly descriptors: number | undefined;
}

export interface Sampling {
  /** How it is measured, for the reader of the figures. */
  readonly method: string;
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  stop(): Promise<void>;
}

/** Looks at each process every two seconds, from the call until `stop`. @param nowMs a clock that never goes back */
export function startSampling(
  processes: readonly { readonly name: string; readonly pid: number }[],
  nowMs: () => number,
): Sampling {
  const isLinux = platform === 'linux';
  const samples = new Map<string, Sample[]>(processes.map(({ name }) => [name, []]));
  const stopping = new AbortController();
  const startedAtMs = nowMs();

  async function sample({ name, pid }: { readonly name: string; readonly pid: number }): Promise<void> {
    const measured = await (isLinux ? fromProc(pid) : fromPs(pid)).catch(() => undefined);
    // A process that has ended is reported elsewhere.
    if (measured) samples.get(name)?.push({ atMinutes: (nowMs() - startedAtMs) / 60_000, ...measured });
  }

  async function sampleUntilStopped(): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      await Promise.all(processes.map(sample));
      await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  const sampling = sampleUntilStopped();
  return {
    method: isLinux
      ? 'VmRSS and the number of entries of fd, both of /proc'
      : `rss of ps; file descriptors are not measured on ${platform}`,
    samples,
    async stop() {
      stopping.abort();
      await sampling;
    },
  };
}

async function fromProc(pid: number) {
  const [status, descriptors] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readdir(`/proc/${pid}/fd`),
  ]);
  const residentMib = Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) / KIB_PER_MIB;
  return { residentMib, descriptors: descriptors.length };
}

async function fromPs(pid: number) {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return { residentMib: Number(stdout.trim()) / KIB_PER_MIB, descriptors: undefined };
}
