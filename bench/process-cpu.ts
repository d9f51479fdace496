import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Clock ticks a second in /proc (Linux, `getconf CLK_TCK`). */
const TICKS = 100;

/** Of all its threads, in user mode and in the kernel (proc(5), `/proc/pid/stat`). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

let cores: number | undefined;

/** All threads of the process, and what it starts from now on, run on this core only. On a machine with one core nothing happens. */
export function keepOnCore(pid: number, core: 0 | 1): void {
  // Asked once: it is one for a process that is kept on a core itself.
  cores ??= availableParallelism();
  if (cores > 1) execFileSync('taskset', ['-apc', String(core), String(pid)]);
}
