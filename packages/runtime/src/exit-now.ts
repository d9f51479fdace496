/**
 * Ends the process at once, whatever its threads do. `process.exit()` first waits for the end of each thread, and a thread that
 * waits for a child process (`execSync`) ends only with that. Replacing the program ends all threads, by which no other exit code is
 * possible than that of the new program; nothing that the process would still do is done (Node.js, "process.execve").
 * @param code 0 to 255
 */
export function exitNow(process: NodeJS.Process, code: number): never {
  try {
    process.execve?.(process.execPath, [process.execPath, '-e', `process.exit(${code})`], {});
  } finally {
    // Where there is no execve (Windows) no exit code can be chosen.
    process.kill(process.pid, 'SIGKILL');
  }
  throw new Error('the process ends');
}
