import { isPostResponse, readS3Error, type S3Error } from './s3-answer.ts';
import type { SendAnswer } from './send-request.ts';
import type { UploadForm, UploadPut } from './upload-form.ts';

/** What a sender knows when a response has come. */
export interface AnsweredUpload {
  readonly form: UploadForm | UploadPut;
  /** Whether the request had been sent to its end by then. */
  readonly everythingSent: boolean;
  readonly answer: SendAnswer;
}

export type Verdict =
  | { readonly verdict: 'stored' }
  /** `error` is empty where the response is not S3's. */
  | { readonly verdict: 'refused' | 'incomplete' | 'unknown'; readonly error: S3Error };

/**
 * Statuses that say by HTTP itself that the server did not carry the request out (RFC 9110, "Status Codes"; RFC 6585), so that
 * they need no error document of S3's. 408, 499 and each 5xx but 511 are not among them: a gateway that timed out responds so, while
 * S3 may still carry the request out. 302 and 303 may follow what was done.
 */
const NOT_CARRIED_OUT: readonly number[] = [
  301, 307, 308, 400, 401, 403, 404, 405, 407, 411, 413, 414, 415, 417, 421, 426, 428, 429, 431, 451, 511,
];

/** With these 503s S3 says that it did not begin (Amazon S3 API Reference, "List of error codes"). */
const TOO_BUSY: readonly (string | undefined)[] = ['SlowDown', 'ServiceUnavailable'];

/** Another upload to the same key was under way, such as this one, sent a second time by a proxy (Amazon S3 API Reference, "PutObject"). */
const BEING_WRITTEN = 'ConditionalRequestConflict';

/**
 * What a response proves.
 *
 * - stored: everything had been sent, and it is S3's own response of success to this form: 204, or what its fields
 *   `success_action_status` and `success_action_redirect` asked for (Amazon S3 API Reference, "POST Object"); 200 with an ETag to a PUT
 *   ("PutObject"). These have no body, but for a 201.
 * - refused: S3's own error document says so; or a status that says so by itself; or any error before everything had been sent,
 *   because S3 stores nothing that it has not received whole.
 * - incomplete: any other response before everything had been sent. Nothing more is sent then, so that it was not stored either.
 * - unknown: all else.
 */
export function verdictOf({ form, everythingSent, answer }: AnsweredUpload): Verdict {
  const { status } = answer;
  if (everythingSent && isSuccess(form, answer)) return { verdict: 'stored' };
  const error = answer.bodyWhole ? readS3Error(answer.body) : {};
  const verdict = isRefusal(status, error, everythingSent)
    ? 'refused'
    : everythingSent
      ? 'unknown'
      : 'incomplete';
  return { verdict, error };
}

function isRefusal(status: number, { code }: S3Error, everythingSent: boolean): boolean {
  if (NOT_CARRIED_OUT.includes(status)) return true;
  if (!everythingSent) return status >= 400;
  if (code === undefined || status < 300 || code === BEING_WRITTEN) return false;
  return status < 500 || status === 501 || (status === 503 && TOO_BUSY.includes(code));
}

function isSuccess(form: UploadForm | UploadPut, { status, headers, body, bodyWhole }: SendAnswer): boolean {
  const isEmpty = bodyWhole && body.trim() === '';
  if (!('fields' in form)) return status === 200 && isEmpty && headers.etag !== undefined;
  const field = (name: string) =>
    Object.entries(form.fields).find(([other]) => other.toLowerCase() === name)?.[1];
  const redirect = field('success_action_redirect') ?? field('redirect');
  switch (status) {
    case 204:
      return true;
    case 200:
      return field('success_action_status') === '200' && isEmpty;
    case 201:
      return field('success_action_status') === '201' && bodyWhole && isPostResponse(body);
    case 303:
      return redirect !== undefined && redirect !== '' && (headers.location?.startsWith(redirect) ?? false);
    default:
      return false;
  }
}
