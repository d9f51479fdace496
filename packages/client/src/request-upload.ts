import { IssuerUnavailable } from './errors.ts';
import { askIssuer, type IssuerAccess, type IssuerResponse, refusal } from './issuer-request.ts';
import { withRetries } from './issuer-retries.ts';
import { assertAsSecure, readUploadForm, type UploadForm } from './upload-form.ts';

export type UploadRequest = IssuerAccess;

/**
 * Asks the issuer for one form: `GET {issuerUrl}/getpresignedurl` with the header `x-api-key`, again as `retries` say. A response that is
 * lost can leave an unused form behind; it expires. `createUpload` leaves none. A redirect is not followed, because that would hand the key to another host.
 *
 * @throws InvalidArgument the URL or the key can't be sent as it is; nothing was asked
 * @throws RequestRefused the issuer gives no form
 * @throws IssuerUnavailable no usable response
 * @throws the signal's reason, when it is aborted
 */
export async function requestUpload(request: UploadRequest): Promise<UploadForm> {
  return withRetries(request, async () =>
    readResponse(await askIssuer(request, { method: 'GET', path: '/getpresignedurl' })),
  );
}

function readResponse(response: IssuerResponse): UploadForm {
  const { url, status, text, shown } = response;
  if (status !== 200) throw refusal(response);
  try {
    const form = readUploadForm(JSON.parse(text));
    assertAsSecure(form.url, url);
    return form;
  } catch (cause) {
    const what = cause instanceof SyntaxError ? 'it is no JSON' : (cause as Error).message;
    throw new IssuerUnavailable(`the response from ${url} has no upload form: ${shown(what)}`, {
      status,
      cause,
    });
  }
}
