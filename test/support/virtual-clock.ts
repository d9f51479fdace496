import type { Clock } from '@upload-once/clock';
import type { Test } from 'tap';
import { Journal } from './journal.ts';

interface Pending {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Time that stands still until a test moves it. */
export class VirtualClock implements Clock {
  readonly #delaysMs = new Journal<number>();
  readonly #pending = new Set<Pending>();
  #nowMs: number;

  constructor(startAt = new Date(1_000_000)) {
    this.#nowMs = startAt.getTime();
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const pending = { atMs: this.#nowMs + delayMs, callback };
    this.#pending.add(pending);
    this.#delaysMs.add(delayMs);
    return () => this.#pending.delete(pending);
  }

  /** Lets time pass; whatever is due on the way is called at its own time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#pending].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#pending.delete(due);
      this.#nowMs = due.atMs;
      due.callback();
    }
    this.#nowMs = endMs;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** How many clock of this delay have been set since the start. */
  countSet(delayMs: number): number {
    return this.#delaysMs.count((delay) => delay === delayMs);
  }

  /** Resolves once a timer of this delay has been set `count` times since the start. */
  async untilSet(delayMs: number, count = 1): Promise<void> {
    await this.#delaysMs.until((delays) => delays.filter((delay) => delay === delayMs).length >= count);
  }

  /** Once a timer of this delay has been set `count` times since the start, lets that much time pass. */
  async advanceWhenSet(delayMs: number, count?: number): Promise<void> {
    await this.untilSet(delayMs, count);
    this.advance(delayMs);
  }

  /** Makes the local queue, which asks `Date.now()`, live in this time too. */
  rule(t: Test): void {
    const startMs = Date.now() - this.#nowMs;
    t.intercept(Date, 'now', { value: () => startMs + this.#nowMs, configurable: true, writable: true });
  }
}
