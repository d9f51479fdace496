import type { OpenedObject } from '@upload-once/uploads';

/** What a handler gets about one accepted upload. */
export interface AcceptedUpload {
  /** The upload's id: its key without `uploads/`, and without its shard. */
  readonly id: string;
  readonly bucket: string;
  /** Where the accepted bytes lie, under `accepted/`. */
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  readonly eTag: string;
  /** What the client calls the file: a name without any path, not unique. Absent where it did not say. */
  readonly filename?: string;
  /** What the client that asked for the form gave along with it. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly issuedAt: Date;
  /** When S3 stored the version that the client sent. */
  readonly storedAt: Date;
  /**
   * The object's stream, Content-Type and own metadata, fetched now. The stream ends with an error when `signal` is aborted, and when
   * your handler's promise settles: read it to its end before that.
   * @throws HandlerHasEnded when your handler's promise has settled, and the signal's reason when it is aborted
   * @throws TooManyStreams when four of its streams are open: read each to its end, or destroy it
   * @throws AcceptedObjectGone when the object was removed, for example by an earlier attempt of this handler
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
  /**
   * Runs a part of your work as a span of the upload's trace, and settles as it does. A span that begins within another one is its child.
   * Where the upload has no trace, it only runs. Of one run, the first 100 spans are recorded, when they have ended.
   * @param name what the part does, not which one it is: up to 128 characters, and no secret
   */
  span<T>(name: string, run: () => T | Promise<T>): Promise<T>;
}

/**
 * One JSON line each, with `uploadId`, `attempt` and `traceId`. A field of yours with a name that each line has (these, `level`, `time`,
 * `service`, `logger`, `msg`) goes below `fields` in the line; all others are at its top. Secrets in known places are redacted. A text of
 * more than 16,384 characters, and a line of more than 65,536 (before JSON escapes them), are cut and say so; a Buffer is shown by its size. An error in a field, or in
 * a plain object in a field, is shown with its type, message and stack. No call throws: the line says what could not be read. There are no
 * other methods, so that nothing can change what each line has.
 */
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
 * `idempotencyKey`. The log and FAILED show the beginning of what it rejects with, to operators only. A text `clientMessage` of that error is
 * for the upload's client: `GET /v1/uploads/{id}` shows its beginning. It may remove or move the accepted object, but not write over it.
 *
 * It runs in a worker thread (Node.js, "Worker threads") that several uploads share. So the module is imported once a thread, and what
 * it keeps (a pool of connections, a cache) is there once a thread. In a thread:
 *
 * - A handler that blocks its event loop delays the other handlers of its thread, and nothing else: leases and messages are kept by
 *   the main thread.
 * - `process.exit()`, an error outside the promise (in a callback, on an emitter) and more heap than HANDLER_HEAP_MIB end the
 *   thread. All uploads in it run again at once, each alone in a fresh thread: only the handler that ends that one as well has failed.
 *   What ends the whole process (a crash of native code) ends every attempt in it; each of those uploads then runs alone.
 * - `process.chdir()` and `process.umask(mask)` throw; `process.env` is a copy; `process.on('SIGTERM')` is never called, because signals
 *   go to the main thread only. `context.signal` says that the service stops.
 *
 * The promise must settle when all of the work has ended (one that resolves with a stream or a generator fails the attempt), also after
 * `signal` is aborted: what it leaves behind can run beside the next attempt.
 * A thread in which a handler has settled after that is replaced, for this reason.
 *
 * A handler that does not end within HANDLER_GRACE_SECONDS after HANDLER_LIMIT_SECONDS, or within a second after `signal` was aborted for
 * another reason, is ended with its thread, and those beside it run again. A thread that waits for a child process (`execSync`)
 * can't be ended: then the service ends. Start child processes asynchronously, with `signal`.
 */
export type Handler = (upload: AcceptedUpload, context: HandlerContext) => Promise<void>;
