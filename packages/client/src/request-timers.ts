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
  answering(): void;
  stop(): void;
}

/** Starts them all; the first that runs out calls `breakOff`, with what took too long. */
export function startTimers(limits: TimeLimits, breakOff: (error: Error) => void): Timers {
  const { connectSeconds, idleSeconds, answerSeconds, totalSeconds } = limits;
  const after = (seconds: number, message: string) =>
    setTimeout(() => breakOff(new Error(message)), timerMs(seconds));
  const connect = after(connectSeconds, `no connection within ${connectSeconds} s`);
  const total = after(totalSeconds, `it took longer than ${totalSeconds} s in all`);
  let isWriting = false;
  let answer: NodeJS.Timeout | undefined;
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
    answering() {
      timers.written();
      answer ??= after(answerSeconds, `no response within ${answerSeconds} s`);
    },
    stop() {
      for (const timer of [connect, total, answer]) clearTimeout(timer);
    },
  };
  return timers;
}
