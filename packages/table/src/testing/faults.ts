/** One call that is made to a fake. */
export interface FakeCall {
  readonly operation: string;
  readonly key: string;
  /** Given where the caller can break the call off. */
  readonly signal?: AbortSignal;
}

/** The way between a caller and a fake. */
export interface Faults {
  /**
   * Carries one request there and its response back. `act` is the request taking effect: called once where nothing happens,
   * never or late where something does, twice where the client's own retry came through as well. It throws what the
   * fake itself refuses with.
   */
  carry<T>(call: FakeCall, act: () => T): Promise<T>;
}

/** A way on which nothing happens. */
export const noFaults: Faults = {
  async carry(_call, act) {
    return act();
  },
};

/** A call that is held at one side until it is let go. */
export interface Stall {
  /** Resolves once a call has arrived here. */
  readonly reached: Promise<FakeCall>;
  /** Lets it go on, or fails it. */
  release(error?: Error): void;
}

export interface FaultScript extends Faults {
  /** Fails the next matching call; on the side `after` it has taken effect nevertheless. */
  failNext(side: FaultSide, operation: string, error: Error): void;
  /** Holds the next matching call. Several stalls, released in another order than reached, reorder the calls. */
  stallNext(side: FaultSide, operation: string): Stall;
  /** Every call that was made so far, in order. */
  readonly calls: readonly FakeCall[];
}
export type FaultSide = 'before' | 'after';

interface Rule {
  readonly side: FaultSide;
  readonly operation: string;
  readonly act: (call: FakeCall) => Promise<void>;
}

/** Faults on command. A rule meets one call, in the order in which the rules were given. */
export function createFaultScript(): FaultScript {
  const rules: Rule[] = [];
  const calls: FakeCall[] = [];

  async function meet(side: FaultSide, call: FakeCall): Promise<void> {
    const at = rules.findIndex((rule) => rule.side === side && rule.operation === call.operation);
    const [rule] = at < 0 ? [] : rules.splice(at, 1);
    await rule?.act(call);
  }

  return {
    calls,
    async carry(call, act) {
      calls.push(call);
      await meet('before', call);
      const result = act();
      await meet('after', call);
      return result;
    },
    failNext(side, operation, error) {
      rules.push({ side, operation, act: () => Promise.reject(error) });
    },
    stallNext(side, operation) {
      const reached = Promise.withResolvers<FakeCall>();
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
