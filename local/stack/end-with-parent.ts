import { isMainThread } from 'node:worker_threads';

/**
 * Ends this process when its parent ends, even if the parent is killed: `node --import ./local/stack/end-with-parent.ts PROGRAM`, started
 * with an IPC channel, which the operating system closes with the parent. The process gets SIGTERM, and SIGKILL if that is not enough
 * within 5 seconds.
 */
const STOP_LIMIT_MS = 5_000;

// Worker threads load this module too.
if (isMainThread) {
  process.once('disconnect', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_LIMIT_MS);
  });
  // The listener must not keep the process running.
  process.channel?.unref();
}
