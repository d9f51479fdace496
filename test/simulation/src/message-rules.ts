import { type DeliveryFacts, DrainLimitReached, parseS3Event, RetryLater } from '@upload-once/queue';
import { HandlerThreadEnded } from '../../../services/processor/src/handler-runner.ts';
import { HandlerTooSlow } from '../../../services/processor/src/run-handler.ts';
import type { Facts } from './facts.ts';
import { HandlerFails } from './handler-fails.ts';
import type { LeaseRules } from './lease-rules.ts';
import type { Must } from './promise-broken.ts';
import { type Caller, isUnharmed } from './simulation/network.ts';
import type { VirtualTime } from './simulation/virtual-time.ts';
import type { ServiceName, WorkerProcess } from './simulation/worker-process.ts';

/** Longer than a worker takes from its handler's end to the message's, unless a call of it is slow; then it is carried out. */
const LAST_STEPS_MS = 5_000;

/** Longer than a response of SQS takes to arrive. */
const ON_ITS_WAY_MS = 1_000;

/** Messages: in one worker's hands at a time, and left to the dead-letter queue only for what is recorded as failed. */
export function createMessageRules(
  must: Must,
  facts: Facts,
  time: VirtualTime,
  isTakenOver: LeaseRules['isTakenOver'],
) {
  /** The messages in flight that no other process has received before, and so no other can have changed. */
  const inFlight = new Map<string, Caller>();
  /** When each process has begun on each message, the last time. */
  const begunAtMs = new WeakMap<WorkerProcess, Map<string, number>>();
  /** The kinds of SQS call whose last call has failed, as the process saw it. */
  const failing = new WeakMap<WorkerProcess, Set<string>>();
  const givenAgainAtMs = { acceptor: Number.NEGATIVE_INFINITY, processor: Number.NEGATIVE_INFINITY };

  /** What is on its way to a worker when it is given again counts as well. */
  const isGivenTwice = ({ process, receivedAtMs }: Caller) =>
    receivedAtMs <= givenAgainAtMs[process.service] + ON_ITS_WAY_MS;

  /**
   * A message that only waits may become a dead letter where its process could not give it back, neither as a copy nor in time, or where
   * SQS gives it again: with its last receive used, SQS moves it while the process still has it.
   */
  function couldNotGiveBack(process: WorkerProcess, messageId: string): boolean {
    const receivedAtMs = begunAtMs.get(process)?.get(messageId) ?? time.monotonicMs();
    const wasFrozen = !process.isAwakeSince(receivedAtMs);
    return wasFrozen || (failing.get(process)?.size ?? 0) > 0 || isGivenTwice({ process, receivedAtMs });
  }

  return {
    /** Without copies that SQS takes, and without deletions, nothing can be given back but with a receive. */
    sqsResponded(process: WorkerProcess, operation: string, isDone: boolean): void {
      const calls = failing.get(process) ?? new Set();
      failing.set(process, calls);
      if (isDone) calls.delete(operation);
      else calls.add(operation);
    },

    /** A message is handled from now until the given function is called. */
    takenInFlight(process: WorkerProcess, { messageId, receiveCount }: DeliveryFacts): () => void {
      const name = `${process.service}'s ${messageId}`;
      const before = inFlight.get(name);
      must(
        before === undefined || !isUnharmed(before) || isGivenTwice(before),
        'P3',
        `${name} is given to ${process.name} while ${before?.process.name} has it in flight, which nothing has befallen`,
      );
      const caller = { process, receivedAtMs: time.monotonicMs() };
      begunAtMs.set(process, (begunAtMs.get(process) ?? new Map()).set(messageId, time.monotonicMs()));
      if (receiveCount === 1) inFlight.set(name, caller);
      return () => {
        if (inFlight.get(name) === caller) inFlight.delete(name);
      };
    },

    /** SQS gives what is in flight once more: no worker can help that. */
    isGivenAgain(service: ServiceName): void {
      givenAgainAtMs[service] = time.monotonicMs();
    },

    deadLettered(process: WorkerProcess, { messageId, body }: DeliveryFacts, error: unknown): void {
      const isHandlersFailure = [HandlerFails, HandlerTooSlow, HandlerThreadEnded].some(
        (failure) => error instanceof failure,
      );
      if (isHandlersFailure && process.isUnharmedSince(time.monotonicMs() - LAST_STEPS_MS)) {
        const keys = parseS3Event(body).map(({ key }) => facts.of(key));
        must(
          keys.some((key) => key.failedBy.has(process) || isTakenOver(key, process)),
          'P3',
          `${messageId} is left to the dead-letter queue by ${process.name} for ${error}, and no upload is FAILED`,
        );
      }
      const isStop = error instanceof DrainLimitReached;
      must(
        !isStop ||
          !process.isUnharmedSince(time.monotonicMs() - LAST_STEPS_MS) ||
          couldNotGiveBack(process, messageId),
        'P3',
        `${messageId} is left to the dead-letter queue by ${process.name}, which only stops: ${error}`,
      );
      must(
        !(error instanceof RetryLater) || couldNotGiveBack(process, messageId),
        'P3',
        `${messageId} is left to the dead-letter queue by ${process.name}, though nothing has failed: ${error}`,
      );
    },
  };
}
