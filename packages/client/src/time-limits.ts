import { InvalidArgument } from './errors.ts';

/** Node's timers end there, and take what is longer for a millisecond (Node.js, "Timers"). */
const MAX_SECONDS = 2_147_483;

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
