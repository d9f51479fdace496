import type { Socket } from 'node:net';
import { type TimeLimits, timerMs } from './time-limits.ts';

/** Of a `net.Socket`, all that the idle clock needs. */
export type IdleSocket = Pick<Socket, 'setTimeout' | 'on'>;

/** The clocks that run while one request is sent and its response arrives. */
export interface Timers {
  connected(socket: IdleSocket): void;
  /** A piece is handed over. */
  writing(): void;
  /** The connection has taken it. */
  written(): void;
  /** All is sent, or a response has begun. */
  receiving(): void;
  stop(): void;
}

/** Starts them all; the first that runs out calls `breakOff`, with what took too long. */
export function startTimers(limits: TimeLimits, breakOff: (error: Error) => void): Timers {
  const { connectSeconds, idleSeconds, responseSeconds, totalSeconds } = limits;
  const after = (seconds: number, message: string) =>
    setTimeout(() => breakOff(new Error(message)), timerMs(seconds));
  const connect = after(connectSeconds, `no connection within ${connectSeconds} s`);
  const total = after(totalSeconds, `it took longer than ${totalSeconds} s in all`);
  let isWriting = false;
  let response: NodeJS.Timeout | undefined;
  const timers: Timers = {
    connected(socket) {
      clearTimeout(connect);
      // The socket's own clock, because it alone sees the bytes that leave within one large write (Node.js, lib/net.js, `_onTimeout`).
      // It begins anew with each write.
      socket.setTimeout(timerMs(idleSeconds));
      socket.on('timeout', () => {
        if (isWriting) breakOff(new Error(`it took less than 64 KiB in ${idleSeconds} s`));
      });
    },
    writing() {
      isWriting = true;
    },
    written() {
      isWriting = false;
    },
    receiving() {
      timers.written();
      response ??= after(responseSeconds, `no response within ${responseSeconds} s`);
    },
    stop() {
      for (const timer of [connect, total, response]) clearTimeout(timer);
    },
  };
  return timers;
}
