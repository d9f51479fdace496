import { isMainThread } from 'node:worker_threads';

/**
 * Ends this process when the one that started it ends, however that ends: `node --import ./local/end-with-parent.ts PROGRAM`, started
 * with an IPC channel, which the operating system closes with the parent. The program ends as on SIGTERM, and is killed where that
 * takes too long.
 */
const STOP_LIMIT_MS = 5_000;

// Worker threads load what `--import` names as well.
if (isMainThread) {
  process.once('disconnect', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_LIMIT_MS);
  });
  // The listener alone must not keep the program running.
  process.channel?.unref();
}
