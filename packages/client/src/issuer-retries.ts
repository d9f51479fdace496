import { InvalidArgument, IssuerUnavailable, RequestRefused } from './errors.ts';
import { timerMs } from './time-limits.ts';

/**
 * How calls to the issuer are repeated: after 429, 5xx, a connection that failed, and a response that did not come in time. If the issuer says
 * when to ask again (`Retry-After`), the call waits as long, at least a second. Otherwise it is repeated three times, after about 0.5, 1 and
 * 2 seconds. What is sent to S3 is never repeated.
 */
export interface Retries {
  /** No try begins later than this after the first began; 0 tries once. 0 to 2147483, default 60. */
  readonly maxSeconds?: number | undefined;
  /** Called before each wait. `error` is what the call would end with without another try. */
  readonly onWait?:
    | ((wait: { readonly seconds: number; readonly error: RequestRefused | IssuerUnavailable }) => void)
    | undefined;
  /** Makes the waits; rejects when the signal is aborted. Default: a timer. */
  readonly sleep?: ((seconds: number, signal: AbortSignal | undefined) => Promise<unknown>) | undefined;
}

const DEFAULT_MAX_SECONDS = 60;
const MAX_SECONDS = 2_147_483;
const BACKOFF_SECONDS = [0.5, 1, 2];
/** An issuer that asks for 0 would be asked without end. */
const RETRY_AFTER_MIN_SECONDS = 1;

/**
 * Does what `ask` does, again as long as `Retries` says. `ask` must be repeatable: a second one does what the first one did, or nothing.
 *
 * @throws what the last `ask` throws; InvalidArgument for a limit that is none, the signal's reason
 */
export async function withRetries<T>(
  {
    retries = {},
    signal,
  }: { readonly retries?: Retries | undefined; readonly signal?: AbortSignal | undefined },
  ask: () => Promise<T>,
  { nowMs, random }: { nowMs: () => number; random: () => number } = {
    nowMs: () => performance.now(),
    random: Math.random,
  },
): Promise<T> {
  const { maxSeconds = DEFAULT_MAX_SECONDS, onWait, sleep = sleepByTimer } = retries;
  if (typeof maxSeconds !== 'number' || !(maxSeconds >= 0 && maxSeconds <= MAX_SECONDS))
    throw new InvalidArgument(
      `retries.maxSeconds is a number of seconds from 0 to ${MAX_SECONDS}, not ${String(maxSeconds)}`,
    );
  const backoffs = [...BACKOFF_SECONDS];
  let spentSeconds = 0;
  for (;;) {
    const startedMs = nowMs();
    try {
      return await ask();
    } catch (error) {
      spentSeconds += (nowMs() - startedMs) / 1000;
      if (!isWorthAnother(error)) throw error;
      const asked = error.retryAfterSeconds;
      // With jitter, so that clients that failed together do not come back together. NaN: there is no other try.
      const seconds =
        asked === undefined
          ? (backoffs.shift() ?? Number.NaN) * (0.5 + random() / 2)
          : Math.max(asked, RETRY_AFTER_MIN_SECONDS);
      if (!(spentSeconds + seconds <= maxSeconds)) throw error;
      onWait?.({ seconds, error });
      await sleep(seconds, signal);
      signal?.throwIfAborted();
      spentSeconds += seconds;
    }
  }
}

/** What a response that can't be used says of the service behind the URL does not change in a minute. */
function isWorthAnother(error: unknown): error is RequestRefused | IssuerUnavailable {
  if (error instanceof RequestRefused) return error.status === 429;
  return error instanceof IssuerUnavailable && (error.status === undefined || error.status >= 500);
}

export function sleepByTimer(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, timerMs(seconds));
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}
