interface Waiter<T> {
  readonly count: number;
  readonly matches: (item: T) => boolean;
  readonly resolve: () => void;
}

/** What is held back just now, oldest first, and a way to wait for it without looking again and again. */
export class HeldList<T extends { readonly id: string }> {
  readonly #items: T[] = [];
  readonly #waiters = new Set<Waiter<T>>();

  items(): readonly T[] {
    return [...this.#items];
  }

  add(item: T): void {
    this.#items.push(item);
    for (const waiter of this.#waiters) {
      if (this.#items.filter(waiter.matches).length >= waiter.count) {
        this.#waiters.delete(waiter);
        waiter.resolve();
      }
    }
  }

  /** Takes out the items with these ids, in the order of the ids; without ids all of them, oldest first. */
  take(ids?: readonly string[]): T[] {
    const taken = this.find(ids);
    for (const item of taken) this.#items.splice(this.#items.indexOf(item), 1);
    return taken;
  }

  /** As `take`, but they stay. @throws UnknownId */
  find(ids?: readonly string[]): T[] {
    if (ids === undefined) return [...this.#items];
    return [...new Set(ids)].map((id) => {
      const item = this.#items.find((one) => one.id === id);
      if (item === undefined) throw new UnknownId(`nothing is held under the id ${JSON.stringify(id)}`);
      return item;
    });
  }

  /** Resolves as soon as at least `count` matching items are held; rejects with the signal's reason. */
  whenAtLeast(count: number, matches: (item: T) => boolean, signal?: AbortSignal): Promise<void> {
    if (this.#items.filter(matches).length >= count) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter: Waiter<T> = { count, matches, resolve };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', () => {
        this.#waiters.delete(waiter);
        reject(signal.reason);
      });
    });
  }
}

class UnknownId extends Error {
  readonly code = 'UnknownId';
}
