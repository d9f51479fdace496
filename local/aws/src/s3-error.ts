/** A refusal as S3 gives it: the code that clients switch on, the status, and what else its XML names. */
export class S3Error extends Error {
  readonly code: string;
  readonly status: number;
  /** Further elements of the XML, for example `{ BucketName: 'photos' }`. */
  readonly details: Readonly<Record<string, string>>;

  constructor(code: string, status: number, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'S3Error';
    this.code = code;
    this.status = status;
    this.details = details;
  }
}
