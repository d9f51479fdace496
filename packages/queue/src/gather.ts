import type { Clock } from '@upload-once/clock';

/** What a batch request of SQS takes (Amazon SQS API Reference, "DeleteMessageBatch", "SendMessageBatch"). */
const MAX_BATCH_ENTRIES = 10;
/** How long the first entry of a batch waits for company. */
const FLUSH_AFTER_MS = 5;

/**
 * Collects entries into batches: `send` gets up to ten of them, at once when there are ten, and otherwise five milliseconds after
 * the first. Batches do not wait for each other.
 */
export function gather<T>(clock: Clock, send: (batch: readonly T[]) => void): (entry: T) => void {
  let waiting: T[] = [];
  let cancelFlush: (() => void) | undefined;

  function flush(): void {
    cancelFlush?.();
    cancelFlush = undefined;
    const batch = waiting;
    waiting = [];
    send(batch);
  }

  return (entry) => {
    waiting.push(entry);
    if (waiting.length === MAX_BATCH_ENTRIES) flush();
    else cancelFlush ??= clock.after(FLUSH_AFTER_MS, flush);
  };
}
