import type { Clock } from '@upload-once/clock';
import type { VirtualTime } from './virtual-time.ts';

export type ServiceName = 'acceptor' | 'processor';

/**
 * One process of a service, seen from its event loop: responses and timers come in by `enter`, and nothing else runs in it. A dead
 * process runs nothing any more. A frozen one runs everything when it wakes. Calls that it sent before still take effect.
 */
export interface WorkerProcess {
  readonly service: ServiceName;
  readonly name: string;
  readonly isAlive: boolean;
  /** `orElse` is called in its place when the process dies before. */
  enter(callback: () => void, orElse?: () => void): void;
  die(): void;
  freeze(seconds: number): void;
  /** Something has befallen it: what it has in flight now may go any way that the promises allow. */
  meetFault(): void;
  /** Whether it lives, and nothing has befallen it since that moment. */
  isUnharmedSince(ms: number): boolean;
  /** Whether it lives, and was not frozen since that moment; its calls may have failed. */
  isAwakeSince(ms: number): boolean;
  readonly clock: Clock;
}

export function createWorkerProcess(
  service: ServiceName,
  name: string,
  time: VirtualTime,
  onDeath: () => void,
): WorkerProcess {
  let isAlive = true;
  let frozenUntilMs = 0;
  let lastFaultMs = Number.NEGATIVE_INFINITY;

  function enter(callback: () => void, orElse?: () => void): void {
    const frozenMs = frozenUntilMs - time.monotonicMs();
    if (!isAlive) orElse?.();
    else if (frozenMs > 0) time.after(frozenMs, () => enter(callback, orElse));
    else callback();
  }

  return {
    service,
    name,
    get isAlive() {
      return isAlive;
    },
    enter,
    die() {
      if (!isAlive) return;
      isAlive = false;
      onDeath();
    },
    meetFault() {
      lastFaultMs = time.monotonicMs();
    },
    isAwakeSince: (ms) => isAlive && frozenUntilMs < ms,
    isUnharmedSince: (ms) => isAlive && lastFaultMs < ms && frozenUntilMs < ms,
    freeze(seconds) {
      frozenUntilMs = Math.max(frozenUntilMs, time.monotonicMs() + seconds * 1000);
    },
    clock: {
      now: time.now,
      monotonicMs: time.monotonicMs,
      after(delayMs, callback) {
        let isCancelled = false;
        const cancel = time.after(delayMs, () =>
          enter(() => {
            if (!isCancelled) callback();
          }),
        );
        return () => {
          isCancelled = true;
          cancel();
        };
      },
    },
  };
}
