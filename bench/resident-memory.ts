import { readFile } from 'node:fs/promises';

const KIB_PER_MIB = 1024;

/** What the process has in memory now, in MiB (proc(5), `/proc/pid/status`). */
export async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) / KIB_PER_MIB;
}
