/** Time as the consumer sees it; tests bring their own. */
export interface Timers {
  /** Milliseconds on a clock that never goes back; only differences mean anything. */
  nowMs(): number;
  /** Calls back once, after `delayMs`; the function that it gives cancels that. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemTimers: Timers = {
  nowMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`, or as soon as `signal` is aborted. Never rejects. */
export async function pause(timers: Timers, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const onAbort = () => resolve();
  const cancel = timers.after(delayMs, resolve);
  signal.addEventListener('abort', onAbort);
  await promise;
  signal.removeEventListener('abort', onAbort);
  cancel();
}

/** Whether `work`, which never rejects, ended within `limitMs`. It goes on either way. */
export async function endsWithin(timers: Timers, limitMs: number, work: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const cancel = timers.after(limitMs, () => resolve(false));
  void work.then(() => resolve(true));
  const ended = await promise;
  cancel();
  return ended;
}
