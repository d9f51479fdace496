import { HeldList } from './held-list.ts';
import type { S3Call } from './s3/call.ts';

/** Which calls; what is left out matches everything. */
export interface CallFilter {
  /** As AWS's API reference names it, for example `CopyObject`. */
  readonly operation?: string;
  /** Of the key that is written or read; of a copy its target. */
  readonly keyPrefix?: string;
}

export interface HeldCall {
  readonly id: string;
  readonly operation: string;
  readonly bucket: string;
  readonly key: string;
}

interface Hold extends CallFilter {
  callsLeft: number;
}

/**
 * Stops S3 calls before they are carried out, so that a test can have one of them slow, or overtaken by others.
 * A released call is carried out even when its client has gone: S3 gives no promise that it would not be.
 */
export class CallGate {
  readonly #ids: () => string;
  readonly #held = new HeldList<HeldCall & { readonly go: () => void }>();
  #holds: Hold[] = [];

  constructor(ids: () => string) {
    this.#ids = ids;
  }

  /** Resolves when the call may be carried out: at once, if no hold matches it. */
  async pass({ operation, bucket, key }: Pick<S3Call, 'operation' | 'bucket' | 'key'>): Promise<void> {
    const hold = this.#holds.find((one) => one.callsLeft > 0 && matches({ operation, key }, one));
    if (hold === undefined) return;
    hold.callsLeft -= 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.add({ id: this.#ids(), operation, bucket, key, go: resolve });
    await promise;
  }

  /** From now on matching calls are held back: the next `count` of them, or all. */
  hold({ count = Number.POSITIVE_INFINITY, ...filter }: CallFilter & { readonly count?: number } = {}): void {
    this.#holds.push({ ...filter, callsLeft: count });
  }

  /** Lets these calls go on; without ids it ends all holds and lets every call go on. @throws UnknownId */
  release(ids?: readonly string[]): void {
    if (ids === undefined) this.#holds = [];
    for (const call of this.#held.take(ids)) call.go();
  }

  held(): readonly HeldCall[] {
    return this.#held.items().map(({ id, operation, bucket, key }) => ({ id, operation, bucket, key }));
  }

  /** Resolves as soon as at least `count` matching calls are held. */
  whenHeld(count: number, filter: CallFilter = {}, signal?: AbortSignal): Promise<void> {
    return this.#held.whenAtLeast(count, (call) => matches(call, filter), signal);
  }
}

function matches(call: { readonly operation: string; readonly key: string }, filter: CallFilter): boolean {
  return (
    (filter.operation === undefined || filter.operation === call.operation) &&
    call.key.startsWith(filter.keyPrefix ?? '')
  );
}
