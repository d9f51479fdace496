import type { Sent } from '../broken-promises.ts';
import type { ContentInMemory } from '../content.ts';
import type { FaultStack } from '../fault-stack.ts';
import type { Outside } from '../outside.ts';
import type { AwsCall } from '../proxy/aws-call.ts';
import type { ServiceUnderFaults } from '../service-under-faults.ts';
import type { Counts } from './counts.ts';
import type { KillPoint } from './kill-point.ts';
import type { Turnstile } from './turnstile.ts';

/** One stack, one service in it that is killed again and again, and the other one that lives. */
export interface Worker {
  readonly stack: FaultStack;
  readonly outside: Outside;
  readonly killed: ServiceUnderFaults;
  /** Where its calls are judged. */
  readonly turnstile: Turnstile;
  /** The queue that it consumes, and the prefix of the objects that S3 notifies this queue of. */
  readonly queueUrl: string;
  readonly prefix: 'uploads/' | 'accepted/';
  /** The other consumer. */
  readonly other: ServiceUnderFaults;
  readonly counts: Counts;
}

/** Work whose every call is a place to be killed at. */
export interface Scenario {
  /** What is uploaded under one key, in this order. */
  readonly contents: readonly ContentInMemory[];
  /** Whether the service hears of the versions in the opposite order. */
  readonly isReversed?: boolean;
  /** KEPT_DUPLICATES of the workers, where more versions are sent than that. */
  readonly keptDuplicates?: number;
  /**
   * Whether the other service gets no message until the one that is ended has nothing left to do: so the restarted service finishes
   * what it began, and no other service does.
   */
  readonly isAlone?: boolean;
  /**
   * How many heartbeats `onCall` makes the work last for. More of them come where a machine is slow; they are no places of
   * their own, for another time they may not come.
   */
  readonly heartbeats?: number;
  /** Called with every call of the service, before its outcome, but for the one at which it is killed. */
  readonly onCall?: (worker: Worker, call: AwsCall) => void;
  /** What else does not hold at the end of a round, beside what every upload was promised. */
  readonly verify?: (round: Round) => Promise<string[]>;
}

/** One upload's way with one fault in it. */
export interface Round {
  readonly worker: Worker;
  readonly sent: Sent;
  readonly point: KillPoint;
  /** The names of the calls of the service that was ended, before the one at which it was. */
  readonly after: readonly string[];
}

/** How many messages a service that is ended gets about a scenario: of all versions one is accepted. */
export function messagesOf({ prefix }: Worker, { contents }: Scenario): number {
  return prefix === 'accepted/' ? 1 : contents.length;
}
