import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '@upload-once/clock';
import { MAX_VISIBILITY_SECONDS, VisibilityLost } from './failures.ts';

/**
 * SQS counts its 12 hours from the moment it got the ReceiveMessage request and refuses what would pass them; a
 * call may take this long to get there without being refused.
 */
const CALL_MARGIN_SECONDS = 30;

/** The errors of SQS when a receipt handle is no longer valid. All our other parameters are always valid. */
const LOST_ERRORS = ['ReceiptHandleIsInvalid', 'MessageNotInflight', 'InvalidParameterValue'];

/** One received message: keeps it invisible, and gives it back. */
export interface HeldMessage {
  /** Aborted by `abort`, by a listener that rejects, or with `VisibilityLost`. */
  readonly signal: AbortSignal;
  /** Whether the queue may have given the message to another consumer. */
  readonly isLost: boolean;
  /** See `Delivery.onHeartbeat`. */
  onHeartbeat(listener: () => Promise<void>): () => void;
  abort(reason: unknown): void;
  /** Ends the heartbeats. Resolves when no extension is under way that could undo what is done to the message next. */
  endHeartbeats(): Promise<void>;
  /** Begins the heartbeats again that were ended, with one at once. Has no effect while they go on, and when the message is lost. */
  resumeHeartbeats(): void;
  /** What is left of SQS's 12 hours, in whole seconds. */
  longestWaitSeconds(): number;
  /** Makes the message visible again after `waitSeconds`. Rejects as SQS does. */
  giveBack(waitSeconds: number): Promise<void>;
}

export interface HoldOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly receiptHandle: string;
  /** What the message was received with, and what each heartbeat extends it to. */
  readonly visibilitySeconds: number;
  /** When the poll that got the message was sent, by `clock.monotonicMs()`. */
  readonly polledAtMs: number;
  readonly clock: Clock;
  readonly onLost: (error: VisibilityLost) => void;
  readonly onExtendFailed: (error: unknown) => void;
}

/**
 * Starts a message's heartbeats: one at half of its visibility timeout, and so on from each extension. An extension that
 * fails is tried again eight times per visibility timeout. When the last known timeout runs out, or SQS says
 * that the receipt handle is no good, the message is lost. No extension reaches past SQS's 12 hours.
 */
export function holdMessage(options: HoldOptions): HeldMessage {
  const { sqs, queueUrl, receiptHandle, visibilitySeconds, polledAtMs, clock, onLost, onExtendFailed } =
    options;
  const controller = new AbortController();
  const listeners = new Set<() => Promise<void>>();
  let isEnded = false;
  let isLost = false;
  let extension: Promise<unknown> = Promise.resolve();
  let visibleAtMs = clock.monotonicMs() + visibilitySeconds * 1000;
  let cancelDeadline = clock.after(visibilitySeconds * 1000, runOut);
  let cancelBeat = clock.after(visibilitySeconds * 500, beat);

  function end(): void {
    isEnded = true;
    cancelBeat();
    cancelDeadline();
  }

  function lose(message: string, cause?: unknown): void {
    if (isEnded) return;
    end();
    isLost = true;
    const error = new VisibilityLost(message, { cause });
    controller.abort(error);
    onLost(error);
  }

  function runOut(): void {
    lose(
      longestWaitSeconds() < visibilitySeconds
        ? `the message was held for as long as SQS allows, ${MAX_VISIBILITY_SECONDS} s`
        : `no heartbeat could extend the visibility timeout of ${visibilitySeconds} s before it ran out`,
    );
  }

  async function beat(): Promise<void> {
    try {
      for (const listener of listeners) await listener();
    } catch (error) {
      if (isEnded) return;
      end();
      controller.abort(error);
      return;
    }
    if (isEnded) return;
    const sentAtMs = clock.monotonicMs();
    const seconds = Math.min(visibilitySeconds, longestWaitSeconds());
    if (sentAtMs + seconds * 1000 <= visibleAtMs) return;
    const extending = changeVisibility(seconds);
    extension = extending.catch(() => undefined);
    try {
      await extending;
      if (isEnded) return;
      visibleAtMs = sentAtMs + seconds * 1000;
      cancelDeadline();
      cancelDeadline = clock.after(visibleAtMs - clock.monotonicMs(), runOut);
      cancelBeat = clock.after(visibilitySeconds * 500, beat);
    } catch (error) {
      if (isEnded) return;
      if (meansLost(error)) {
        lose('SQS says that the message is not held any more', error);
      } else {
        cancelBeat = clock.after(visibilitySeconds * 125, beat);
        onExtendFailed(error);
      }
    }
  }

  function longestWaitSeconds(): number {
    const heldSeconds = (clock.monotonicMs() - polledAtMs) / 1000;
    return Math.max(0, Math.floor(MAX_VISIBILITY_SECONDS - CALL_MARGIN_SECONDS - heldSeconds));
  }

  async function changeVisibility(seconds: number): Promise<void> {
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      }),
    );
  }

  return {
    signal: controller.signal,
    get isLost() {
      return isLost;
    },
    onHeartbeat(listener) {
      const takenOff = Promise.withResolvers<void>();
      const call = () => Promise.race([listener(), takenOff.promise]);
      listeners.add(call);
      return () => {
        listeners.delete(call);
        takenOff.resolve();
      };
    },
    abort: (reason) => controller.abort(reason),
    async endHeartbeats() {
      end();
      await extension;
    },
    resumeHeartbeats() {
      if (!isEnded || isLost) return;
      isEnded = false;
      cancelDeadline = clock.after(Math.max(0, visibleAtMs - clock.monotonicMs()), runOut);
      void beat();
    },
    longestWaitSeconds,
    giveBack: changeVisibility,
  };
}

function meansLost(error: unknown): boolean {
  return error instanceof Error && LOST_ERRORS.includes(error.name.replace(/Exception$/, ''));
}
