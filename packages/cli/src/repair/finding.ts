import type { UploadState } from '@upload-once/uploads';

/** What an audit finds. */
export const FindingKind = {
  /** A version under `uploads/` that is neither claimed nor recorded as duplicate, refused or orphan. */
  noOutcome: 'no-outcome',
  /** A version under `accepted/` that no item names as the accepted one, and that is not recorded as an orphan. */
  notRecorded: 'not-recorded',
  /** A version under `accepted/` whose upload is only ISSUED: the table was restored to an earlier time, or another hand put it there. */
  unclaimed: 'unclaimed',
  /** An accepted version that a later one covers: the bucket's lifecycle deletes it. */
  covered: 'covered',
  /** An upload that is CLAIMED, ACCEPTED, or PROCESSING under a lease that has run out, for longer than it should be. */
  stuck: 'stuck',
  /** An upload whose processing failed with the last receive that its queue allowed. */
  failed: 'failed',
  /** A duplicate, refused version or orphan, or a count of them, that was never reported, or is not known to be. */
  notReported: 'not-reported',
} as const;
export type FindingKind = (typeof FindingKind)[keyof typeof FindingKind];

/** The two queues, by what their events report. */
export const Pipeline = { uploads: 'uploads', accepted: 'accepted' } as const;
export type Pipeline = (typeof Pipeline)[keyof typeof Pipeline];

/** An event that the acceptor or the processor needs to go on: what S3 would have reported about one version. */
export interface MissingEvent {
  readonly pipeline: Pipeline;
  readonly key: string;
  readonly versionId: string;
  readonly eTag: string;
  readonly sizeBytes: number;
  readonly storedAt: Date;
  /** It is reported as a copy, as the acceptor makes them. */
  readonly isCopy: boolean;
}

export interface Finding {
  readonly kind: FindingKind;
  /** The object's key, under `uploads/` or `accepted/`; of an upload as a whole the one under `uploads/`. */
  readonly key: string;
  readonly versionId: string;
  /** The upload's state; undefined: there is no such upload. */
  readonly state: UploadState | undefined;
  /** Since when it is as it is: stored, claimed, accepted, recorded, or the end of the lease. */
  readonly since: Date;
  /** One sentence for a person. */
  readonly detail: string;
  /** What would bring it on its way again; undefined: nothing that an audit may send. */
  readonly event: MissingEvent | undefined;
}
