import { refusalOf } from './s3-response.ts';
import type { UploadForm, UploadPut } from './upload-form.ts';
import type { UploadResult } from './upload-result.ts';
import { type UploadWithResponse, verdictOf } from './upload-verdict.ts';

/** The object key that a form is for. */
export function keyOf(form: UploadForm | UploadPut): string {
  return 'fields' in form ? (form.fields['key'] ?? form.key) : form.key;
}

/**
 * What a response means to the caller.
 *
 * @param notProven makes the error for a response that proves nothing; `what` says which it was
 * @throws UploadRefused, what `notProven` makes
 */
export function readResponse(
  upload: UploadWithResponse & { readonly totalBytes: number },
  notProven: (what: string, details: { readonly status: number }) => Error,
): UploadResult {
  const { form, response, totalBytes } = upload;
  const { status, headers } = response;
  const judged = verdictOf(upload);
  if (judged.verdict === 'stored') {
    const versionId = headers['x-amz-version-id'];
    return {
      status,
      key: keyOf(form),
      sizeBytes: totalBytes,
      ...(typeof versionId === 'string' && { versionId }),
      ...(headers.etag !== undefined && { eTag: headers.etag.replace(/^"(.*)"$/, '$1') }),
      ...(headers.location !== undefined && { location: headers.location }),
    };
  }
  const { error } = judged;
  if (judged.verdict === 'refused') throw refusalOf(status, error, { form, sizeBytes: totalBytes });
  const said = error.code === undefined ? `${status}` : `${status} ${error.code}`;
  const from = 'Something between here and S3 may have responded, such as a proxy or a login page';
  const what =
    judged.verdict === 'incomplete'
      ? `the response was ${said} before the whole file was sent. S3 never responds so. ${from}`
      : status < 400
        ? `the response was ${said}. S3 never responds so to an upload, so it does not tell whether the file was stored. ${from}`
        : `the response was ${said}, which does not tell whether the file was stored`;
  throw notProven(what, { status });
}
