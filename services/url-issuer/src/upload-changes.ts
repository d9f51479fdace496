import { type Clock, pause } from '@upload-once/clock';
import type { UploadState, UploadStore } from '@upload-once/uploads';

/** How often the table is asked for one upload, whatever number of requests wait for it. */
const READ_INTERVAL_MS = 1_000;

export interface UploadChangesOptions {
  readonly uploadStore: Pick<UploadStore, 'get'>;
  readonly clock: Clock;
  /** The most requests that wait at once. */
  readonly waits: { readonly all: number; readonly ofOneKey: number };
}

/** What a request waits for. */
export interface AwaitedChange {
  readonly key: string;
  /** The state that another one is awaited for. */
  readonly state: UploadState;
  readonly apiKeyId: string;
  readonly waitMs: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

export interface UploadChanges {
  /**
   * Resolves when the upload has another state, when the time is over, when the signal is aborted, after `close`, and at once where too
   * many wait already. Never rejects: a read that fails is made again a second later.
   */
  untilChanged(change: AwaitedChange): Promise<void>;
  /** Ends all waits. */
  close(): void;
}

interface Watch {
  readonly waiting: Set<{ readonly state: UploadState; readonly end: AbortController }>;
}

/** Waits for changes of uploads, by one read a second for each upload that any request waits for. */
export function createUploadChanges({ uploadStore, clock, waits }: UploadChangesOptions): UploadChanges {
  const watches = new Map<string, Watch>();
  const waitsByApiKey = new Map<string, number>();
  const closing = new AbortController();
  let waitCount = 0;

  function take(apiKeyId: string): boolean {
    const ofThisKey = waitsByApiKey.get(apiKeyId) ?? 0;
    if (waitCount >= waits.all || ofThisKey >= waits.ofOneKey) return false;
    waitCount += 1;
    waitsByApiKey.set(apiKeyId, ofThisKey + 1);
    return true;
  }

  function giveBack(apiKeyId: string): void {
    waitCount -= 1;
    const left = (waitsByApiKey.get(apiKeyId) ?? 0) - 1;
    if (left > 0) waitsByApiKey.set(apiKeyId, left);
    else waitsByApiKey.delete(apiKeyId);
  }

  function watchOf(key: string): Watch {
    const found = watches.get(key);
    if (found) return found;
    const watch: Watch = { waiting: new Set() };
    watches.set(key, watch);
    readLater(key, watch);
    return watch;
  }

  function readLater(key: string, watch: Watch): void {
    clock.after(READ_INTERVAL_MS, () => {
      if (watch.waiting.size === 0) watches.delete(key);
      else void read(key, watch).then(() => readLater(key, watch));
    });
  }

  async function read(key: string, { waiting }: Watch): Promise<void> {
    try {
      const state = (await uploadStore.get(key))?.state;
      for (const wait of waiting) if (wait.state !== state) wait.end.abort();
    } catch {
      // The last read of each request that waits shows whether the table is still away.
    }
  }

  return {
    async untilChanged({ key, state, apiKeyId, waitMs, signal }) {
      if (!take(apiKeyId)) return;
      const { waiting } = watchOf(key);
      const wait = { state, end: new AbortController() };
      waiting.add(wait);
      const ended = AbortSignal.any([signal, closing.signal, wait.end.signal]);
      await pause(clock, waitMs, ended);
      waiting.delete(wait);
      giveBack(apiKeyId);
    },

    close: () => closing.abort(),
  };
}
