import type { Clock } from '@upload-once/clock';

/** What a batch request of SQS takes (Amazon SQS API Reference, "DeleteMessageBatch", "SendMessageBatch"). */
const MAX_BATCH_ENTRIES = 10;
/** How long the first entry of a batch waits for company: each call saved is one to pay for less, and a handled message has no slot. */
export const GATHER_MS = 100;

/**
 * Collects entries into batches: `send` gets up to `most` of them, at once when there are that many, and otherwise `afterMs` after
 * the first. By default a batch is one of SQS: ten entries, or GATHER_MS. Batches do not wait for each other.
 */
export function gather<T>(
  clock: Pick<Clock, 'after'>,
  send: (batch: readonly T[]) => void,
  { most = MAX_BATCH_ENTRIES, afterMs = GATHER_MS }: { most?: number; afterMs?: number } = {},
): (entry: T) => void {
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
    if (waiting.length === most) flush();
    else cancelFlush ??= clock.after(afterMs, flush);
  };
}
