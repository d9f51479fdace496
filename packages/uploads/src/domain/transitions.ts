import type { Change } from '../ports/item-table.ts';
import { type Click, type ObjectVersion, type Upload, UploadState } from './upload.ts';

/**
 * Every way from one state to another, as the conditional write that makes it:
 *
 *   ISSUED → CLAIMED → ACCEPTED → PROCESSING → PROCESSED
 *   ISSUED → REVOKED                PROCESSING → FAILED → PROCESSING (a redrive)
 */
export function claim(version: ObjectVersion, now: Date): Change {
  return {
    when: [{ attribute: 'state', equals: UploadState.issued }],
    set: {
      state: UploadState.claimed,
      versionId: version.versionId,
      eTag: version.eTag,
      sizeBytes: version.sizeBytes,
      storedAt: version.storedAt.toISOString(),
      claimedAt: now.toISOString(),
    },
  };
}

/** What the acceptor has copied: which version, and what that became. */
export interface Acceptance {
  readonly claimedVersionId: string;
  readonly acceptedVersionId: string;
  /** See `Upload.filename`. */
  readonly filename?: string;
}

/** Holds only for the claim that was copied: a table that was restored to an earlier time may hold another one by now. */
export function accept({ claimedVersionId, acceptedVersionId, filename }: Acceptance, now: Date): Change {
  return {
    when: [
      { attribute: 'state', equals: UploadState.claimed },
      { attribute: 'versionId', equals: claimedVersionId },
    ],
    set: {
      state: UploadState.accepted,
      acceptedVersionId,
      versionToProcess: acceptedVersionId,
      acceptedAt: now.toISOString(),
      ...(filename !== undefined && { filename }),
    },
  };
}

export function revoke(now: Date): Change {
  return {
    when: [{ attribute: 'state', equals: UploadState.issued }],
    set: { state: UploadState.revoked, revokedAt: now.toISOString() },
  };
}

/** Another end for an upload that is still expected, if that end is as it was read: of two changes at once, one takes effect. */
export function changeExpiry(from: Date, to: Date): Change {
  return {
    when: [
      { attribute: 'state', equals: UploadState.issued },
      { attribute: 'expiresAt', equals: from.toISOString() },
    ],
    set: { expiresAt: to.toISOString() },
  };
}

/** A click on the upload's link, while it is still expected. */
export function recordClick({ at, traceparent }: Click): Change {
  return {
    when: [{ attribute: 'state', equals: UploadState.issued }],
    set: { clickedAt: at.toISOString(), clickTraceparent: traceparent },
  };
}

/** The owner of a lease that was given up. */
const NOBODY = 'nobody';

export interface Lease {
  readonly acceptedVersionId: string;
  readonly leaseOwner: string;
  readonly leaseSeconds: number;
}

/**
 * The lease for the first attempt at an upload. It needs no read before: nothing but ACCEPTED without an attempt fits, and of that nothing
 * has to be known.
 */
export function startFirstAttempt(lease: Lease, now: Date): Change {
  return {
    when: [
      { attribute: 'state', equals: UploadState.accepted },
      { attribute: 'versionToProcess', equals: lease.acceptedVersionId },
      { attribute: 'attempt', equals: 0 },
    ],
    set: leased(1, lease, now),
    remove: ['versionToProcess'],
  };
}

function leased(attempt: number, { leaseOwner, leaseSeconds }: Lease, now: Date) {
  const leaseExpiresAt = after(now, leaseSeconds);
  return { state: UploadState.processing, attempt, leaseOwner, leaseExpiresAt };
}

/**
 * The lease on an upload that was just read; undefined when as read it may not be taken. The write holds only while
 * state, attempt and lease are still as read, so that of two workers one gets it and a late retry of an old call
 * changes nothing.
 */
export function startProcessing(upload: Upload, lease: Lease, now: Date): Change | undefined {
  if (!mayStart(upload, lease, now)) return undefined;
  return {
    when: [
      { attribute: 'state', equals: upload.state },
      { attribute: 'attempt', equals: upload.attempt },
      ...(upload.state === UploadState.processing && upload.leaseExpiresAt
        ? [{ attribute: 'leaseExpiresAt', equals: upload.leaseExpiresAt.toISOString() } as const]
        : []),
    ],
    set: leased(upload.attempt + 1, lease, now),
  };
}

function mayStart(upload: Upload, lease: Lease, now: Date): boolean {
  if (upload.acceptedVersionId !== lease.acceptedVersionId) return false;
  if (upload.state === UploadState.accepted || upload.state === UploadState.failed) return true;
  if (upload.state !== UploadState.processing) return false;
  // The end of the lease comes from another worker's clock. A lease that was given up is free at once, by every clock.
  return upload.leaseOwner === NOBODY || (upload.leaseExpiresAt?.getTime() ?? 0) <= now.getTime();
}

/** Whether an attempt was begun that has neither ended nor given its lease up, also where that lease has run out. */
export function holdsLease({ state, leaseOwner }: Upload): boolean {
  return state === UploadState.processing && leaseOwner !== NOBODY;
}

/** Who works on an upload: the attempt's number fences, the owner distinguishes a lease that was given up from one that is held. */
export interface LeaseHolder {
  readonly attempt: number;
  readonly leaseOwner: string;
}

/**
 * Only ever later, and only while it is held: a call that lands after a newer one must not shorten the lease, one that lands
 * after the release must not bring it back.
 */
export function renewLease(holder: LeaseHolder, leaseSeconds: number, now: Date): Change {
  const leaseExpiresAt = after(now, leaseSeconds);
  return {
    when: [
      ...heldBy(holder.attempt),
      { attribute: 'leaseOwner', equals: holder.leaseOwner },
      { attribute: 'leaseExpiresAt', below: leaseExpiresAt },
    ],
    set: { leaseExpiresAt },
  };
}

export function releaseLease(attempt: number, now: Date): Change {
  return { when: heldBy(attempt), set: { leaseOwner: NOBODY, leaseExpiresAt: now.toISOString() } };
}

export function finish(attempt: number, now: Date): Change {
  return { when: heldBy(attempt), set: { state: UploadState.processed, processedAt: now.toISOString() } };
}

/** Why an attempt failed: for operators, and for the upload's client where the handler has words for it. */
export interface FailureReasons {
  readonly failureReason: string;
  readonly clientFailureReason?: string | undefined;
}

export function fail(
  attempt: number,
  { failureReason, clientFailureReason }: FailureReasons,
  now: Date,
): Change {
  const set = { state: UploadState.failed, failedAt: now.toISOString(), failureReason };
  // That of an earlier failure is no reason of this one.
  return clientFailureReason === undefined
    ? { when: heldBy(attempt), set, remove: ['clientFailureReason'] }
    : { when: heldBy(attempt), set: { ...set, clientFailureReason } };
}

/** No transition: the item only stays longer, and never less long. @param deleteAt epoch seconds */
export function keepUntil(deleteAt: number): Change {
  return { when: [{ attribute: 'deleteAt', below: deleteAt }], set: { deleteAt } };
}

/** The attempt's number is the fencing token: who holds an older one can change nothing. */
function heldBy(attempt: number): Change['when'] {
  return [
    { attribute: 'state', equals: UploadState.processing },
    { attribute: 'attempt', equals: attempt },
  ];
}

function after(now: Date, seconds: number): string {
  return new Date(now.getTime() + seconds * 1000).toISOString();
}
