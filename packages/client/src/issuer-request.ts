import { isMistypedApiKey } from '@upload-once/text/api-key-format';
import { withoutApiKey } from '@upload-once/text/hidden-secrets';
import { InvalidArgument, IssuerUnavailable, RequestRefused } from './errors.ts';
import type { Retries } from './issuer-retries.ts';
import { readText } from './read-text.ts';
import { retryAfterSecondsOf } from './retry-after-seconds.ts';
import { shownReason } from './shown-reason.ts';
import { assertTimeLimit, timerMs } from './time-limits.ts';

/** A form takes two or three kilobytes. */
const RESPONSE_MAX_BYTES = 256 * 1024;
export const DEFAULT_TIMEOUT_SECONDS = 30;

/** Where the issuer is, and who asks. */
export interface IssuerAccess {
  /** The issuer's URL, http or https; it may have a path prefix and end with a slash. */
  readonly issuerUrl: string;
  readonly apiKey: string;
  /** For each try, whatever the other side does; more than 0, at most 2147483, default 30. */
  readonly timeoutSeconds?: number | undefined;
  /** Makes the requests, such as through a proxy; default: the platform's own. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly retries?: Retries | undefined;
}

export interface IssuerRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Behind the issuer's URL, with a slash before. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
}

export interface IssuerResponse {
  /** What was asked. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** What it says, for people: without the API key, which it may repeat. */
  readonly shown: (said: string) => string;
}

/**
 * Asks the issuer once. A redirect is not followed, because that would hand the key to another host.
 *
 * @throws InvalidArgument the URL or the key can't be sent as it is, or the time limit is none; nothing was asked
 * @throws IssuerUnavailable no response
 * @throws the signal's reason, when it is aborted
 */
export async function askIssuer(access: IssuerAccess, request: IssuerRequest): Promise<IssuerResponse> {
  const url = `${baseUrl(access.issuerUrl)}${request.path}`;
  assertKey(access.apiKey);
  const { signal } = access;
  const timeoutSeconds = access.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  assertTimeLimit('timeoutSeconds', timeoutSeconds);
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), timerMs(timeoutSeconds));
  const ended = signal === undefined ? timeout.signal : AbortSignal.any([signal, timeout.signal]);
  try {
    return await Promise.race([exchange(url, access, request, ended), rejectionOf(ended)]);
  } catch (cause) {
    signal?.throwIfAborted();
    if (timeout.signal.aborted) {
      throw new IssuerUnavailable(`the issuer at ${url} did not respond within ${timeoutSeconds} s`, {
        cause,
      });
    }
    throw new IssuerUnavailable(`the issuer at ${url} can't be reached: ${shownReason(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
    // What came after a response's beginning is not needed any more.
    timeout.abort();
  }
}

async function exchange(
  url: string,
  access: IssuerAccess,
  request: IssuerRequest,
  signal: AbortSignal,
): Promise<IssuerResponse> {
  const ask = access.fetch ?? fetch;
  const response = await ask(url, {
    method: request.method,
    headers: {
      'x-api-key': access.apiKey,
      accept: 'application/json',
      ...(request.body && { 'content-type': 'application/json' }),
      ...request.headers,
    },
    ...(request.body && { body: JSON.stringify(request.body) }),
    redirect: 'manual',
    signal,
  });
  const text = response.body === null ? '' : await readText(response.body, RESPONSE_MAX_BYTES);
  const shown = (said: string) => withoutApiKey(said, access.apiKey);
  return { url, status: response.status, headers: response.headers, text, shown };
}

/** An exchange that hangs past its end, as a change of protocol can make it, is not waited for. */
function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** What a response that is not the one asked for means to the caller. */
export function refusal({ url, status, headers, text, shown }: IssuerResponse): Error {
  const retryAfterSeconds = retryAfterSecondsOf(headers);
  const again = retryAfterSeconds === undefined ? 'try again later' : `try again in ${retryAfterSeconds} s`;
  const { code, message } = issuerError(text, shown);
  const issuerCode = code ?? message;
  const statusAndCode = [String(status), issuerCode].filter(Boolean).join(' ');
  switch (status) {
    case 400:
    case 413:
    case 414:
    case 415:
    case 431:
      return new RequestRefused(
        `the issuer refused the request (${statusAndCode}): ${message ?? 'it gave no reason'}`,
        {
          status,
          issuerCode,
        },
      );
    case 403:
      // A proxy's or a firewall's: an issuer says why.
      if (issuerCode === undefined) break;
      return new RequestRefused(
        issuerCode === 'Forbidden'
          ? `the issuer refused the API key (${statusAndCode}): it is missing, wrong or disabled`
          : `the issuer refused the request (${statusAndCode}): ${message}`,
        { status, issuerCode },
      );
    case 404:
    case 409:
    case 422:
      // Without a code of its own the response is not from the issuer, or not from this path.
      if (code === undefined || code === 'NotFound') break;
      return new RequestRefused(`the issuer refused the request (${statusAndCode}): ${message}`, {
        status,
        issuerCode,
      });
    case 429:
      return new RequestRefused(`${tooMuch(issuerCode)} (${statusAndCode}): ${again}`, {
        status,
        issuerCode,
        retryAfterSeconds,
      });
  }
  if (status >= 500) {
    const said = `the issuer at ${url} can't respond now (${statusAndCode}): ${again}`;
    return new IssuerUnavailable(said, { status, retryAfterSeconds });
  }
  const target = headers.get('location');
  const hint =
    target !== null
      ? `it points ${shown(placeOf(target, url))}, which is not followed; if that is the issuer, use its URL`
      : 'check the issuer’s URL and its path prefix. A proxy or a login page may have responded instead';
  return new IssuerUnavailable(
    `the response from ${url} is not an issuer’s response (${statusAndCode}): ${hint}`,
    { status },
  );
}

/** Which of its limits an issuer's 429 speaks of. */
function tooMuch(issuerCode: string | undefined): string {
  switch (issuerCode) {
    case 'LimitExceeded':
    case 'Limit Exceeded':
      return 'the daily quota of this API key is used up';
    case 'TooManyBadKeys':
      return 'too many wrong or disabled API keys came from this address, so the issuer does not check this one for now. Find the program that sends them, and stop it';
    case 'TooManyRequests':
    case 'Too Many Requests':
      return 'requests with this API key come faster than its rate allows';
    default:
      return 'the issuer takes no more requests for now';
  }
}

function baseUrl(issuerUrl: string): string {
  const url = URL.parse(issuerUrl);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    // Not repeated: it may be the key, given in the URL's place.
    throw new InvalidArgument(
      "the issuer's URL must be an http or https URL, and the given value is not. Did you give the API key in its place?",
    );
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new InvalidArgument("the issuer's URL has no user name, no password, no query and no fragment");
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** Does not repeat the key: it would end up in a log. */
function assertKey(apiKey: string): void {
  if (!/^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/.test(apiKey)) {
    throw new InvalidArgument(
      'an API key has at least one character, and only characters that an HTTP header can carry (no line break, no space or tab at either end, nothing beyond Latin-1)',
    );
  }
  if (isMistypedApiKey(apiKey)) {
    throw new InvalidArgument(
      'the API key begins like one of upload-once, but its checksum is wrong: a part is missing, or it was mistyped. Give it as it was printed, without quotation marks and without "Bearer"',
    );
  }
}

/** `to …` a place, without user name, password and query; an address that can't be read is not repeated. */
function placeOf(location: string, url: string): string {
  const target = URL.parse(location, url);
  if (target?.protocol !== 'http:' && target?.protocol !== 'https:') return 'elsewhere';
  return `to ${target.origin}${target.pathname}`;
}

function issuerError(text: string, shown: (said: string) => string): { code?: string; message?: string } {
  try {
    const { code, message } = JSON.parse(text);
    return {
      ...(typeof code === 'string' && { code: shown(code) }),
      ...(typeof message === 'string' && { message: shown(message) }),
    };
  } catch {
    return {};
  }
}
