import {
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type Clock, endsWithin, pause } from '@upload-once/clock';
import { backoffSeconds, POLL_BACKOFF } from './backoff.ts';
import { createCopySender } from './copy-sender.ts';
import { createDeleteBatcher } from './delete-batcher.ts';
import type { Delivery } from './delivery.ts';
import { type DeliveryContext, type DeliveryRun, runDelivery } from './delivery-run.ts';
import { DrainLimitReached, MAX_VISIBILITY_SECONDS } from './failures.ts';
import { type ConsumerObserver, neverThrows } from './observer.ts';
import { readReceiveLimit } from './receive-limit.ts';
import { createSlots } from './slots.ts';

/** What ReceiveMessage gives at most (Amazon SQS API Reference). */
const MAX_RECEIVED = 10;
/** The longest long poll (Amazon SQS API Reference, "ReceiveMessage"). */
const MAX_WAIT_SECONDS = 20;
/** What `stop` takes at most beyond its limit, to give back what was not finished. */
export const GIVE_BACK_SECONDS = 3;
/** What of that the handlers have to clean up after themselves; the rest is for SQS. */
const SETTLE_SECONDS = 2;

export interface ConsumerOptions {
  /** Its request time-out must be longer than `waitTimeSeconds`. The consumer does not destroy it. */
  readonly sqs: SQSClient;
  /** A standard queue with a RedrivePolicy. */
  readonly queueUrl: string;
  /**
   * How many handlers are at work at once, at least 1. A message has a slot from its receive until its handler resolves or steps aside
   * (`Delivery.stepAside`), or until it was given back; where SQS takes no copy of it, or does not delete it, until the first attempt
   * has failed. Up to four more messages for each slot are deleted, sent or waited for meanwhile; beyond that they take slots.
   */
  readonly concurrency: number;
  /**
   * For how long a message is invisible from its receive and from each heartbeat on, 1 to 43,200. Also how late a
   * message comes back when its worker dies, or when a poll is cut off (see `stop`); heartbeats make it independent of how
   * long a handler takes, so it can be short.
   */
  readonly visibilitySeconds: number;
  /**
   * How long a poll waits for a message, 1 to 20, by default 20. A stop lets the last poll end, so it takes this long even if there is
   * nothing to do: do not set it longer than the limit of `stop`.
   */
  readonly waitTimeSeconds?: number;
  /** Resolves: the message is deleted. Rejects: it comes back, see `RetryLater`, `NotBegun`, `Postponed`, `Unprocessable` and RETRY_BACKOFF. */
  readonly handle: (delivery: Delivery) => Promise<void>;
  readonly observe: ConsumerObserver;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  readonly clock: Clock;
}

export interface Consumer {
  /**
   * Reads the queue's maxReceiveCount (`Delivery.isLastReceive`), then begins to poll. A later change of it shows within two minutes
   * while messages come, and within ten seconds for a message that was received before. Once only, and not after `stop`.
   * @throws QueueWithoutRedrivePolicy, or the error of SQS
   */
  start(): Promise<void>;

  /**
   * Begins no other poll, lets the one in flight end, and gives back at once what it brings. Awaits the work in flight, deletes
   * included, for `limitSeconds`, then aborts the signals of what is left, lets those handlers settle (they have two seconds to
   * free what they hold), gives their messages back, and resolves: GIVE_BACK_SECONDS after the limit at the latest, whatever the
   * handlers and SQS do. A handler that resolves in that time has handled its message. A second call gets the first one's promise.
   *
   * What is given back has not failed, and keeps its receives: a copy of the message is sent to the queue, and then the message is
   * deleted. A crash between the two, and a deletion that fails, leave both, which is one redelivery more. If SQS does not take
   * the copy, or has deleted no messages lately, the message itself is made visible, and has used up a receive.
   *
   * The last poll has two seconds more than `limitSeconds`, then it is cut off. SQS does not notice that: a message that it still gives
   * to this poll is invisible for `visibilitySeconds` and has used up one receive, although no consumer has seen it. With
   * `waitTimeSeconds` up to the limit this happens only if SQS does not respond in time.
   *
   * @param limitSeconds 0 or more; best `waitTimeSeconds` or more
   */
  stop(limitSeconds: number): Promise<void>;

  /**
   * Begins no other poll until `resume`. The one in flight ends by itself, and what it brings is handled. Work in flight goes
   * on, its heartbeats and deletes too. Before `start` as well.
   */
  pause(): void;

  /** Polls again while a slot is free. Has no effect where polling was not paused, or the consumer stops. */
  resume(): void;

  /** Resolves when the queue responds; for readiness. */
  ping(signal: AbortSignal): Promise<void>;
}

/**
 * A long-polling consumer of one SQS queue. It has slots, not batches: while a slot is free it polls for at most as many messages as
 * there are free slots, so that one slow message holds up one slot and nothing else, and no message waits in here unseen. Behind a
 * poll that got all it asked for, it waits up to GATHER_SLOTS_MS for ten free slots: a queue with more messages than slots costs few polls.
 * @throws RangeError for an option out of its range
 */
export function createConsumer(options: ConsumerOptions): Consumer {
  const {
    sqs,
    queueUrl,
    concurrency,
    visibilitySeconds,
    waitTimeSeconds = MAX_WAIT_SECONDS,
    handle,
    random,
    clock,
  } = options;
  const observe = neverThrows(options.observe);
  assertWhole('concurrency', concurrency, 1, Number.MAX_SAFE_INTEGER);
  assertWhole('visibilitySeconds', visibilitySeconds, 1, MAX_VISIBILITY_SECONDS);
  assertWhole('waitTimeSeconds', waitTimeSeconds, 1, MAX_WAIT_SECONDS);
  const deleter = createDeleteBatcher({ sqs, queueUrl, clock, random });
  const copies = createCopySender({ sqs, queueUrl, clock });
  const stopping = new AbortController();
  /** Cuts off the poll in flight. */
  const polledLongEnough = new AbortController();
  const slots = createSlots<DeliveryRun>({ count: concurrency, clock });
  let isPaused = false;
  let isStarted = false;
  let polling: Promise<void> = Promise.resolve();
  let stopped: Promise<void> | undefined;

  async function poll(context: DeliveryContext): Promise<void> {
    let failures = 0;
    let isQueueBusy = false;
    while (!stopping.signal.aborted) {
      if (slots.free === 0 || isPaused) {
        await slots.change();
        continue;
      }
      if (isQueueBusy) {
        isQueueBusy = false;
        await slots.gather(Math.min(MAX_RECEIVED, concurrency), () => isPaused || stopping.signal.aborted);
        continue;
      }
      const count = Math.min(MAX_RECEIVED, slots.free);
      const polledAtMs = clock.monotonicMs();
      try {
        const messages = await receive(count);
        failures = 0;
        isQueueBusy = messages.length === count;
        if (messages.length > 0) observe.received(messages.length);
        for (const message of messages) begin(message, polledAtMs, context);
      } catch (error) {
        if (stopping.signal.aborted) return;
        failures += 1;
        const waitSeconds = backoffSeconds(failures, POLL_BACKOFF, random);
        observe.pollFailed(error, waitSeconds);
        await pause(clock, waitSeconds * 1000, stopping.signal);
      }
    }
  }

  async function receive(count: number): Promise<Message[]> {
    const response = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: count,
        WaitTimeSeconds: waitTimeSeconds,
        VisibilityTimeout: visibilitySeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
        // All of them go along with a copy.
        MessageAttributeNames: ['All'],
      }),
      { abortSignal: polledLongEnough.signal },
    );
    return response.Messages ?? [];
  }

  function begin(message: Message, polledAtMs: number, context: DeliveryContext): void {
    // What the last poll brings after `stop` was called is given back, and no handler begins on it.
    const isLate = stopping.signal.aborted;
    const run = runDelivery(message, polledAtMs, handle, () => slots.stepAside(run), context);
    slots.take(run);
    if (isLate)
      void run.cutOff(
        new DrainLimitReached('the consumer was stopped before the message was begun'),
        SETTLE_SECONDS,
      );
  }

  async function drain(limitSeconds: number): Promise<void> {
    stopping.abort();
    slots.wake();
    const ended = (async () => {
      await polling;
      await Promise.all([...slots.work].map((run) => run.ended));
    })();
    if (await endsWithin(clock, limitSeconds * 1000, ended)) return;
    const reason = new DrainLimitReached(`the consumer stops and waits no longer than ${limitSeconds} s`);
    for (const run of slots.work) void run.cutOff(reason, SETTLE_SECONDS);
    const cancelCut = clock.after(SETTLE_SECONDS * 1000, () => polledLongEnough.abort());
    await endsWithin(clock, GIVE_BACK_SECONDS * 1000, ended);
    cancelCut();
  }

  return {
    async start() {
      if (isStarted || stopping.signal.aborted)
        throw new Error('a consumer is started once, and not after it was stopped');
      isStarted = true;
      const limit = await readReceiveLimit({
        sqs,
        queueUrl,
        clock,
        signal: stopping.signal,
        onUnread: observe.limitUnread,
      });
      polling = poll({ sqs, queueUrl, visibilitySeconds, limit, deleter, copies, observe, random, clock });
    },
    async stop(limitSeconds) {
      if (!(limitSeconds >= 0)) throw new RangeError(`limitSeconds is 0 or more, not ${limitSeconds}`);
      stopped ??= drain(limitSeconds);
      await stopped;
    },
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      slots.wake();
    },
    async ping(signal) {
      await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }), {
        abortSignal: signal,
      });
    },
  };
}

function assertWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name} is a whole number from ${least} to ${most}, not ${value}`);
}
