/** Time as every part of the product sees it; tests bring their own. */
export interface Clock {
  /** The time of day, for what is recorded and signed. It can jump. */
  now(): Date;
  /** Milliseconds on a clock that never goes back. Only differences mean anything. */
  monotonicMs(): number;
  /** Calls back once, after `delayMs`. The function that it returns cancels that. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** `systemClock` for what is no reason for a process to go on: its timers do not keep it. */
export const backgroundClock: Clock = {
  ...systemClock,
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`, or as soon as `signal` is aborted. Never rejects. */
export async function pause(
  clock: Pick<Clock, 'after'>,
  delayMs: number,
  signal?: AbortSignal,
): Promise<void> {
  if (signal?.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const onAbort = () => resolve();
  const cancel = clock.after(delayMs, resolve);
  signal?.addEventListener('abort', onAbort);
  await promise;
  signal?.removeEventListener('abort', onAbort);
  cancel();
}

/** Whether `work`, which never rejects, ended within `limitMs`. It goes on either way. */
export async function endsWithin(
  clock: Pick<Clock, 'after'>,
  limitMs: number,
  work: Promise<unknown>,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const cancel = clock.after(limitMs, () => resolve(false));
  void work.then(() => resolve(true));
  const ended = await promise;
  cancel();
  return ended;
}
