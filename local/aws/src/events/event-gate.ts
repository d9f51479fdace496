import { HeldList } from '../held-list.ts';
import type { EventForQueue } from './event.ts';

/** Which events; what is left out matches everything. */
export interface EventFilter {
  readonly keyPrefix?: string;
  readonly queueArn?: string;
}

export interface SendOrder {
  /** Sent in this order. */
  readonly ids: readonly string[];
  /** How many times each is sent. Default: 1. */
  readonly copies?: number;
  /** They stay held, so that they can be sent once more later: a late redelivery. */
  readonly keep?: boolean;
}

/**
 * Stands between a stored version and its event's way to the queue, so that a test can have events late, doubled,
 * in another order, or never. Left alone it lets everything pass, once and in order.
 */
export class EventGate {
  readonly #forward: (event: EventForQueue) => void;
  readonly #held = new HeldList<EventForQueue>();
  #holds: EventFilter[] = [];
  #copies = 1;

  constructor(forward: (event: EventForQueue) => void) {
    this.#forward = forward;
  }

  pass(event: EventForQueue): void {
    if (this.#holds.some((hold) => matches(event, hold))) this.#held.add(event);
    else this.#send(event, this.#copies);
  }

  /** From now on matching events are held back; several holds add up. */
  hold(filter: EventFilter = {}): void {
    this.#holds.push(filter);
  }

  /** Sends some of the held events; the others, and those to come, stay held. @throws UnknownId */
  sendHeld({ ids, copies = 1, keep = false }: SendOrder): void {
    for (const event of keep ? this.#held.find(ids) : this.#held.take(ids)) this.#send(event, copies);
  }

  /** Ends all holds and sends what they held, oldest first, or `reversed`. */
  release({ reversed = false, copies = 1 }: { reversed?: boolean; copies?: number } = {}): void {
    this.#holds = [];
    const events = this.#held.take();
    for (const event of reversed ? events.reverse() : events) this.#send(event, copies);
  }

  /** Ends all holds and forgets what they held: S3 sends each of those events never. */
  drop(): void {
    this.#holds = [];
    this.#held.take();
  }

  /** From now on every event that is not held is sent this many times; 1 is as usual. */
  setCopies(copies: number): void {
    this.#copies = copies;
  }

  held(): readonly EventForQueue[] {
    return this.#held.items();
  }

  /** Resolves as soon as at least `count` matching events are held. */
  whenHeld(count: number, filter: EventFilter = {}, signal?: AbortSignal): Promise<void> {
    return this.#held.whenAtLeast(count, (event) => matches(event, filter), signal);
  }

  #send(event: EventForQueue, copies: number): void {
    for (let copy = 0; copy < copies; copy += 1) this.#forward(event);
  }
}

function matches(event: EventForQueue, filter: EventFilter): boolean {
  return (
    event.key.startsWith(filter.keyPrefix ?? '') &&
    (filter.queueArn === undefined || filter.queueArn === event.queueArn)
  );
}
