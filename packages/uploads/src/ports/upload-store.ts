import type { Acceptance, FailureReasons, Lease, LeaseHolder } from '../domain/transitions.ts';
import type {
  NewUpload,
  ObjectVersion,
  ObservedKind,
  ObservedVersion,
  Tally,
  Upload,
} from '../domain/upload.ts';

/**
 * What a conditional write came to.
 * `applied` is true also when an earlier attempt of the same call had taken effect and only its response was lost;
 * `upload` is the item as it stands after the call (undefined: there is none).
 */
export type Transition =
  | { readonly applied: true; readonly upload: Upload }
  | { readonly applied: false; readonly upload: Upload | undefined };

/**
 * A lease that was taken; `lastLeaseRanOut` says that the attempt before has neither ended nor given its lease up: its worker has died,
 * was frozen, or could not reach the table.
 */
export type ProcessingStart =
  | { readonly applied: true; readonly upload: Upload; readonly lastLeaseRanOut: boolean }
  | { readonly applied: false; readonly upload: Upload | undefined };

/** There is an item under this key already: the random part was not random, or a key was used again. */
export class UploadAlreadyIssued extends Error {
  readonly code = 'UploadAlreadyIssued';
}

/**
 * The table `uploads`. Every read is strongly consistent; every write is one conditional write on one item, so
 * that of any number of callers at once exactly one is `applied`. Every transition puts off `deleteAt`, beyond the end of any form.
 * Calls reject when the table does not respond; the write may then have taken effect or not, and may be repeated.
 */
export interface UploadStore {
  /**
   * Records ISSUED durably, before the form is given away; its deletion is counted from the form's expiry.
   * @param beforeWrite called once, when the write is ready to be sent: an upload that cannot be written never gets there. Nothing is
   *   written when it rejects, and `issue` rejects with the same error.
   * @throws UploadAlreadyIssued
   */
  issue(upload: NewUpload, beforeWrite?: () => Promise<void>): Promise<void>;

  get(key: string): Promise<Upload | undefined>;

  /** ISSUED → CLAIMED(version): the decision which version is the upload. Never made twice. */
  claim(key: string, version: ObjectVersion): Promise<Transition>;

  /** CLAIMED(claimedVersionId) → ACCEPTED(acceptedVersionId). */
  accept(key: string, acceptance: Acceptance): Promise<Transition>;

  /** ISSUED → REVOKED: nothing that arrives from now on is accepted. */
  revoke(key: string): Promise<Transition>;

  /**
   * Gives an upload that is still ISSUED, and ends as it was read, another end. Nothing that was signed before changes.
   * @param to at most `LONGEST_UPLOAD_SECONDS` from now
   */
  changeExpiry(upload: Pick<Upload, 'key' | 'expiresAt'>, to: Date): Promise<Transition>;

  /**
   * ACCEPTED | FAILED → PROCESSING, or PROCESSING → PROCESSING once its lease has run out: attempt + 1, a lease of
   * `leaseSeconds` for `leaseOwner`. Holds only while the item's `acceptedVersionId` is the given one.
   * @param leaseOwner unique to this call, so that a lost response is recognised
   * @param beforeTakeover called before a lease is taken that has run out and was not given up. Nothing is written where it throws, and
   *   `startProcessing` rejects with the same error.
   */
  startProcessing(key: string, lease: Lease, beforeTakeover?: () => void): Promise<ProcessingStart>;

  /** Prolongs the holder's lease to now + `leaseSeconds`; never shortens it. Not applied: the lease is lost or given up. */
  renewLease(key: string, holder: LeaseHolder, leaseSeconds: number): Promise<Transition>;

  /** Ends the lease of `attempt` now, the state stays PROCESSING, so that the next delivery need not wait. */
  releaseLease(key: string, attempt: number): Promise<Transition>;

  /** PROCESSING → PROCESSED, only while `attempt` is the item's (fencing). */
  finish(key: string, attempt: number): Promise<Transition>;

  /** PROCESSING → FAILED, only while `attempt` is the item's. */
  fail(key: string, attempt: number, reasons: FailureReasons): Promise<Transition>;

  /**
   * Puts `<kind>#<versionId>` if it is absent, and gives the record as it stands. `reported` says whether every reader of
   * reports has it: a caller that reads false sends the report, then calls `markReported` (at least once; once where
   * nothing crashes or fails in between).
   * @param options.isIdentical see `ObservedVersion`; the first record of a version decides
   */
  recordObservedVersion(
    key: string,
    kind: ObservedKind,
    version: ObjectVersion,
    options?: { readonly isIdentical?: boolean },
  ): Promise<ObservedVersion>;

  /** Whether this version is on record as that. */
  isObserved(key: string, kind: ObservedKind, versionId: string): Promise<boolean>;

  markReported(key: string, kind: ObservedKind, versionId: string): Promise<void>;

  /**
   * Gives the version a place among the first `limit` of its kind under its key, or says that there is none: of any number of
   * callers at once at most `limit` versions get one. A version that has a place keeps it, whatever the limit is later. Once
   * surplus was counted no version gets a place any more. `tally` is how it stands after the call.
   * @param limit 1 or more
   */
  reserveEvidence(
    key: string,
    kind: ObservedKind,
    versionId: string,
    limit: number,
  ): Promise<{ readonly isKept: boolean; readonly tally: Tally }>;

  /** Counts `count` more surplus versions, in one write that the client's own retry may repeat. Gives the tally after it. */
  countSurplus(key: string, kind: ObservedKind, count: number): Promise<Tally>;

  /** Every reader has the report of this count; never goes back to a smaller one. */
  markSurplusReported(key: string, kind: ObservedKind, count: number): Promise<void>;

  /** Undefined: no version of this kind came under this key. */
  getTally(key: string, kind: ObservedKind): Promise<Tally | undefined>;

  /**
   * An upload and what was recorded beside it, by one Query of one page; undefined: there is no upload, whatever lies beside it.
   * @param most how many observed versions are read
   */
  getWithObservedVersions(
    key: string,
    most: number,
  ): Promise<
    | {
        readonly upload: Upload;
        readonly observedVersions: readonly ObservedVersion[];
        readonly tallies: readonly Tally[];
      }
    | undefined
  >;

  /** All versions that were recorded under a key beside the upload itself, all pages, in the table's order. */
  listObservedVersions(key: string): Promise<ObservedVersion[]>;

  /** Resolves when the table responds; for readiness. */
  ping(signal?: AbortSignal): Promise<void>;
}
