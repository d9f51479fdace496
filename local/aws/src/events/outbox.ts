import type { EventForQueue } from './event.ts';

export interface OutboxOptions {
  /** Resolves when the queue has the message. */
  readonly send: (event: EventForQueue) => Promise<void>;
  /** Resolves when it is time for the given attempt, the second being 2; rejects when the signal says so. */
  readonly pause: (attempt: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Brings events to their queues, those for one queue one after the other in the order they were put in, and does not
 * give up on any: a queue that cannot be reached gets it later. In memory: what is in it ends with the process.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #stopped = new AbortController();
  readonly #lastOfQueue = new Map<string, Promise<void>>();
  #waiting = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  put(event: EventForQueue): void {
    this.#waiting += 1;
    const before = this.#lastOfQueue.get(event.queueArn) ?? Promise.resolve();
    this.#lastOfQueue.set(
      event.queueArn,
      before.then(() => this.#deliver(event)),
    );
  }

  /** How many events no queue has yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves when every event that was put in before has reached its queue, or the outbox was stopped. */
  async settled(): Promise<void> {
    await Promise.all(this.#lastOfQueue.values());
  }

  /** Gives up what is still waiting, after the attempts that are under way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.settled();
  }

  async #deliver(event: EventForQueue): Promise<void> {
    const { signal } = this.#stopped;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        if (attempt > 1) await this.#options.pause(attempt, signal);
        await this.#options.send(event);
        this.#waiting -= 1;
        return;
      } catch {
        // The next attempt, or the end of the process, handles every failure.
      }
    }
  }
}
