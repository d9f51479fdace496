import type { OpenedObject } from '@upload-once/uploads';

/** What a handler is told about one accepted upload. */
export interface AcceptedUpload {
  /** The upload's id: its key without `uploads/`. */
  readonly id: string;
  readonly bucket: string;
  /** Where the accepted bytes lie, under `accepted/`. */
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  readonly eTag: string;
  /** What the client that asked for the form gave along with it. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly issuedAt: Date;
  /** When S3 stored the version that the client sent. */
  readonly storedAt: Date;
  /**
   * The object's stream, Content-Type and own metadata, fetched now. The stream ends with an error when `signal` is aborted.
   * @throws AcceptedObjectGone when somebody has removed it, for example an earlier attempt of this handler
   */
  open(): Promise<OpenedObject>;
}

export interface HandlerContext {
  /** The same for every attempt at this upload, and for no other upload: hand it on to whatever must not happen twice. */
  readonly idempotencyKey: string;
  /** 1 for the first attempt; grows with each. */
  readonly attempt: number;
  /** Aborted when the work is no longer this worker's: its lease was lost, it took too long, or the service stops. */
  readonly signal: AbortSignal;
  readonly log: HandlerLog;
}

/** One JSON line each, with the upload's id and trace id. Secrets in known places are redacted. */
export interface HandlerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * The user's final work on an upload. Resolves: the upload is PROCESSED. Rejects: it is tried again after a growing
 * wait, as often as the queue allows, then recorded FAILED and left to the dead-letter queue.
 *
 * Handlers run at least once: a worker can die after the work and before it is recorded. Make the effect idempotent, by
 * `idempotencyKey`. It may remove or move the accepted object, but not write over it.
 *
 * It shares its process with other uploads' handlers: an error that it throws outside the promise that it gives (in a
 * callback, on an emitter) ends the process, and every upload that was in hand is tried again.
 */
export type Handler = (upload: AcceptedUpload, context: HandlerContext) => Promise<void>;
