import { writeSync } from 'node:fs';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

export type Written = 'all' | 'a part' | 'nothing';

/** How long a full pipe is left alone that does not make its writer wait (O_NONBLOCK). */
const FULL_MS = 5;

/**
 * A program for a worker thread: it writes the bytes that it is sent to a file descriptor, its `workerData`, and waits in the place of
 * the main thread for who reads it. It says of each message how much of it was written.
 */
const port = parentPort as MessagePort;
const fileDescriptor: number = workerData;
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

port.on('message', (bytes: Uint8Array) => port.postMessage(write(bytes)));

function write(bytes: Uint8Array): Written {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fileDescriptor, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return at > 0 ? 'a part' : 'nothing';
      Atomics.wait(never, 0, 0, FULL_MS);
    }
  }
  return 'all';
}
