import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const python = fileURLToPath(new URL('../../../.local/moto/bin/python', import.meta.url));
const server = fileURLToPath(new URL('server.py', import.meta.url));

export interface Moto {
  /** Its endpoint, for every AWS service. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Starts moto's server on a free port; all that is made there is gone when it stops. */
export async function startMoto(): Promise<Moto> {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(python, [server], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended: Promise<unknown> = once(child, 'close');
  const complaints = text(child.stderr);
  for await (const line of createInterface({ input: child.stdout })) {
    return {
      endpoint: line,
      async stop() {
        child.stdin.end();
        await ended;
      },
    };
  }
  throw new Error(`moto did not start:\n${await complaints}`);
}
