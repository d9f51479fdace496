import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { handleUpload as logUpload } from './handlers/log-upload.ts';
import { loadHandler } from './load-handler.ts';
import type { FromThread, ThreadSettings } from './thread-messages.ts';

/**
 * A program for a worker thread: it loads the user's handler once, and runs it for as many uploads at once as it is told to. It
 * imports little, and the rest only where there is something to run: each thread has all of it once more.
 */
const port = parentPort as MessagePort;
const { handlerName, workingDirectory, run } = workerData as ThreadSettings;
const say = (message: FromThread) => port.postMessage(message);

try {
  const handler = handlerName === '' ? logUpload : await loadHandler(handlerName, workingDirectory);
  if (run) {
    const { runHandlers } = await import('./run-in-thread.ts');
    runHandlers(handler, run, port);
  }
  say({ type: 'loaded' });
} catch (error) {
  say({ type: 'not-loaded', message: (error as Error).message });
}
