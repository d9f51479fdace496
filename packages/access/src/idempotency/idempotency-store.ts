/** What a request with an `Idempotency-Key` came to: enough to give the same upload again, and nothing secret. */
export interface IdempotencyRecord {
  /** Of the request's body: distinguishes a repeated request from another one under the same key. */
  readonly requestSha256: string;
  readonly uploadKey: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  /** A value that no other write has: by it a writer knows its own record, and others name what they take over. */
  readonly writer: string;
  /** Until then only its writer may do what is left to be done for that upload; undefined: every caller may, at once. */
  readonly ownedUntil?: Date;
}

/** A request's `Idempotency-Key`, which is each API key's own. Only its hash is kept: clients put all sorts of things there. */
export interface IdempotencyKey {
  readonly apiKeyId: string;
  readonly sha256: string;
}

/**
 * How long a repeated request is recognised, counted from the first one's `issuedAt`. It is longer than any client goes on
 * trying, and longer than the forms that clients usually ask for.
 */
export const IDEMPOTENCY_SECONDS = 86_400;

/**
 * Idempotency keys, in the table `access`. Calls reject when the table does not respond; a write may then
 * have taken effect or not, and may be repeated.
 */
export interface IdempotencyStore {
  /**
   * Records what the request is going to come to, if nothing is recorded under its key, or nothing younger than
   * `IDEMPOTENCY_SECONDS`. One conditional write: of any number of calls at once, one records its own, and all give that.
   *
   * @param replacing the `writer` of a record that may be written over, because nothing has come of it
   * @returns the record as it stands after the call: the given one, or the one that was there before
   */
  reserve(key: IdempotencyKey, record: IdempotencyRecord, replacing?: string): Promise<IdempotencyRecord>;
}
