/** An argument that no request can be made from: the issuer's URL, the API key, a time limit or an idempotency key. */
export class InvalidArgument extends Error {
  readonly code = 'InvalidArgument';
}

/** The issuer understood the request and does not do what it asks for. Asking again at once changes nothing. */
export class RequestRefused extends Error {
  readonly code = 'RequestRefused';
  /**
   * 400, 413, 414, 415, 422, 431: a fault in the request; 403: the API key is missing, wrong or disabled, or must not ask for this;
   * 404, 409: there is no such upload, one has come, or the idempotency key's upload was revoked; 429: the key's rate or quota, or bad keys from this address.
   */
  readonly status: number;
  /** The issuer's own `code` (its `message` where it sent no code), such as `Forbidden` or `LimitExceeded`. */
  readonly issuerCode: string | undefined;
  /** With 429: how long the issuer asks to wait. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    message: string,
    details: { status: number; issuerCode?: string | undefined; retryAfterSeconds?: number | undefined },
  ) {
    super(message);
    this.status = details.status;
    this.issuerCode = details.issuerCode;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/**
 * There was no usable response from the issuer: no connection, no response in time, a 5xx, or something that is not the
 * contract (another service at that URL). Nothing was uploaded; the request may be made again.
 */
export class IssuerUnavailable extends Error {
  readonly code = 'IssuerUnavailable';
  readonly status: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    message: string,
    details: { status?: number | undefined; retryAfterSeconds?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.status = details.status;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** The file can't be read: missing, a directory, no permission, not a regular file, or a fault of the disk half-way. */
export class FileUnusable extends Error {
  readonly code = 'FileUnusable';
}

/** The file was written to while it was being read. The upload was stopped before its end. */
export class FileChanged extends Error {
  readonly code = 'FileChanged';
}

/**
 * Nothing was sent, and the form has not been used: no connection to S3 came about, the form can't be sent as it is, or the file
 * has a size that the form does not allow.
 */
export class UploadNotSent extends Error {
  readonly code = 'UploadNotSent';
}

/** S3 responded that it did not store the upload, or an error response came before everything was sent. */
export class UploadRefused extends Error {
  readonly code = 'UploadRefused';
  readonly status: number;
  /** S3's error code, such as `AccessDenied`; undefined when an early response was not S3's XML. */
  readonly s3Code: string | undefined;
  /** S3's own words; `message` has them in plain ones. */
  readonly s3Message: string | undefined;

  constructor(
    message: string,
    details: { status: number; s3Code: string | undefined; s3Message: string | undefined },
  ) {
    super(message);
    this.status = details.status;
    this.s3Code = details.s3Code;
    this.s3Message = details.s3Message;
  }
}

/**
 * Sending broke off before its end: the last bytes were never handed to the connection, so that no server has the whole request. It was
 * not stored: "Amazon S3 never adds partial objects" (Amazon S3 API Reference, "PutObject"; `IncompleteBody` in "List of error codes").
 * The form has not been used, and may be used again until it expires.
 */
export class UploadIncomplete extends Error {
  readonly code = 'UploadIncomplete';
  /** How many of the file's bytes the connection had taken; it may have taken part of the next 1 MiB too. */
  readonly sentBytes: number;
  readonly totalBytes: number;
  /** Set when a response ended it, one of success or a redirect; no S3 gives it before it has everything. */
  readonly status: number | undefined;

  constructor(
    message: string,
    details: { sentBytes: number; totalBytes: number; status?: number | undefined; cause?: unknown },
  ) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.sentBytes = details.sentBytes;
    this.totalBytes = details.totalBytes;
    this.status = details.status;
  }
}

/**
 * Everything was handed to the connection, and no response proves how it ended: the upload may or may not have been stored. Nothing here
 * sends it again, because a second upload with the same form would count as a duplicate of the first. Ask the issuer what became of `key`
 * before you upload the file again: `getUpload`, with the API key that the form was issued to. While it says ISSUED, call
 * `revokeUpload` first, and upload again with a new form only if that succeeds: S3's event can be late or lost. Without that key,
 * give `key` to the person or service that gave you the form; they can ask.
 *
 * The status has the size of what came, not its content. If someone else may have used the form for another file of the same size, ask for
 * the form with `sha256`: S3 then takes no other content.
 */
export class UploadOutcomeUnknown extends Error {
  readonly code = 'UploadOutcomeUnknown';
  /** The object key that it was sent under. */
  readonly key: string;
  readonly totalBytes: number;
  /** Set when there was a response, one that leaves the outcome open, such as a 5xx or a page that is not S3's. */
  readonly status: number | undefined;

  constructor(
    message: string,
    details: { key: string; totalBytes: number; status?: number | undefined; cause?: unknown },
  ) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.key = details.key;
    this.totalBytes = details.totalBytes;
    this.status = details.status;
  }
}
