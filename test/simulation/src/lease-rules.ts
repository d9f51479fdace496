import type { UploadItem } from '@upload-once/uploads';
import { LeaseLost } from '../../../services/processor/src/lease-keeper.ts';
import type { KeyFacts } from './facts.ts';
import { HANDLER_LIMIT_SECONDS } from './limits.ts';
import type { Must } from './promise-broken.ts';
import { type Caller, isUnharmed } from './simulation/network.ts';
import type { VirtualTime } from './simulation/virtual-time.ts';
import type { WorkerProcess } from './simulation/worker-process.ts';

/** Attempts and their leases: one holder at a time, and none that nothing has befallen loses its own. */
export function createLeaseRules(must: Must, time: VirtualTime, actor: () => Caller | undefined) {
  const seen = { takeovers: 0, failures: 0 };

  function attemptBegins(key: KeyFacts, was: UploadItem, item: UploadItem): void {
    const holder = actor();
    if (holder) key.holders.set(item.attempt, holder);
    if (was.state === 'PROCESSING' && !key.givenUp.has(was.attempt)) letsGoOf(key, was, item);
    const isHeld = was.state === 'PROCESSING' && Date.parse(was.leaseExpiresAt ?? '') > time.now().getTime();
    must(
      !isHeld,
      'P3',
      `${key.key}: attempt ${item.attempt} begins while ${was.attempt} holds a lease until ${was.leaseExpiresAt}`,
    );
    must(
      item.attempt === was.attempt + 1,
      'P3',
      `${key.key}: attempt ${item.attempt} comes after ${was.attempt}`,
    );
  }

  /**
   * A lease ends without being given up only if a fault hit its worker. If the worker lives and is awake, it has notified its
   * handler before, whatever the outcome of its calls.
   */
  function letsGoOf(key: KeyFacts, was: UploadItem, item: UploadItem): void {
    seen.takeovers += 1;
    const before = key.holders.get(was.attempt);
    if (!before) return;
    const run = key.runs.get(was.attempt);
    const isAllowed =
      run === 'running'
        ? !before.process.isAwakeSince(before.receivedAtMs)
        : run !== 'deaf' || !isUnharmed(before);
    must(
      isAllowed,
      'P3',
      `${key.key}: attempt ${item.attempt} begins while the handler of ${was.attempt} runs in ${before.process.name}, which is alive and awake`,
    );
  }

  function isTakenOver({ item, holders }: KeyFacts, process: WorkerProcess): boolean {
    return item !== undefined && item.attempt > 0 && holders.get(item.attempt)?.process !== process;
  }

  /** A lease that was ended before its time was given up: its attempt never gets it back. */
  function leaseChanges(key: KeyFacts, was: UploadItem, { attempt, leaseExpiresAt = '' }: UploadItem): void {
    const before = was.leaseExpiresAt ?? '';
    if (leaseExpiresAt < before) key.givenUp.add(attempt);
    const isBack = leaseExpiresAt > before && key.givenUp.has(attempt);
    must(
      !isBack,
      'P3',
      `${key.key}: the lease that attempt ${attempt} gave up is back until ${leaseExpiresAt}`,
    );
  }

  /** How much of its limit a handler takes by itself: what it opens can be slow too, and what blocks its thread is not its own. */
  function ownMs(key: KeyFacts, attempt: number): number {
    const begunAtMs = key.begunAtMs.get(attempt) ?? time.monotonicMs();
    const openedAtMs = key.openedAtMs.get(attempt) ?? time.monotonicMs();
    return Math.max(0, openedAtMs - begunAtMs) + (key.plans.get(attempt)?.seconds ?? 0) * 1000;
  }

  /** Whether the handler of an attempt has failed, or may have been broken off by its limit. */
  function hasFailed(key: KeyFacts, attempt: number): boolean {
    const by = actor();
    const isTooSlow =
      ownMs(key, attempt) >= HANDLER_LIMIT_SECONDS * 1000 || !by?.process.isAwakeSince(by.receivedAtMs);
    return isTooSlow || key.hasFailed.has(attempt);
  }

  function attemptEnds(key: KeyFacts, item: UploadItem): void {
    const by = actor();
    must(
      by !== undefined && key.holders.get(item.attempt) === by,
      'P3',
      `${key.key}: attempt ${item.attempt} became ${item.state} by ${by?.process.name}, who does not hold it`,
    );
    if (item.state === 'FAILED') {
      must(
        hasFailed(key, item.attempt),
        'P3',
        `${key.key}: attempt ${item.attempt} is FAILED, and its handler has not failed: ${item.failureReason}`,
      );
      seen.failures += 1;
      if (by) key.failedBy.add(by.process);
    }
    if (item.state === 'PROCESSED') {
      const run = key.runs.get(item.attempt) ?? 'not begun';
      must(run === 'done', 'P3', `${key.key}: attempt ${item.attempt} is PROCESSED, its handler is ${run}`);
    }
  }

  return {
    /** How often what is rare has happened. */
    get seen() {
      return { ...seen };
    },
    attemptBegins,
    attemptEnds,
    hasFailed,
    leaseChanges,
    isTakenOver,

    /**
     * A run of the handler begins: no other one may go on, where nothing has befallen its worker. One that heeds its signal
     * has ended whatever became of its worker's calls, unless that was frozen.
     */
    handlerBegins(key: KeyFacts, attempt: number): void {
      key.begunAtMs.set(attempt, time.monotonicMs());
      key.openedAtMs.delete(attempt);
      for (const [other, run] of key.runs) {
        const holder = key.holders.get(other);
        if (holder === undefined) continue;
        const goesOn =
          run === 'running'
            ? holder.process.isAwakeSince(holder.receivedAtMs)
            : run === 'deaf' && isUnharmed(holder);
        must(
          !goesOn,
          'P3',
          `${key.key}: the handler of attempt ${attempt} begins while that of ${other} runs in ${holder.process.name}`,
        );
      }
    },

    /** The signal of a running handler was aborted. */
    brokenOff(key: KeyFacts, attempt: number, reason: unknown): void {
      const holder = key.holders.get(attempt);
      must(
        !(reason instanceof LeaseLost) || holder === undefined || !isUnharmed(holder),
        'P3',
        `${key.key}: ${holder?.process.name}, which nothing has befallen, loses the lease of attempt ${attempt}: ${reason}`,
      );
    },
  };
}

export type LeaseRules = ReturnType<typeof createLeaseRules>;
