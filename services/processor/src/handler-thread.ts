import process from 'node:process';
import { StringDecoder } from 'node:string_decoder';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { toPlain } from '@upload-once/runtime/plain-error';
import { handleUpload as doNothing } from './handlers/no-work.ts';
import { loadHandler } from './load-handler.ts';
import { printedPieces } from './printed-pieces.ts';
import type { ThreadStart } from './thread-messages.ts';
import { openThreadPort } from './thread-port.ts';

/**
 * A program for a worker thread: it loads the user's handler once, and runs it for as many uploads at once as the main thread sends. It
 * imports little, and the rest only where there is something to run: each thread has all of it once more.
 */
const port = parentPort as MessagePort;
const { settings, underWay } = workerData as ThreadStart;
const { handlerName, workingDirectory, run } = settings;
const { say, print } = openThreadPort(port, underWay);

// Node's own streams of a thread hold what is printed until its event loop turns; a handler that only prints would fill the heap.
for (const type of ['stdout', 'stderr'] as const) {
  // A character may come in two chunks.
  const decoder = new StringDecoder('utf8');
  process[type].write = (chunk: Uint8Array | string, ...rest: unknown[]) => {
    const encoding = Buffer.isEncoding(String(rest[0])) ? (rest[0] as BufferEncoding) : 'utf8';
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk);
    for (const text of printedPieces(decoder.write(bytes))) print({ type, text });
    const callback = rest.at(-1);
    if (typeof callback === 'function') queueMicrotask(() => callback());
    return true;
  };
}

// Node itself would send the error as it is, and the main thread would take as long to read it as a handler likes.
process.on('uncaughtExceptionMonitor', (error) => {
  // A handler, or a library of its, that takes such errors goes on doing so.
  if (process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback()) return;
  say({ type: 'crashed', thrown: toPlain(error) });
  process.exit(1);
});

try {
  const handler = handlerName === '' ? doNothing : await loadHandler(handlerName, workingDirectory);
  if (run) {
    const { runHandlers } = await import('./run-in-thread.ts');
    runHandlers(handler, run, { say, print, on: port.on.bind(port) });
  }
  say({ type: 'loaded' });
} catch (error) {
  say({ type: 'not-loaded', message: (error as Error).message });
}
