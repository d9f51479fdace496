import { isPostResponse, readS3Error, type S3Error } from './s3-response.ts';
import type { SendResponse } from './send-request.ts';
import type { UploadForm, UploadPut } from './upload-form.ts';

/** What a sender knows when a response has come. */
export interface UploadWithResponse {
  readonly form: UploadForm | UploadPut;
  /** Whether the request had been sent to its end by then. */
  readonly everythingSent: boolean;
  readonly response: SendResponse;
}

export type Verdict =
  | { readonly verdict: 'stored' }
  /** `error` is empty where the response is not S3's. */
  | { readonly verdict: 'refused' | 'incomplete' | 'unknown'; readonly error: S3Error };

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
 * - refused: S3's own error document says so; or any error before everything had been sent, because S3 stores nothing that it has not
 *   received whole.
 * - incomplete: any other response before everything had been sent. Nothing more is sent then, so that it was not stored either.
 * - unknown: all else. No status alone proves a refusal after everything was sent: a proxy that replaces S3's response by a page of its
 *   own responds 403, 407 or 413 as well.
 */
export function verdictOf({ form, everythingSent, response }: UploadWithResponse): Verdict {
  const { status } = response;
  if (everythingSent && isSuccess(form, response)) return { verdict: 'stored' };
  const error = response.bodyWhole ? readS3Error(response.body) : {};
  const verdict = isRefusal(status, error, everythingSent)
    ? 'refused'
    : everythingSent
      ? 'unknown'
      : 'incomplete';
  return { verdict, error };
}

function isRefusal(status: number, { code }: S3Error, everythingSent: boolean): boolean {
  if (!everythingSent && status >= 400) return true;
  if (code === undefined || status < 300 || code === BEING_WRITTEN) return false;
  return status < 500 || status === 501 || (status === 503 && TOO_BUSY.includes(code));
}

function isSuccess(
  form: UploadForm | UploadPut,
  { status, headers, body, bodyWhole }: SendResponse,
): boolean {
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
