/** Runs works under one name one after the other, in the order they came; works under other names run meanwhile. */
export class KeyLock {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Whether a work is under way, or waits, whose name begins so. */
  hasWork(namePrefix: string): boolean {
    return [...this.#last.keys()].some((name) => name.startsWith(namePrefix));
  }

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(name) === mine) this.#last.delete(name);
    }
  }
}
