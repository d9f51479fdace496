import type { DeliveryFacts } from './delivery.ts';
import type { RetryLater, VisibilityLost } from './failures.ts';

/** The SQS calls about one message that can fail. */
export type MessageRequest = 'extend' | 'give-back' | 'copy' | 'delete';

/**
 * What a consumer reports about itself; log and metrics are the listener's. Called as it happens, before the message
 * is given back. One that throws changes nothing: Node warns of it, as `ObserverFailed`.
 */
export interface ConsumerObserver {
  /** A poll brought messages. */
  received(messages: number): void;

  /** The handler failed; the message comes back after `waitSeconds`. */
  retried(delivery: DeliveryFacts, error: unknown, waitSeconds: number): void;

  /** The handler asked for a later time; no fault. With `NotBegun` and `Postponed` the receive does not count, unless `copy` failed. */
  postponed(delivery: DeliveryFacts, error: RetryLater, waitSeconds: number): void;

  /**
   * The last receive that the queue allows has failed: polls that meet the message move it to the dead-letter queue. The only
   * call that says why a message was `Unprocessable`: its earlier receives are silent. With `DeleteFailed` nothing has failed
   * but the deletion: the message was handled, or a copy of it was sent.
   */
  deadLettered(delivery: DeliveryFacts, error: unknown): void;

  /**
   * The message was given back, unhandled, because the consumer stops. That receive does not count, unless `copy` failed.
   * @param cutOffs how often stops have cut off its handler in a row, this time included; a message whose handler had not begun
   *   adds none. A redrive, and a copy that failed, begin at 0 again.
   */
  givenBack(delivery: DeliveryFacts, cutOffs: number): void;

  /** The queue may give the message to another consumer although its handler is still at work; `signal` is aborted. */
  visibilityLost(delivery: DeliveryFacts, error: VisibilityLost): void;

  /**
   * An SQS call about a message failed. `extend` is tried again while the message is still held. `delete` was tried three times and,
   * unless SQS calls the receipt handle invalid, is tried again while the message is held. `copy` is tried up to five times in all while
   * the message is held, and once where the consumer stops. Also while SQS deletes no messages, a `copy` counts as failed. `delete` and
   * `copy` are reported once for each message. Where no `copy` was taken, the message itself is given back, and has used up a receive.
   * After a failed `give-back` it comes back with its visibility timeout.
   */
  requestFailed(request: MessageRequest, delivery: DeliveryFacts, error: unknown): void;

  /** A poll failed; the next follows after `waitSeconds`. */
  pollFailed(error: unknown, waitSeconds: number): void;

  /** The queue's maxReceiveCount could not be read again; the number that was read before is used. */
  limitUnread(error: unknown, maxReceiveCount: number): void;
}

/** What an observer threw, as Node's warning. */
class ObserverFailed extends Error {
  readonly code = 'ObserverFailed';
}

/** The same observer; what it throws reaches no caller, who would leave a message to itself. */
export function neverThrows(observe: ConsumerObserver): ConsumerObserver {
  const guarded = Object.entries(observe).map(([name, call]) => [
    name,
    (...given: unknown[]) => {
      try {
        (call as (...given: unknown[]) => void)(...given);
      } catch (cause) {
        process.emitWarning(new ObserverFailed(`the consumer's observer failed in ${name}`, { cause }));
      }
    },
  ]);
  return Object.fromEntries(guarded);
}
