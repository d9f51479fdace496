/** One call that a twin is about to make or has made. */
export interface TwinCall {
  readonly operation: string;
  readonly key: string;
}

/**
 * What a twin asks around each of its calls: `before` it takes effect and `after` it did, so that a test can fail
 * it on either side, hold it, and let held calls go in any order.
 */
export interface Faults {
  before(call: TwinCall): Promise<void>;
  after(call: TwinCall): Promise<void>;
}

/** A twin that never fails. */
export const noFaults: Faults = {
  async before() {},
  async after() {},
};

/** A call that is held at one side until it is let go. */
export interface Stall {
  /** Resolves once a call has arrived here. */
  readonly reached: Promise<TwinCall>;
  /** Lets it go on, or fails it. */
  release(error?: Error): void;
}

export interface FaultScript extends Faults {
  /** Fails the next matching call; on the side `after` it has taken effect nevertheless. */
  failNext(side: FaultSide, operation: string, error: Error): void;
  /** Holds the next matching call. Several stalls, released in another order than reached, reorder the calls. */
  stallNext(side: FaultSide, operation: string): Stall;
  /** Every call that was made so far, in order. */
  readonly calls: readonly TwinCall[];
}
export type FaultSide = 'before' | 'after';

interface Rule {
  readonly side: FaultSide;
  readonly operation: string;
  readonly act: (call: TwinCall) => Promise<void>;
}

/** Faults on command. A rule meets one call, in the order in which the rules were given. */
export function createFaultScript(): FaultScript {
  const rules: Rule[] = [];
  const calls: TwinCall[] = [];

  async function meet(side: FaultSide, call: TwinCall): Promise<void> {
    const at = rules.findIndex((rule) => rule.side === side && rule.operation === call.operation);
    const [rule] = at < 0 ? [] : rules.splice(at, 1);
    await rule?.act(call);
  }

  return {
    calls,
    before(call) {
      calls.push(call);
      return meet('before', call);
    },
    after: (call) => meet('after', call),
    failNext(side, operation, error) {
      rules.push({ side, operation, act: () => Promise.reject(error) });
    },
    stallNext(side, operation) {
      const reached = Promise.withResolvers<TwinCall>();
      const released = Promise.withResolvers<void>();
      rules.push({
        side,
        operation,
        act(call) {
          reached.resolve(call);
          return released.promise;
        },
      });
      return {
        reached: reached.promise,
        release: (error) => (error ? released.reject(error) : released.resolve()),
      };
    },
  };
}
