import type { AwsCall } from '../proxy/aws-call.ts';
import { type CallOutcome, type Judge, PASS } from '../proxy/call-outcome.ts';
import type { ServiceUnderFaults } from '../service-under-faults.ts';
import type { KillPoint } from './kill-point.ts';

export interface ArmedFault {
  readonly judge: Judge;
  /** The names of the calls before the point's, from the first that was judged; undefined as long as it was not reached. */
  readonly reachedAfter: readonly string[] | undefined;
}

/**
 * Ends a process at one point. With SIGKILL the process is gone before its call is forwarded, or after AWS has carried the call out
 * and before its response. With SIGTERM the process gets the signal at that point and continues.
 *
 * @param seen called with every call before its outcome, but not with the one at which the process is killed: what `seen` sets going (it
 *   may end the handler) would go on until the kill, and the process could write what it then can't count
 */
export function faultAt(
  service: ServiceUnderFaults,
  { signal, side, name, occurrence }: KillPoint,
  seen: (call: AwsCall) => void,
): ArmedFault {
  let reachedAfter: readonly string[] | undefined;
  const before: string[] = [];
  let met = 0;

  async function strike(): Promise<void> {
    if (signal === 'SIGKILL') {
      await service.kill();
      return;
    }
    const heard = service.nextLine(({ msg }) => msg === `${service.name} stops`);
    service.signal('SIGTERM');
    await heard;
  }

  async function outcomeAtPoint(): Promise<CallOutcome> {
    if (side === 'before') {
      await strike();
      return signal === 'SIGKILL' ? { kind: 'cut' } : PASS;
    }
    return signal === 'SIGKILL'
      ? { kind: 'lose-response', meanwhile: strike }
      : { kind: 'pass', beforeResponse: strike };
  }

  return {
    judge(call) {
      if (call.name === name) met += 1;
      const isPoint = !reachedAfter && call.name === name && met === occurrence;
      if (!isPoint || signal !== 'SIGKILL') seen(call);
      if (!isPoint) {
        before.push(call.name);
        return PASS;
      }
      reachedAfter = [...before];
      return outcomeAtPoint();
    },
    get reachedAfter() {
      return reachedAfter;
    },
  };
}
