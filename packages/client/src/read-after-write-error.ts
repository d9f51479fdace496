import type { Socket } from 'node:net';

/** What a write fails with once the other side has closed the connection. */
const CLOSED_BY_PEER = ['EPIPE', 'ECONNRESET', 'ECONNABORTED'];

/**
 * Lets a socket be read to its end after a write to it has failed.
 *
 * A server that refuses early responds, and closes the connection while the client is still sending. The next write
 * then fails, and Node destroys the socket at once, with the response unread in the kernel's buffer. Here such a write stays
 * open instead: nothing more is written, and the socket ends when there is nothing more to read.
 */
export function readAfterWriteError(socket: Socket): void {
  const { _write, _writev } = socket;
  const held = (done: (error?: Error | null) => void) => (error?: Error | null) => {
    const { code } = (error ?? {}) as NodeJS.ErrnoException;
    if (!error || code === undefined || !CLOSED_BY_PEER.includes(code) || socket.readableEnded) {
      done(error);
      return;
    }
    const release = () => {
      for (const event of ['end', 'error', 'close']) socket.removeListener(event, release);
      done(error);
    };
    for (const event of ['end', 'error', 'close']) socket.once(event, release);
  };
  socket._write = (chunk, encoding, done) => _write.call(socket, chunk, encoding, held(done));
  if (_writev) socket._writev = (chunks, done) => _writev.call(socket, chunks, held(done));
}
