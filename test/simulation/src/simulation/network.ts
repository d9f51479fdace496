import type { ObjectCreated } from '@upload-once/queue';
import type { FakeCall, Faults } from '@upload-once/table/testing';
import { CallFailed, CallOutcome, type OutcomePlan } from './call-outcome.ts';
import { below, type Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { WorkerProcess } from './worker-process.ts';

const TIMEOUT_MS = 2_000;
const MAX_LATENCY_MS = 40;

/** On whose behalf a call is made: one worker's work on one event of one delivery. */
export interface Caller {
  readonly process: WorkerProcess;
  readonly event?: ObjectCreated;
  readonly receivedAtMs: number;
}

/** Whether nothing has befallen it since it has received what it works on. */
export function isUnharmed({ process, receivedAtMs }: Caller): boolean {
  return process.isUnharmedSince(receivedAtMs);
}

/** The ways from the workers to S3, DynamoDB and SQS, each call with a latency and a outcome. */
export interface Network {
  over(caller: Caller): Faults;
  /** Whose call is taking effect at this very moment. */
  readonly actor: Caller | undefined;
  /** Whether the call that takes effect now is an attempt that the client's own retry has overtaken: no worker gets its response. */
  readonly isOvertaken: boolean;
}

export function createNetwork(options: {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly outcomes: OutcomePlan;
  /** Called with each call that may have taken effect without a response to its caller. */
  readonly onResponseLost: (call: FakeCall) => void;
  /** Called with each call that never takes effect: it was rejected, or its caller died before it was sent. */
  readonly onNotDone: (call: FakeCall) => void;
  /** Called with each call that the client itself repeated, some time after the first attempt. */
  readonly onRepeated: (call: FakeCall) => void;
}): Network {
  const { time, random, outcomes, onResponseLost, onNotDone, onRepeated } = options;
  let actor: Caller | undefined;
  let isOvertaken = false;

  const latencyMs = () => 1 + below(MAX_LATENCY_MS, random);

  function carry<T>(caller: Caller, call: FakeCall, act: () => T): Promise<T> {
    const { process } = caller;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let isSettled = false;

    function settleOnce(settle: () => void): void {
      isSettled = true;
      settle();
    }

    /** The request arrives and is carried out or rejected. The outcome of the response is a second step. */
    function arrive(): () => void {
      const before = actor;
      actor = caller;
      try {
        const result = act();
        return () => resolve(result);
      } catch (error) {
        return () => reject(error);
      } finally {
        actor = before;
      }
    }

    function arriveOvertaken(): void {
      isOvertaken = true;
      arrive();
      isOvertaken = false;
    }

    function respond(settle: () => void): void {
      const settleIfPending = () => settleOnce(settle);
      time.after(latencyMs(), () => process.enter(settleIfPending, () => onResponseLost(call)));
    }

    function fail(error: string): void {
      process.enter(() => settleOnce(() => reject(new CallFailed(`${call.operation}: ${error}`))));
    }

    function refuse(error: string): void {
      onNotDone(call);
      fail(error);
    }

    function timeOut(): void {
      onResponseLost(call);
      fail('time-out');
    }

    function send(): void {
      if (!process.isAlive) return;
      const planned = outcomes.take(process.service, call.operation);
      if (planned) process.meetFault();
      const toThereMs = latencyMs();
      switch (planned?.outcome) {
        case undefined:
          time.after(toThereMs, () => respond(arrive()));
          return;
        case CallOutcome.refused:
          time.after(toThereMs, () => refuse(planned.error));
          return;
        case CallOutcome.responseLost:
          time.after(toThereMs, arrive);
          time.after(TIMEOUT_MS, timeOut);
          return;
        case CallOutcome.landsLate:
          time.after(TIMEOUT_MS, timeOut);
          time.after(TIMEOUT_MS + planned.seconds * 1000, arrive);
          return;
        case CallOutcome.retried:
          onRepeated(call);
          time.after(toThereMs, arrive);
          time.after(TIMEOUT_MS, () => respond(arrive()));
          return;
        case CallOutcome.overtaken:
          onRepeated(call);
          time.after(TIMEOUT_MS, () => respond(arrive()));
          time.after(TIMEOUT_MS + planned.seconds * 1000, arriveOvertaken);
          return;
        case CallOutcome.slow:
          time.after(planned.seconds * 1000, () => respond(arrive()));
          return;
        case CallOutcome.crashBefore:
          onNotDone(call);
          process.die();
          return;
        case CallOutcome.crashAfter:
          onResponseLost(call);
          time.after(toThereMs, () => {
            arrive();
            process.die();
          });
          return;
        case CallOutcome.stallBefore:
          process.freeze(planned.seconds);
          process.enter(() => time.after(toThereMs, () => respond(arrive())));
          return;
        case CallOutcome.stallAfter:
          time.after(toThereMs, () => {
            const settle = arrive();
            process.freeze(planned.seconds);
            respond(settle);
          });
          return;
      }
    }

    call.signal?.addEventListener('abort', () => {
      if (isSettled) return;
      onResponseLost(call);
      settleOnce(() => reject(call.signal?.reason));
    });
    process.enter(send);
    return promise;
  }

  return {
    over: (caller) => ({ carry: (call, act) => carry(caller, call, act) }),
    get actor() {
      return actor;
    },
    get isOvertaken() {
      return isOvertaken;
    },
  };
}
