import type { Clock } from '@upload-once/clock';
import type { Logger } from '@upload-once/runtime';
import {
  type Transition,
  type Upload,
  UploadState,
  type UploadStore,
  uploadIdOf,
} from '@upload-once/uploads';

/** As often per lease a renewal that failed is made again, as an extension of the message's visibility is. */
export const RETRIES_PER_LEASE = 8;

/** Another worker has taken the upload over, or may from now on: nothing that this one does counts any more. */
export class LeaseLost extends Error {
  readonly code = 'LeaseLost';
}

/** The lease of one attempt, from its start to the end of its work. */
export interface KeptLease {
  /** Aborted with `LeaseLost`: when another worker is seen to have taken over, at the latest when the lease ends unrenewed. */
  readonly signal: AbortSignal;
  /** For the moment before a handler begins: a process that was frozen goes on before its timers have fired. @throws LeaseLost */
  assertHeld(): void;
  /** For each heartbeat. Renews the lease, or tries again soon; never rejects. */
  renew(): Promise<void>;
  /** The work is over: nothing is renewed any more, and no timer is left. */
  end(): void;
}

/**
 * Keeps the lease on an upload while it is worked on. A table that is away for a while costs nothing as long as the lease
 * still runs; with its end the work ends, whatever the table says later, for another worker waits for that very moment.
 */
export function createLeaseKeeper(options: {
  readonly uploads: UploadStore;
  readonly log: Logger;
  readonly leaseSeconds: number;
  readonly clock: Pick<Clock, 'now' | 'after'>;
}) {
  const { uploads, log, leaseSeconds, clock } = options;

  return function keepLease({
    key,
    attempt,
    leaseOwner = '',
    leaseExpiresAt = clock.now(),
  }: Upload): KeptLease {
    const lost = new AbortController();
    let isOver = false;
    let lastFailure: unknown;
    let heldUntil = leaseExpiresAt;
    let cancelLapse = () => {};
    let cancelRetry = () => {};

    /** At once where the lease has run out already: its record was long on its way, and no handler may begin. */
    function watchLapse(): void {
      cancelLapse();
      const leftMs = heldUntil.getTime() - clock.now().getTime();
      const lapse = () => lose(`the lease of attempt ${attempt} ran out`, lastFailure);
      if (leftMs <= 0) lapse();
      else cancelLapse = clock.after(leftMs, lapse);
    }

    function end(): void {
      isOver = true;
      cancelLapse();
      cancelRetry();
    }

    function lose(why: string, cause?: unknown): void {
      end();
      lost.abort(new LeaseLost(`${key}: ${why}`, { cause }));
    }

    async function renew(): Promise<void> {
      cancelRetry();
      let renewed: Transition;
      try {
        renewed = await uploads.renewLease(key, { attempt, leaseOwner }, leaseSeconds);
      } catch (err) {
        if (isOver) return;
        lastFailure = err;
        log.warn({ uploadId: uploadIdOf(key), attempt, err }, 'the lease could not be renewed yet');
        cancelRetry();
        cancelRetry = clock.after((leaseSeconds * 1000) / RETRIES_PER_LEASE, renew);
        return;
      }
      if (isOver) return;
      if (!renewed.applied && !isHeldBy(attempt, renewed.upload)) {
        lose(`another worker has taken over from attempt ${attempt}`);
        return;
      }
      const until = renewed.upload?.leaseExpiresAt;
      if (until === undefined || until <= heldUntil) return;
      heldUntil = until;
      watchLapse();
    }

    watchLapse();
    return {
      signal: lost.signal,
      assertHeld() {
        if (!isOver && heldUntil <= clock.now()) watchLapse();
        lost.signal.throwIfAborted();
      },
      renew,
      end,
    };
  };
}

/** A renewal within the same millisecond, or one that lands after a later one, changes nothing and loses nothing. */
function isHeldBy(attempt: number, upload: Upload | undefined): boolean {
  return upload?.state === UploadState.processing && upload.attempt === attempt;
}
