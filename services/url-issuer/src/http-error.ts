import { STATUS_CODES } from 'node:http';
import type { RefusalReason } from './refusal-reasons.ts';

export interface HttpErrorOptions extends ErrorOptions {
  /** What the client's program decides by; by default the status's own name without its spaces. */
  readonly code?: RefusalReason;
  /** What the log and the metrics call it; by default the code. No client learns it. */
  readonly reason?: RefusalReason;
  /** Sent as Retry-After: whole seconds, at least 1. */
  readonly retryAfterSeconds?: number;
}

/** What every refusal and failure looks like to a client, whichever part of the service it comes from. */
export interface ErrorBody {
  readonly message: string;
  readonly code: string;
}

/** A response that is not the one asked for. Message and code go to the client, `cause` only to the log. */
export class HttpError extends Error {
  readonly statusCode: number;
  readonly code: string;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    statusCode: number,
    message = STATUS_CODES[statusCode] ?? 'Error',
    options: HttpErrorOptions = {},
  ) {
    super(message, options);
    this.statusCode = statusCode;
    this.code = options.code ?? (STATUS_CODES[statusCode] ?? 'Error').replaceAll(' ', '');
    this.reason = options.reason ?? this.code;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get body(): ErrorBody {
    return { message: this.message, code: this.code };
  }
}

/** One response for every key that is not good, so that it does not reveal which keys exist. */
export function forbidden(): HttpError {
  return new HttpError(403);
}

/** The same response. The reason is for the operator who has to help the client. */
export function mistypedApiKey(): HttpError {
  return new HttpError(403, undefined, { reason: 'MistypedApiKey' });
}

/** The client is gone and cannot read it: for the log and the metrics. */
export function clientLeft(cause: unknown): HttpError {
  return new HttpError(400, 'The client left before it had sent all', { code: 'ClientLeft', cause });
}

/** All of this service's time went by while the rest of the body was waited for. */
export function bodyTooSlow(cause: unknown): HttpError {
  return new HttpError(408, undefined, { cause });
}

/** Without the path: clients put keys into paths, and write what an error says into logs. */
export function notFound(): HttpError {
  return new HttpError(404, 'Not Found: no such path and method; /openapi.json lists all');
}

export function tooManyRequests(retryAfterSeconds: number): HttpError {
  return new HttpError(429, undefined, { retryAfterSeconds: Math.max(1, retryAfterSeconds) });
}

/** For a key whose daily quota is used up. */
export function limitExceeded(retryAfterSeconds: number): HttpError {
  return new HttpError(429, 'Limit Exceeded', { code: 'LimitExceeded', retryAfterSeconds });
}

/** For an address that presents one bad key after the other; the same words as for the rate, and a code of its own. */
export function tooManyBadKeys(retryAfterSeconds: number): HttpError {
  return new HttpError(429, undefined, { code: 'TooManyBadKeys', retryAfterSeconds });
}

/** How soon to ask again when something that the response needs was away. */
const UNAVAILABLE_RETRY_SECONDS = 2;

export function serviceUnavailable(cause: unknown): HttpError {
  return new HttpError(503, undefined, { retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS, cause });
}
