import process from 'node:process';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { handleUpload as logUpload } from './handlers/log-upload.ts';
import { loadHandler } from './load-handler.ts';
import type { ThreadStart } from './thread-messages.ts';
import { openThreadPort } from './thread-port.ts';

/**
 * A program for a worker thread: it loads the user's handler once, and runs it for as many uploads at once as it is told to. It
 * imports little, and the rest only where there is something to run: each thread has all of it once more.
 */
const port = parentPort as MessagePort;
const { settings, underWay } = workerData as ThreadStart;
const { handlerName, workingDirectory, run } = settings;
const { say, print } = openThreadPort(port, underWay);

// Node's own streams of a thread hold what is printed until its event loop turns; a handler that only prints would fill the heap.
for (const type of ['stdout', 'stderr'] as const) {
  process[type].write = (chunk: Uint8Array | string, ...rest: unknown[]) => {
    print({ type, text: typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString() });
    const callback = rest.at(-1);
    if (typeof callback === 'function') queueMicrotask(() => callback());
    return true;
  };
}

try {
  const handler = handlerName === '' ? logUpload : await loadHandler(handlerName, workingDirectory);
  if (run) {
    const { runHandlers } = await import('./run-in-thread.ts');
    runHandlers(handler, run, { say, print, on: port.on.bind(port) });
  }
  say({ type: 'loaded' });
} catch (error) {
  say({ type: 'not-loaded', message: (error as Error).message });
}
