/** The states of an upload. Expiry is none of them: S3 alone judges it, when a request begins. */
export const UploadState = {
  issued: 'ISSUED',
  revoked: 'REVOKED',
  claimed: 'CLAIMED',
  accepted: 'ACCEPTED',
  processing: 'PROCESSING',
  processed: 'PROCESSED',
  failed: 'FAILED',
} as const;
export type UploadState = (typeof UploadState)[keyof typeof UploadState];

/**
 * How long a form can be good: all that a signature of version 4 allows (Amazon S3 API Reference, "Authenticating Requests: Using Query
 * Parameters").
 */
export const LONGEST_FORM_SECONDS = 7 * 86_400;

/**
 * How long an upload can be expected, from its issue or the last change of its end: the longest life of a link, which is signed anew for
 * each attempt. Items are kept beyond that. An upload that could come later would come after its item is gone.
 */
export const LONGEST_UPLOAD_SECONDS = 30 * 86_400;

/** What the form was signed with; S3 refuses what breaks it, the item remembers it. */
export interface Constraints {
  /** The way in: a presigned POST form, or a presigned PUT, which S3 takes only while nothing lies under the key. */
  readonly method: 'post' | 'put';
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly contentType?: string;
  /** Base64 of the SHA-256 that the bytes must have. */
  readonly sha256?: string;
  /** The name of the client's file, as it is; the object has it encoded: see `encodedFilename`. */
  readonly filename?: string;
  /** What S3 responds to a form that it has stored; without it 204. */
  readonly successStatus?: 200 | 201 | 204;
  /** Where S3 sends the browser of a form that it has stored. */
  readonly successRedirect?: string;
}

/** What the issuer knows when it asks for the item to be recorded. */
export interface NewUpload {
  readonly key: string;
  readonly apiKeyId: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly constraints: Constraints;
  /** The issuing client's own words, kept with the item; values are strings. */
  readonly metadata: Readonly<Record<string, string>>;
  /** W3C Trace Context of the request that asked for the form; see `Upload.click`. */
  readonly traceparent: string;
  /**
   * For the upload of a link: how long each form or URL is good that is signed for it. It is signed anew until `expiresAt`, and only while
   * the upload is ISSUED. Absent: it was signed once, until `expiresAt`.
   */
  readonly signatureSeconds?: number;
}

/** One object version as S3 lists it. */
export interface ObjectVersion {
  readonly versionId: string;
  readonly eTag: string;
  readonly sizeBytes: number;
  /** When S3 stored it. S3 lists whole seconds; an event knows milliseconds. */
  readonly storedAt: Date;
}

/** A file that a person sends by a link. It begins a trace of its own, because the link can be weeks old. */
export interface Click {
  /** When the URL or form was signed for it. */
  readonly at: Date;
  /** Of the request that signed. */
  readonly traceparent: string;
}

/** The item of one upload, as read from the table. */
export interface Upload extends NewUpload {
  /**
   * For the upload of a link: the last click that is on record, if any is. One that is not sampled is on record only where it ends a
   * sampled trace. Then `traceparent` is the click's, and `createdTraceparent` is that of the request that made the link.
   */
  readonly click?: { readonly at: Date; readonly createdTraceparent: string };
  readonly state: UploadState;
  /** The claimed version; set from CLAIMED on. */
  readonly claimed?: ObjectVersion & { readonly claimedAt: Date };
  /** Absent where an earlier release revoked it. */
  readonly revokedAt?: Date;
  /** The version under `accepted/` that counts; set once, by the acceptor. */
  readonly acceptedVersionId?: string;
  readonly acceptedAt?: Date;
  /**
   * For the upload of a link: the name that was signed with the accepted version. Each click signs another file's; see `filenameOf`.
   */
  readonly filename?: string;
  /** How many times processing was started; also the fencing token of the one who holds the lease. */
  readonly attempt: number;
  readonly leaseOwner?: string;
  readonly leaseExpiresAt?: Date;
  readonly processedAt?: Date;
  /** Of the last failure; absent where an earlier release recorded it. An attempt after it changes neither this nor its reasons. */
  readonly failedAt?: Date;
  /** For operators: it can tell of the inside. */
  readonly failureReason?: string;
  /** For the upload's client, in the handler's words; absent where the handler has none for it. */
  readonly clientFailureReason?: string;
  /** The last time that an operator said which version is the upload, with `upload-once adopt`. */
  readonly adopted?: { readonly at: Date; readonly by: string; readonly reason: string };
}

/** Why a version that is not the upload itself was written down. */
export const ObservedKind = {
  /** A version of an issued key other than the claimed one. */
  duplicate: 'duplicate',
  /** A version of a key that was revoked before anything was claimed. */
  refused: 'refused',
  /** An object for which no upload was ever issued. */
  orphan: 'orphan',
} as const;
export type ObservedKind = (typeof ObservedKind)[keyof typeof ObservedKind];

/** The record of one version that will never be accepted. */
export interface ObservedVersion extends ObjectVersion {
  readonly key: string;
  readonly kind: ObservedKind;
  readonly recordedAt: Date;
  /** Whether its metric was already written; see `UploadStore.recordObservedVersion`. */
  readonly reported: boolean;
  /** For a duplicate: it has the bytes of the claimed version, so that it is a repeated request, and is reported to no reader. */
  readonly isIdentical?: true;
}

/**
 * How many versions of one kind there are under one key. The first of them are kept as evidence, each with a record; those beyond
 * them are surplus, and only counted.
 */
export interface Tally {
  readonly key: string;
  readonly kind: ObservedKind;
  /** Never changes again once there is surplus. */
  readonly keptVersionIds: ReadonlySet<string>;
  /** At least once each. */
  readonly surplus: number;
  /** Up to which of 10, 100, 1,000 … the surplus was reported; 0: none was. */
  readonly surplusReported: number;
  /** When surplus was last counted. */
  readonly countedAt?: Date;
}

/** The greatest of 10, 100, 1,000 … that a count has reached; 0 below 10. */
export function milestoneOf(count: number): number {
  let milestone = 0;
  for (let next = 10; next <= count; next *= 10) milestone = next;
  return milestone;
}
