import { setTimeout as delay } from 'node:timers/promises';
import { type CallOutcome, type Judge, PASS } from '../proxy/call-outcome.ts';
import type { ServiceUnderFaults } from '../service-under-faults.ts';

export const RECEIVE = 'sqs ReceiveMessage';
const DELETE = 'sqs DeleteMessageBatch';
const BETWEEN_LOOKS_MS = 50;
/** How long a deletion takes at most. A message that is given back or lost is never deleted, and comes back later. */
const LONGEST_DELETION_MS = 2_000;

export interface Turnstile {
  /** From now on `judge` decides; without one everything passes. */
  judge(judge?: Judge): void;
}

/**
 * Keeps a consumer's polls back while its queue has no message, and until its last message is deleted, so that its calls come in the
 * same order each time. SQS does not notice that a poll was cut off: what it gives to the poll of a process that has ended is
 * hidden, and the messages behind it come first. Here no poll is left behind, so that the next process gets them in their order; and
 * the poll that is judged is the one that gets a message. A process that stops waits for its last poll, which ends here at once.
 */
export function createTurnstile(service: ServiceUnderFaults, depth: () => Promise<number>): Turnstile {
  let current: Judge = () => PASS;
  let isStopping = false;
  let hasMessage = false;

  function untilCarriedOut(outcome: CallOutcome): CallOutcome {
    if (outcome.kind !== 'pass') return outcome;
    return {
      kind: 'pass',
      async beforeResponse() {
        hasMessage = false;
        await outcome.beforeResponse?.();
      },
    };
  }

  service.onLine(({ msg }) => {
    if (msg === `${service.name} stops`) isStopping = true;
    if (msg === 'listening, and polling') {
      isStopping = false;
      hasMessage = false;
    }
  });
  service.proxy.judge(async (call) => {
    if (call.name === RECEIVE) {
      const untilMs = Date.now() + LONGEST_DELETION_MS;
      while (!call.gone.aborted && ((hasMessage && Date.now() < untilMs) || (await depth()) === 0)) {
        if (isStopping) return { kind: 'cut' };
        await delay(BETWEEN_LOOKS_MS);
      }
      if (call.gone.aborted) return { kind: 'cut' };
      hasMessage = true;
    }
    const outcome = await current(call);
    return call.name === DELETE ? untilCarriedOut(outcome) : outcome;
  });
  return {
    judge(judge = () => PASS) {
      current = judge;
    },
  };
}
