import type { Socket } from 'node:net';
import { assertTimeLimit, timerMs } from './time-limits.ts';

/** Each is more than 0 and at most 2147483 seconds. */
export interface Timeouts {
  /** Until the connection stands, proxy and TLS included; default 10. */
  readonly connectSeconds?: number | undefined;
  /**
   * While sending: how long the connection may take for the next 64 KiB; default 60. It breaks off after no less than this time, and no
   * more than twice this time. Without TLS it goes on as long as any byte is taken within this time.
   */
  readonly idleSeconds?: number | undefined;
  /** From the last byte sent, or from the beginning of an earlier answer, to the answer's end; default 300, for S3 may work on a large file. */
  readonly answerSeconds?: number | undefined;
  /** For all of it, however much progress it makes; default 86400, a day. */
  readonly totalSeconds?: number | undefined;
}

export type TimeLimits = Readonly<Record<keyof Timeouts, number>>;

const DEFAULT_TIMEOUTS: TimeLimits = {
  connectSeconds: 10,
  idleSeconds: 60,
  answerSeconds: 300,
  totalSeconds: 86_400,
};

/** With the defaults for what is not given. @throws InvalidArgument for a limit that is none */
export function timeLimits(given: Timeouts = {}): TimeLimits {
  const limits = { ...DEFAULT_TIMEOUTS };
  for (const name of Object.keys(limits) as (keyof TimeLimits)[]) {
    limits[name] = given[name] ?? limits[name];
    assertTimeLimit(`timeouts.${name}`, limits[name]);
  }
  return limits;
}

/** Of a `net.Socket`, all that the idle clock needs. */
export type IdleSocket = Pick<Socket, 'setTimeout' | 'on'>;

/** The clocks that run while one request is sent and answered. */
export interface Timers {
  connected(socket: IdleSocket): void;
  /** A piece is handed over. */
  writing(): void;
  /** The connection has taken it. */
  written(): void;
  /** All is sent, or an answer has begun. */
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
      answer ??= after(answerSeconds, `no answer within ${answerSeconds} s`);
    },
    stop() {
      for (const timer of [connect, total, answer]) clearTimeout(timer);
    },
  };
  return timers;
}
