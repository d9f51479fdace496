import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** How long a holder can take to send its process id. */
const RESPONSE_LIMIT_MS = 2_000;

export class LockHeld extends Error {
  readonly code = 'LockHeld';
  override readonly name = 'LockHeld';
}

/**
 * Keeps a second run out while one is at work. The run listens on a socket and sends its process id to each client. When the run
 * has ended, in whatever way, nothing listens, and the next run takes the lock over.
 * @param socketPath at most some 100 bytes, as for any socket
 * @throws LockHeld when a process that lives has it
 */
export async function holdLock(socketPath: string): Promise<AsyncDisposable> {
  const holder = await pidOfHolder(socketPath);
  if (holder !== undefined) {
    throw new LockHeld(
      `another run is at work on the same files or containers, process ${holder}: wait for it, or end it`,
    );
  }
  await rm(socketPath, { force: true });
  const server = createServer((socket) => socket.end(String(process.pid))).listen(socketPath);
  await once(server, 'listening');
  server.unref();
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

/** Where the lock of a folder lies: not in the folder itself, whose path may be too long for a socket. */
export function lockOf(folder: string): string {
  return join(tmpdir(), `upload-once-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}.lock`);
}

/** Undefined if nothing listens. A holder that listens but does not respond, because it is frozen, has the lock too. */
async function pidOfHolder(socketPath: string): Promise<string | undefined> {
  const socket = connect(socketPath);
  try {
    await once(socket, 'connect');
  } catch {
    return undefined;
  }
  socket.setTimeout(RESPONSE_LIMIT_MS, () => socket.destroy(new Error('no response')));
  return text(socket).catch(() => 'unknown');
}
