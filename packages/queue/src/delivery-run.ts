// Over 250 lines, and one thing: one message from its receive until it is deleted, given back or left to the dead-letter queue.
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import { type Clock, endsWithin } from '@upload-once/clock';
import { backoffSeconds, longestWaitSeconds, RETRY_BACKOFF } from './backoff.ts';
import type { CopySender } from './copy-sender.ts';
import { type DeleteBatcher, DeleteFailed } from './delete-batcher.ts';
import { deleteHeld } from './delete-held.ts';
import type { Delivery } from './delivery.ts';
import {
  type DrainLimitReached,
  MAX_DELAY_SECONDS,
  NotBegun,
  Postponed,
  RetryLater,
  Unprocessable,
  type VisibilityLost,
} from './failures.ts';
import { holdMessage } from './held-message.ts';
import type { ConsumerObserver, MessageRequest } from './observer.ts';
import { LIMIT_WAIT_SECONDS, type ReceiveLimit } from './receive-limit.ts';
import { copyOf, cutOffsBefore, factsOf, isSpent, receivesOfQueue, replacementOf } from './receives.ts';
import { sendCopyHeld } from './send-copy-held.ts';
import type { OutgoingMessage } from './send-messages.ts';

/** How old maxReceiveCount may be for a message that was received before: its last receive may be this one. */
const LIMIT_AGE_OF_REPEATED_SECONDS = 10;
/** For any other message, and while a message is handled. */
const LIMIT_AGE_SECONDS = 120;

/** What is the same for every delivery of a consumer. */
export interface DeliveryContext {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly visibilitySeconds: number;
  readonly limit: ReceiveLimit;
  readonly deleter: DeleteBatcher;
  readonly copies: CopySender;
  readonly observe: ConsumerObserver;
  readonly random: () => number;
  readonly clock: Clock;
}

/** One message, from its receive until nothing more is to be done about it. */
export interface DeliveryRun {
  /** Resolves when the message was dealt with, or cut off; never rejects. */
  readonly ended: Promise<void>;
  /**
   * Ends the work: aborts the signal, gives the handler `settleSeconds` to clean up after itself (the lease that it lets go of
   * must be free when the next consumer has the message), and gives the message back at once: as a copy, so that the receive does
   * not count. A handler that resolves in that time, or has ended before, gets what it was to get. Resolves when all that is
   * done; what a handler does after its time is over has no effect on the message.
   */
  cutOff(reason: DrainLimitReached, settleSeconds: number): Promise<void>;
}

/**
 * Holds a message, hands it to `handle`, and does with it what came of that.
 * @param stepAside frees the slot of the message; not called before this function has returned
 */
export function runDelivery(
  message: Message,
  polledAtMs: number,
  handle: (delivery: Delivery) => Promise<void>,
  stepAside: () => void,
  context: DeliveryContext,
): DeliveryRun {
  const { sqs, queueUrl, visibilitySeconds, limit, deleter, copies, observe, random, clock } = context;
  const receiptHandle = message.ReceiptHandle ?? '';
  const facts = () => factsOf(message, limit.maxReceiveCount);
  const held = holdMessage({
    sqs,
    queueUrl,
    receiptHandle,
    visibilitySeconds,
    polledAtMs,
    clock,
    onLost,
    onExtendFailed: (error) => observe.requestFailed('extend', facts(), error),
  });
  held.onHeartbeat(async () => void limit.renew(LIMIT_AGE_SECONDS));
  const settled = Promise.withResolvers<void>();
  /** Ends the attempts to delete the message, or to send a copy of it. */
  const giveUp = new AbortController();
  const gaveUp = Promise.withResolvers<void>();
  giveUp.signal.addEventListener('abort', () => gaveUp.resolve());
  let isBegun = false;
  let isDone = false;
  let isSettled = false;
  let isAbandoned = false;
  let cutOffReason: DrainLimitReached | undefined;

  async function run(): Promise<void> {
    await renewLimit();
    if (isSpent(message, limit.maxReceiveCount)) return leaveToQueue();
    let failure: { readonly error: unknown } | undefined;
    try {
      if (cutOffReason !== undefined) throw cutOffReason;
      isBegun = true;
      await handle(delivery());
    } catch (error) {
      failure = { error };
    }
    if (isAbandoned) return;
    settle();
    if (failure === undefined) stepAside();
    const wasLastReceive = facts().isLastReceive;
    // The report of a failure says what SQS does with the message, whether the handler has asked or not.
    if (failure !== undefined) await within(limit.renew(LIMIT_AGE_OF_REPEATED_SECONDS));
    // Only now: reading the limit can take longer than the visibility timeout.
    await held.endHeartbeats();
    if (failure === undefined) await deleteMessage();
    else if (cutOffReason !== undefined) await giveBackCutOff(cutOffReason);
    else if (failure.error instanceof NotBegun) await giveBackUncounted(failure.error);
    else if (failure.error instanceof Postponed) await replace(failure.error);
    else if (failure.error instanceof RetryLater && !wasLastReceive && facts().isLastReceive) {
      // It waits for no failure of its own. With the limit as it was it would come back; only now is it known to be lower.
      await giveBackUncounted(failure.error);
    } else await fail(failure.error);
  }

  function delivery(): Delivery {
    return {
      ...facts(),
      get isLastReceive() {
        return facts().isLastReceive;
      },
      signal: held.signal,
      renewReceiveLimit: () => within(limit.renew(LIMIT_AGE_OF_REPEATED_SECONDS)),
      onHeartbeat: held.onHeartbeat,
      stepAside,
    };
  }

  function settle(): void {
    isSettled = true;
    settled.resolve();
  }

  /** Reads maxReceiveCount again where it may have changed: before a last receive, and when the queue has given out more than that. */
  async function renewLimit(): Promise<void> {
    const receives = receivesOfQueue(message);
    if (receives > limit.maxReceiveCount) await within(limit.renew(0));
    else if (facts().receiveCount > 1) await within(limit.renew(LIMIT_AGE_OF_REPEATED_SECONDS));
    else void limit.renew(LIMIT_AGE_SECONDS);
  }

  /** A stop does not wait for SQS, nor does who has lost the message. */
  async function within(renewal: Promise<void>): Promise<void> {
    await endsWithin(clock, LIMIT_WAIT_SECONDS * 1000, Promise.race([renewal, gaveUp.promise]));
  }

  /** Its receives are used up. The last one reported its outcome, unless its process has died. */
  async function leaveToQueue(): Promise<void> {
    settle();
    await held.endHeartbeats();
    if (!held.isLost) await attempt('give-back', () => held.giveBack(0));
  }

  /** @param why it needs nothing more */
  async function deleteMessage(why = 'the message was handled, and needs nothing more'): Promise<void> {
    isDone = true;
    const { report, onDelayed } = reportOnce('delete');
    const failure = await deleteHeld({
      deleter,
      receiptHandle,
      held,
      visibilitySeconds,
      ended: giveUp.signal,
      clock,
      random,
      onDelayed,
    });
    if (failure === undefined) return;
    report(failure);
    if (!facts().isLastReceive) return;
    const reason = `${why}; SQS has not deleted it`;
    observe.deadLettered(facts(), new DeleteFailed(reason, { cause: failure, isFinal: failure.isFinal }));
  }

  function onLost(error: VisibilityLost): void {
    giveUp.abort();
    if (!isDone) observe.visibilityLost(facts(), error);
  }

  async function giveBackCutOff(reason: DrainLimitReached): Promise<void> {
    const cutOffs = cutOffsBefore(message) + (isBegun ? 1 : 0);
    if (!held.isLost) observe.givenBack(facts(), cutOffs);
    await giveBackUnhandled(reason, copyOf(message, facts(), cutOffs), 0);
  }

  async function giveBackUncounted(reason: RetryLater): Promise<void> {
    const seconds = Math.min(reason.seconds, MAX_DELAY_SECONDS);
    const waitSeconds = Math.ceil((seconds * (1 + random())) / 2);
    if (!held.isLost) observe.postponed(facts(), reason, waitSeconds);
    await giveBackUnhandled(reason, copyOf(message, facts(), cutOffsBefore(message)), waitSeconds);
  }

  async function replace(reason: Postponed): Promise<void> {
    if (!held.isLost) observe.postponed(facts(), reason, reason.seconds);
    await giveBackUnhandled(reason, replacementOf(message, reason.body), reason.seconds);
  }

  /** As a copy: SQS would count this receive, although nothing has failed. */
  async function giveBackUnhandled(reason: Error, copy: OutgoingMessage, waitSeconds: number): Promise<void> {
    const failure = held.isLost ? reason : await sendCopy({ ...copy, delaySeconds: waitSeconds });
    if (failure === undefined) return deleteMessage('a copy of the message was sent');
    if (facts().isLastReceive) observe.deadLettered(facts(), reason);
    if (held.isLost) return;
    await attempt('give-back', () => held.giveBack(waitSeconds));
  }

  async function sendCopy(copy: OutgoingMessage): Promise<Error | undefined> {
    const { report, onDelayed } = reportOnce('copy');
    const ended = giveUp.signal;
    const failure = await sendCopyHeld({ copies, copy, deleter, held, ended, clock, random, onDelayed });
    if (failure !== undefined) report(failure);
    return failure;
  }

  async function fail(error: unknown): Promise<void> {
    const { isLastReceive } = facts();
    // Nothing comes after the last receive but the dead-letter queue, and its alarm: the sooner the better.
    const waitSeconds = isLastReceive ? 0 : waitAfter(error);
    if (isLastReceive) observe.deadLettered(facts(), error);
    else if (error instanceof RetryLater) observe.postponed(facts(), error, waitSeconds);
    else if (!(error instanceof Unprocessable || held.isLost)) observe.retried(facts(), error, waitSeconds);
    if (!held.isLost) await attempt('give-back', () => held.giveBack(waitSeconds));
  }

  function waitAfter(error: unknown): number {
    if (error instanceof Unprocessable) return 0;
    const seconds =
      error instanceof RetryLater
        ? error.seconds
        : backoffSeconds(facts().receiveCount, RETRY_BACKOFF, random);
    return Math.min(seconds, longestWaitSeconds(visibilitySeconds), held.longestWaitSeconds());
  }

  /** For a request that is tried again and again: its failure is reported once, and the message takes no slot meanwhile. */
  function reportOnce(request: MessageRequest) {
    let isReported = false;
    const report = (error: Error) => {
      if (!isReported) observe.requestFailed(request, facts(), error);
      isReported = true;
    };
    const onDelayed = (error: Error) => {
      report(error);
      stepAside();
    };
    return { report, onDelayed };
  }

  async function attempt(request: MessageRequest, call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      observe.requestFailed(request, facts(), error);
    }
  }

  const ended = Promise.withResolvers<void>();
  void run().then(() => ended.resolve());
  return {
    ended: ended.promise,
    async cutOff(reason, settleSeconds) {
      giveUp.abort();
      if (!isSettled) {
        cutOffReason = reason;
        held.abort(reason);
        await endsWithin(clock, settleSeconds * 1000, settled.promise);
      }
      if (!isSettled) {
        isAbandoned = true;
        await held.endHeartbeats();
        await giveBackCutOff(reason);
        ended.resolve();
      }
      await ended.promise;
    },
  };
}
