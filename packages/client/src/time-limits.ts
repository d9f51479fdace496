import { InvalidArgument } from './errors.ts';

/** Node's timers end there, and take what is longer for a millisecond (Node.js, "Timers"). */
const MAX_SECONDS = 2_147_483;

/** Each is more than 0 and at most 2147483 seconds. */
export interface Timeouts {
  /** Until the connection stands, proxy and TLS included; default 10. */
  readonly connectSeconds?: number | undefined;
  /**
   * While sending: how long the connection may take for the next 64 KiB; default 60. It breaks off after no less than this time, and no
   * more than twice this time. Without TLS it goes on as long as any byte is taken within this time.
   */
  readonly idleSeconds?: number | undefined;
  /** From the last byte sent, or from the beginning of an earlier response, to the response's end; default 300, because S3 may work on a large file. */
  readonly responseSeconds?: number | undefined;
  /** For all of it, however much progress it makes; default 86400, a day. */
  readonly totalSeconds?: number | undefined;
}

export type TimeLimits = Readonly<Record<keyof Timeouts, number>>;

const DEFAULT_TIMEOUTS: TimeLimits = {
  connectSeconds: 10,
  idleSeconds: 60,
  responseSeconds: 300,
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

/** @throws InvalidArgument when `seconds` is no finite number, 0 or less, or longer than a timer of Node can be */
export function assertTimeLimit(name: string, seconds: number): void {
  if (typeof seconds === 'number' && seconds > 0 && seconds <= MAX_SECONDS) return;
  throw new InvalidArgument(
    `${name} is a number of seconds, more than 0 and at most ${MAX_SECONDS}, not ${String(seconds)}`,
  );
}

/** In milliseconds, for a timer; a fraction of one counts as one. */
export function timerMs(seconds: number): number {
  return Math.ceil(seconds * 1000);
}
