import type { ServiceName } from './worker-process.ts';

/**
 * What can become of one call. The reads of the product are not among it: S3's lists and HEAD are strongly consistent, and the table is
 * read with ConsistentRead, so that no read is stale.
 */
export const CallOutcome = {
  /** An error, and nothing was done. */
  refused: 'refused',
  /** It was done; the caller sees a time-out or a reset. */
  responseLost: 'response-lost',
  /** The caller sees a time-out; it is done later, whatever has happened since. */
  landsLate: 'lands-late',
  /** The first attempt took effect and its response was lost; the client gets the response of its own retry. */
  retried: 'retried',
  /** The client's own retry took effect and got its response; the first attempt arrives later. */
  overtaken: 'overtaken',
  /** It takes long, and is done at the end of that. */
  slow: 'slow',
  crashBefore: 'crash-before',
  crashAfter: 'crash-after',
  stallBefore: 'stall-before',
  stallAfter: 'stall-after',
} as const;
export type CallOutcome = (typeof CallOutcome)[keyof typeof CallOutcome];

export const REFUSALS = [
  'InternalError (500)',
  'SlowDown (503)',
  'ConditionalRequestConflict (409)',
  'ThrottlingException',
  'ECONNRESET',
] as const;

/** What the next call of a kind will meet. */
export interface PlannedOutcome {
  readonly service: ServiceName;
  /** A call of the fakes or of SQS, or `any`. */
  readonly operation: string;
  /** How many such calls go well before. */
  readonly skip: number;
  readonly outcome: CallOutcome;
  /** Of a stall, of what is slow or late. */
  readonly seconds: number;
  readonly error: string;
}

/** What a call that was given up is rejected with. */
export class CallFailed extends Error {
  readonly code = 'CallFailed';
}

export interface OutcomePlan {
  add(planned: PlannedOutcome): void;
  take(service: ServiceName, operation: string): PlannedOutcome | undefined;
  /** From now on nothing happens. */
  clear(): void;
  /** How many calls have met something. */
  readonly metCount: number;
}

export function createOutcomePlan(): OutcomePlan {
  const plan: { planned: PlannedOutcome; skip: number }[] = [];
  let metCount = 0;
  return {
    add(planned) {
      plan.push({ planned, skip: planned.skip });
    },
    take(service, operation) {
      const at = plan.findIndex(
        ({ planned }) =>
          planned.service === service && (planned.operation === 'any' || planned.operation === operation),
      );
      const entry = plan[at];
      if (!entry) return undefined;
      entry.skip -= 1;
      if (entry.skip >= 0) return undefined;
      plan.splice(at, 1);
      metCount += 1;
      return entry.planned;
    },
    clear() {
      plan.length = 0;
    },
    get metCount() {
      return metCount;
    },
  };
}
