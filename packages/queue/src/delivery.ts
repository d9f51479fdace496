/** What is known about a message when the work on it is over. */
export interface DeliveryFacts {
  readonly messageId: string;
  readonly body: string;
  /**
   * 1 with the first receive. A receive that no consumer saw (a crash, a poll cut off) counts too; one that a stop gave back, or
   * that ended with `NotBegun` or `Postponed`, does not.
   */
  readonly receiveCount: number;
  /**
   * The message is not handled again: a failure now ends in the dead-letter queue. In a `Delivery` it can change while the message
   * is handled, when the queue's maxReceiveCount changes: see `renewReceiveLimit`.
   */
  readonly isLastReceive: boolean;
}

/**
 * One message in the hands of a handler. It stays invisible to every other consumer while the handler's promise is
 * pending, for at most 12 hours. A message can be delivered more than once, also after it was handled.
 */
export interface Delivery extends DeliveryFacts {
  /** Aborted with `VisibilityLost`, `DrainLimitReached` or what a heartbeat listener rejected with. */
  readonly signal: AbortSignal;

  /**
   * Reads the queue's maxReceiveCount again if it was not read within the last ten seconds, so that `isLastReceive` is right. Call it
   * before you record what depends on that. Takes up to five seconds, and keeps the number that is known where SQS does not respond. Never rejects.
   */
  renewReceiveLimit(): Promise<void>;

  /**
   * `listener` is called with each heartbeat (about every half visibility timeout), before the visibility is extended.
   * Where it rejects, `signal` is aborted with that reason and the heartbeats end; the message is still this
   * delivery's until its visibility timeout runs out. Where it hangs, the visibility runs out.
   *
   * What this returns takes the listener off again, for work that is over while the message is not: a message can hold
   * several records. From then on it is not called, and a call that is under way is neither awaited nor listened to.
   */
  onHeartbeat(listener: () => Promise<void>): () => void;

  /**
   * Frees this delivery's slot, for a handler that from now on only waits for work which it shares with other deliveries: so that
   * many messages about one thing do not hold up the messages behind them. Everything else about the delivery stays as it is. Has no
   * effect where four deliveries for each slot have stepped aside already.
   */
  stepAside(): void;
}
