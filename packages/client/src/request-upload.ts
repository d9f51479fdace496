import { InvalidArgument, IssuerUnavailable, RequestRefused } from './errors.ts';
import { readText } from './read-text.ts';
import { readUploadForm, type UploadForm } from './upload-form.ts';

/** A form takes two or three kilobytes. */
const ANSWER_MAX_BYTES = 256 * 1024;
const DEFAULT_TIMEOUT_SECONDS = 30;

export interface UploadRequest {
  /** Where the issuer answers, http or https; it may have a path prefix and end with a slash. */
  readonly issuerUrl: string;
  readonly apiKey: string;
  /** For the whole exchange; more than 0, default 30. */
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks the issuer for one form: `GET {issuerUrl}/getpresignedurl` with the header `x-api-key`. Asks once; a caller may
 * ask again after `IssuerUnavailable`. A redirect is not followed, because that would hand the key to another host.
 *
 * @throws InvalidArgument the URL or the key can't be sent as it is; nothing was asked
 * @throws RequestRefused the issuer gives no form
 * @throws IssuerUnavailable no usable answer
 * @throws the signal's reason, when it is aborted
 */
export async function requestUpload(request: UploadRequest): Promise<UploadForm> {
  const url = formUrl(request.issuerUrl);
  assertKey(request.apiKey);
  const { signal } = request;
  const timeoutSeconds = request.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      headers: { 'x-api-key': request.apiKey, accept: 'application/json' },
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    text = response.body === null ? '' : await readText(response.body, ANSWER_MAX_BYTES);
  } catch (cause) {
    signal?.throwIfAborted();
    if (timeout.aborted) {
      throw new IssuerUnavailable(`the issuer at ${url} did not answer within ${timeoutSeconds} s`, {
        cause,
      });
    }
    throw new IssuerUnavailable(`the issuer at ${url} can't be reached: ${reasonOf(cause)}`, { cause });
  }
  return readAnswer(url, response, text);
}

function readAnswer(url: string, response: Response, text: string): UploadForm {
  const { status } = response;
  if (status !== 200) throw refusal(url, response, text);
  try {
    return readUploadForm(JSON.parse(text));
  } catch (cause) {
    const what = cause instanceof SyntaxError ? 'it is no JSON' : (cause as Error).message;
    throw new IssuerUnavailable(`what answered at ${url} gave no upload form: ${what}`, { status, cause });
  }
}

function refusal(url: string, response: Response, text: string): Error {
  const { status } = response;
  const retryAfterSeconds = secondsOf(response.headers.get('retry-after'));
  const again = retryAfterSeconds === undefined ? 'try again later' : `try again in ${retryAfterSeconds} s`;
  const { code, message } = issuerError(text);
  const issuerCode = code ?? message;
  const answer = [String(status), issuerCode].filter(Boolean).join(' ');
  switch (status) {
    case 400:
      return new RequestRefused(
        `the issuer refused the request (${answer}): ${message ?? 'it gave no reason'}`,
        {
          status,
          issuerCode,
        },
      );
    case 403:
      return new RequestRefused(
        `the issuer refused the API key (${answer}): it is missing, wrong or revoked`,
        {
          status,
          issuerCode,
        },
      );
    case 429:
      return new RequestRefused(`the issuer gives this API key no more forms for now (${answer}): ${again}`, {
        status,
        issuerCode,
        retryAfterSeconds,
      });
  }
  if (status >= 500) {
    const said = `the issuer at ${url} can't give a form now (${answer}): ${again}`;
    return new IssuerUnavailable(said, { status, retryAfterSeconds });
  }
  const target = response.headers.get('location');
  const hint =
    target !== null
      ? `it points to ${target}, which is not followed; if that is the issuer, use its URL`
      : 'is the URL the issuer’s, with its path prefix?';
  return new IssuerUnavailable(`what answered at ${url} gave no upload form (${answer}): ${hint}`, {
    status,
  });
}

function formUrl(issuerUrl: string): string {
  const url = URL.parse(issuerUrl);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new InvalidArgument(`the issuer's URL is an http or https URL, not ${JSON.stringify(issuerUrl)}`);
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new InvalidArgument("the issuer's URL has no user name, no password, no query and no fragment");
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}/getpresignedurl`;
}

/** Does not repeat the key: it would end up in a log. */
function assertKey(apiKey: string): void {
  if (!/^[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/.test(apiKey)) {
    throw new InvalidArgument(
      'an API key is at least one character, only such as an HTTP header can carry (no line break, no space at either end, nothing beyond Latin-1)',
    );
  }
}

function issuerError(text: string): { code?: string; message?: string } {
  try {
    const { code, message } = JSON.parse(text);
    return { ...(typeof code === 'string' && { code }), ...(typeof message === 'string' && { message }) };
  } catch {
    return {};
  }
}

function secondsOf(retryAfter: string | null): number | undefined {
  return retryAfter !== null && /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : undefined;
}

/** fetch hides the reason, such as ECONNREFUSED, in the cause. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return String(inner);
  const code = (inner as NodeJS.ErrnoException).code;
  return inner.message || code || inner.name;
}
