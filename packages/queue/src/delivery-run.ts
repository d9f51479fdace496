import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import { backoffSeconds, longestWaitSeconds, RETRY_BACKOFF } from './backoff.ts';
import type { DeleteBatcher } from './delete-batcher.ts';
import type { Delivery, DeliveryFacts } from './delivery.ts';
import { type DrainLimitReached, RetryLater, Unprocessable } from './failures.ts';
import { holdMessage } from './held-message.ts';
import type { ConsumerObserver, MessageRequest } from './observer.ts';
import { endsWithin, type Timers } from './timers.ts';

/** What is the same for every delivery of a consumer. */
export interface DeliveryContext {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly visibilitySeconds: number;
  readonly maxReceiveCount: number;
  readonly deleter: DeleteBatcher;
  readonly observe: ConsumerObserver;
  readonly random: () => number;
  readonly timers: Timers;
}

/** One message, from its receive until nothing more is to be done about it. */
export interface DeliveryRun {
  /** Resolves when the message was dealt with, or cut off; never rejects. */
  readonly ended: Promise<void>;
  /**
   * Ends the work: aborts the signal, gives the handler `settleSeconds` to clean up after itself (the lease that it lets go of
   * must be free when the next consumer has the message), and makes the message visible at once. A handler that resolves
   * in that time, or has ended before, gets what it was to get. Resolves when all that is done; what a handler does after
   * its time is over has no effect on the message.
   */
  cutOff(reason: DrainLimitReached, settleSeconds: number): Promise<void>;
}

export function factsOf(message: Message, maxReceiveCount: number): DeliveryFacts {
  const receiveCount = Number(message.Attributes?.ApproximateReceiveCount ?? 1);
  return {
    messageId: message.MessageId ?? '',
    body: message.Body ?? '',
    receiveCount,
    isLastReceive: receiveCount >= maxReceiveCount,
  };
}

/** Holds a message, hands it to `handle`, and does with it what came of that. */
export function runDelivery(
  message: Message,
  polledAtMs: number,
  handle: (delivery: Delivery) => Promise<void>,
  stepAside: () => void,
  context: DeliveryContext,
): DeliveryRun {
  const { sqs, queueUrl, visibilitySeconds, maxReceiveCount, deleter, observe, random, timers } = context;
  const receiptHandle = message.ReceiptHandle ?? '';
  const facts = factsOf(message, maxReceiveCount);
  const held = holdMessage({
    sqs,
    queueUrl,
    receiptHandle,
    visibilitySeconds,
    polledAtMs,
    timers,
    onLost: (error) => observe.visibilityLost(facts, error),
    onExtendFailed: (error) => observe.requestFailed('extend', facts, error),
  });
  const settled = Promise.withResolvers<void>();
  let isSettled = false;
  let isAbandoned = false;
  let cutOffReason: DrainLimitReached | undefined;

  async function run(): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    try {
      await handle({ ...facts, signal: held.signal, onHeartbeat: held.onHeartbeat, stepAside });
    } catch (error) {
      failure = { error };
    }
    if (isAbandoned) return;
    isSettled = true;
    settled.resolve();
    await held.endHeartbeats();
    if (failure === undefined) await attempt('delete', () => deleter.delete(receiptHandle));
    else if (cutOffReason !== undefined) await giveBackUnhandled(cutOffReason);
    else await fail(failure.error);
  }

  async function giveBackUnhandled(reason: DrainLimitReached): Promise<void> {
    if (!held.isLost) observe.givenBack(facts);
    if (facts.isLastReceive) observe.deadLettered(facts, reason);
    if (!held.isLost) await attempt('give-back', () => held.giveBack(0));
  }

  async function fail(error: unknown): Promise<void> {
    const waitSeconds = waitAfter(error);
    if (facts.isLastReceive) observe.deadLettered(facts, error);
    else if (error instanceof RetryLater) observe.postponed(facts, error, waitSeconds);
    else if (!(error instanceof Unprocessable || held.isLost)) observe.retried(facts, error, waitSeconds);
    if (!held.isLost) await attempt('give-back', () => held.giveBack(waitSeconds));
  }

  function waitAfter(error: unknown): number {
    // Nothing comes after the last receive but the dead-letter queue, and its alarm: the sooner the better.
    if (facts.isLastReceive || error instanceof Unprocessable) return 0;
    const seconds =
      error instanceof RetryLater ? error.seconds : backoffSeconds(facts.receiveCount, RETRY_BACKOFF, random);
    return Math.min(seconds, longestWaitSeconds(visibilitySeconds), held.longestWaitSeconds());
  }

  async function attempt(request: MessageRequest, call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      observe.requestFailed(request, facts, error);
    }
  }

  const ended = Promise.withResolvers<void>();
  void run().then(() => ended.resolve());
  return {
    ended: ended.promise,
    async cutOff(reason, settleSeconds) {
      if (!isSettled) {
        cutOffReason = reason;
        held.abort(reason);
        await endsWithin(timers, settleSeconds * 1000, settled.promise);
      }
      if (!isSettled) {
        isAbandoned = true;
        await held.endHeartbeats();
        await giveBackUnhandled(reason);
        ended.resolve();
      }
      await ended.promise;
    },
  };
}
