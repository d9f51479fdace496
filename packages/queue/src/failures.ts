/** The longest that SQS delays a message that is sent (Amazon SQS API Reference, "SendMessageBatch", DelaySeconds). */
export const MAX_DELAY_SECONDS = 900;

/** The longest that SQS hides a message, counted from its receive (Amazon SQS Developer Guide, "Amazon SQS visibility timeout"). */
export const MAX_VISIBILITY_SECONDS = 43_200;

/**
 * Thrown by a handler: nothing is wrong, the message just can't be handled yet. It comes back after `seconds`, or earlier:
 * after 15 minutes at most, or one visibility timeout where that is longer, so that the time in the queue has a bound
 * (`longestTimeInQueueSeconds`), and within the 12 hours that SQS hides a message from its receive on.
 * It costs one of the receives that the queue allows, as every other way back does: on the last one
 * (`Delivery.isLastReceive`) the message goes to the dead-letter queue all the same.
 */
export class RetryLater extends Error {
  readonly code: string = 'RetryLater';
  /** Whole seconds, as SQS counts. */
  readonly seconds: number;

  /**
   * @param seconds 0 to 43,200 (12 hours); fractions are rounded up
   * @throws RangeError
   */
  constructor(seconds: number, message = `to be retried after ${seconds} s`) {
    super(message);
    if (!(seconds >= 0 && seconds <= MAX_VISIBILITY_SECONDS)) {
      throw new RangeError(`a message can wait 0 to ${MAX_VISIBILITY_SECONDS} seconds, not ${seconds}`);
    }
    this.seconds = Math.ceil(seconds);
  }
}

/**
 * Thrown by a handler that has not begun its work, because there is no place for it. The receive does not count: the consumer sends a
 * copy of the message, which SQS delays, and deletes the message. The delay is jittered, from half of `seconds` up to all of it. While SQS
 * does not take the copy, the message is held, and the copy is sent again: five times in one to two minutes. After that, the message comes
 * back after the same time, and has used up a receive. On its last receive it goes to the dead-letter queue.
 */
export class NotBegun extends RetryLater {
  override readonly code = 'NotBegun';

  /**
   * @param seconds 0 to 900 (15 minutes); fractions are rounded up
   * @throws RangeError
   */
  constructor(seconds: number, message: string) {
    super(seconds, message);
    assertDelay(seconds);
  }
}

/**
 * Thrown by a handler whose message has a later time of its own: the consumer sends another message with `body`, which SQS delays by exactly
 * `seconds`, and deletes this one. So what waits is not in flight. The other message begins without receives. While SQS does not take it, the
 * consumer does as with `NotBegun`: in the end this message comes back after `seconds`, as it was, and has used up a receive.
 */
export class Postponed extends RetryLater {
  override readonly code = 'Postponed';
  readonly body: string;

  /**
   * @param seconds 0 to 900 (15 minutes); fractions are rounded up
   * @throws RangeError
   */
  constructor(seconds: number, body: string, message: string) {
    super(seconds, message);
    assertDelay(seconds);
    this.body = body;
  }
}

function assertDelay(seconds: number): void {
  if (seconds <= MAX_DELAY_SECONDS) return;
  throw new RangeError(
    `a copy of a message can be delayed by 0 to ${MAX_DELAY_SECONDS} seconds, not ${seconds}`,
  );
}

/**
 * Thrown by a handler: no later attempt could end differently. The message is given back without a wait until the
 * receives that the queue allows are used up, so that the dead-letter queue has it soon; its reason is reported
 * once, with the last of them.
 */
export class Unprocessable extends Error {
  readonly code = 'Unprocessable';
}

/** The reason of `Delivery.signal` when the queue may give the message to another consumer from now on. */
export class VisibilityLost extends Error {
  readonly code = 'VisibilityLost';
}

/** The reason of `Delivery.signal` when the consumer stops and the time for the work in flight is over. */
export class DrainLimitReached extends Error {
  readonly code = 'DrainLimitReached';
}
