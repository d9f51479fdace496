import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class LockHeld extends Error {
  readonly code = 'LockHeld';
  override readonly name = 'LockHeld';
}

/**
 * Keeps a second run out while one is at work: a socket on which the run listens, and which nobody answers once it has ended,
 * however it has. The lock of the dead is taken over.
 * @param socketPath at most some 100 bytes, as for any socket
 * @throws LockHeld when a process that lives has it
 */
export async function holdLock(socketPath: string): Promise<AsyncDisposable> {
  if (await isAnswered(socketPath)) {
    throw new LockHeld('another run is at work on the same files or containers: wait for it, or end it');
  }
  await rm(socketPath, { force: true });
  const server = createServer((socket) => socket.end()).listen(socketPath);
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

async function isAnswered(socketPath: string): Promise<boolean> {
  const socket = connect(socketPath);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
