import { faultAt } from '../kill-points/fault-at.ts';
import { describePoint, type KillPoint } from '../kill-points/kill-point.ts';
import type { CallOutcome, Judge } from '../proxy/call-outcome.ts';
import { PASS } from '../proxy/call-outcome.ts';
import type { ServiceUnderFaults } from '../service-under-faults.ts';

/** A call of the issuer that fails, and that the issuer survives. */
export interface FailedCall {
  readonly name: string;
  /** Among those of that name, from the first request on. */
  readonly occurrence: number;
  readonly outcome: CallOutcome;
  /** What the outcome is called in the test's name. */
  readonly what: string;
}

/** A call that the process does not survive, and that is carried out long after: when `lands` resolves. */
export interface LateWrite {
  readonly signal: 'SIGKILL';
  readonly name: string;
  readonly occurrence: number;
  readonly lands: Promise<void>;
}

export type IssuerFault = KillPoint | LateWrite | FailedCall;

export function describeFault(fault: IssuerFault): string {
  if ('lands' in fault) return `SIGKILL, and ${fault.name} ${fault.occurrence} lands late`;
  if ('signal' in fault) return describePoint(fault);
  return `${fault.name} ${fault.occurrence} ${fault.what}`;
}

/** Makes the call fail, once. */
export function armFault(
  issuer: ServiceUnderFaults,
  fault: IssuerFault,
): { readonly judge: Judge; readonly isReached: () => boolean } {
  if ('side' in fault) {
    const armed = faultAt(issuer, fault, () => undefined);
    return { judge: armed.judge, isReached: () => armed.reachedAfter !== undefined };
  }
  const outcome = 'lands' in fault ? lateAfterKill(issuer, fault) : fault.outcome;
  let met = 0;
  return {
    judge({ name }) {
      if (name !== fault.name) return PASS;
      met += 1;
      return met === fault.occurrence ? outcome : PASS;
    },
    isReached: () => met >= fault.occurrence,
  };
}

function lateAfterKill(issuer: ServiceUnderFaults, { lands }: LateWrite): CallOutcome {
  return {
    kind: 'late',
    async meanwhile() {
      await issuer.kill();
      await lands;
    },
  };
}
