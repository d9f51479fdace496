/** What happened, in order; a test waits for it instead of for time to pass. */
export class Journal<T> {
  readonly entries: T[] = [];
  readonly #waiting = new Set<() => void>();

  add(entry: T): void {
    this.entries.push(entry);
    for (const check of [...this.#waiting]) check();
  }

  /** Resolves once `holds` says yes, now or after a later entry. */
  async until(holds: (entries: readonly T[]) => boolean): Promise<void> {
    if (holds(this.entries)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = () => {
      if (!holds(this.entries)) return;
      this.#waiting.delete(check);
      resolve();
    };
    this.#waiting.add(check);
    await promise;
  }

  count(matches: (entry: T) => boolean): number {
    return this.entries.filter(matches).length;
  }
}
